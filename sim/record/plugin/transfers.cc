// What the kernel reads and writes of the program's memory during a call.
#include <algorithm>

#include "sim/record/call_numbers.h"
#include "sim/record/plugin/guest_memory.h"
#include "sim/record/plugin/plugin.h"

namespace faultline::record {
namespace {

enum class Form : uint8_t {
  kBuffer,   // as many bytes as the result says; the argument behind it is the buffer's length
  kStruct,   // of `bytes`
  kVector,   // an array of struct iovec; the argument behind it is their number
  kMessage,  // a struct msghdr
};

struct Transfer {
  int64_t number;
  uint8_t argument;  // the buffer
  bool is_store;
  Form form = Form::kBuffer;
  uint16_t bytes = 0;
};

constexpr Transfer kTransfers[] = {
    {kCallRead, 1, true},
    {kCallPread64, 1, true},
    {kCallRecvfrom, 1, true},
    {kCallGetdents64, 1, true},
    {kCallReadlink, 1, true},
    {kCallReadlinkat, 2, true},
    {kCallGetcwd, 0, true},
    {kCallGetrandom, 0, true},
    {kCallWrite, 1, false},
    {kCallPwrite64, 1, false},
    {kCallSendto, 1, false},
    {kCallReadv, 1, true, Form::kVector},
    {kCallPreadv, 1, true, Form::kVector},
    {kCallPreadv2, 1, true, Form::kVector},
    {kCallWritev, 1, false, Form::kVector},
    {kCallPwritev, 1, false, Form::kVector},
    {kCallPwritev2, 1, false, Form::kVector},
    {kCallRecvmsg, 1, true, Form::kMessage},
    {kCallSendmsg, 1, false, Form::kMessage},
    // struct stat, statx, utsname and two descriptors of x86-64.
    {kCallStat, 1, true, Form::kStruct, 144},
    {kCallLstat, 1, true, Form::kStruct, 144},
    {kCallFstat, 1, true, Form::kStruct, 144},
    {kCallNewfstatat, 2, true, Form::kStruct, 144},
    {kCallStatx, 4, true, Form::kStruct, 256},
    {kCallUname, 0, true, Form::kStruct, 390},
    {kCallPipe, 0, true, Form::kStruct, 8},
    {kCallPipe2, 0, true, Form::kStruct, 8},
};

// UIO_MAXIOV.
constexpr uint64_t kVectorMax = 1024;

}  // namespace

void Plugin::tell_transfer(const ThreadEvents& thread, int64_t number, int64_t result) {
  const auto* const transfer =
      std::find_if(std::begin(kTransfers), std::end(kTransfers),
                   [number](const Transfer& candidate) { return candidate.number == number; });
  if (transfer == std::end(kTransfers)) return;
  const uint64_t address = thread.arguments[transfer->argument];
  const uint64_t bytes = uint64_t(result);
  switch (transfer->form) {
    case Form::kBuffer:
      tell_kernel_access(thread, address, std::min(bytes, thread.arguments[transfer->argument + 1]),
                         transfer->is_store);
      break;
    case Form::kStruct:
      tell_kernel_access(thread, address, transfer->bytes, transfer->is_store);
      break;
    case Form::kVector:
      tell_vector(thread, address, thread.arguments[transfer->argument + 1], bytes,
                  transfer->is_store);
      break;
    case Form::kMessage:
      tell_socket_message(thread, bytes, transfer->is_store);
      break;
  }
}

void Plugin::tell_kernel_access(const ThreadEvents& thread, uint64_t address, uint64_t bytes,
                                bool is_store) {
  if (bytes == 0) return;
  const KernelAccessMessage message{address, bytes, is_store};
  write(MessageKind::kKernelAccess, thread.tid, {&message, sizeof message});
}

void Plugin::tell_vector(const ThreadEvents& thread, uint64_t vector, uint64_t count,
                         uint64_t bytes, bool is_store) {
  for (uint64_t i = 0; i < std::min(count, kVectorMax) && bytes > 0; ++i) {
    uint64_t piece[2];  // struct iovec
    if (!read_guest(vector + i * sizeof piece, piece, 2)) return;
    const uint64_t done = std::min(bytes, piece[1]);
    tell_kernel_access(thread, piece[0], done, is_store);
    bytes -= done;
  }
}

void Plugin::tell_socket_message(const ThreadEvents& thread, uint64_t bytes, bool is_store) {
  uint64_t header[4];  // of struct msghdr: name, its length, the vector, its count
  if (!read_guest(thread.arguments[1], header, 4)) return;
  tell_vector(thread, header[2], header[3], bytes, is_store);
}

}  // namespace faultline::record
