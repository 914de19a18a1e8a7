// read, write, pread64, pwrite64: bytes between a file and a buffer.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "sim/base/check.h"
#include "sim/scenario/handlers.h"

namespace faultline::scenario {
namespace {

constexpr size_t kBuffer = 1;
constexpr size_t kCount = 2;
constexpr size_t kOffset = 3;

// Source: Linux include/linux/fs.h MAX_RW_COUNT: no transfer is longer.
constexpr uint64_t kTransferBytesMax = 0x7ffff000;
// Source: Linux arch/x86/include/asm/page_64.h TASK_SIZE_MAX: no buffer reaches beyond.
constexpr uint64_t kBufferBytesMax = 0x7ffffffff000;

// Memory of the scenario's own. calloc, as a transfer of gigabytes that is cut short by the file's
// end must not touch gigabytes.
class OutsideBuffer {
 public:
  explicit OutsideBuffer(uint64_t size_bytes)
      : size_bytes_(size_bytes), bytes_(static_cast<std::byte*>(std::calloc(1, size_bytes))) {
    FL_CHECK_MSG(bytes_ != nullptr || size_bytes == 0, "no memory for {} bytes", size_bytes);
  }
  std::span<std::byte> span() { return {bytes_.get(), size_bytes_}; }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  uint64_t size_bytes_;
  std::unique_ptr<std::byte, Free> bytes_;
};

bool in_process(const CallFrame& frame) {
  return frame.statement.arguments[kBuffer].shape == ArgumentShape::kNumber;
}

// The buffer argument. `outside` holds its bytes where it is not memory of the process.
UserBuffer buffer_of(const CallFrame& frame, std::optional<OutsideBuffer>& outside) {
  const uint64_t count = frame.number(kCount);
  if (in_process(frame)) return {.address = frame.address(kBuffer), .length_bytes = count};
  // No buffer is as long as that; the kernel finds that out by looking at the address.
  if (count > kBufferBytesMax) return {.length_bytes = count};
  outside.emplace(std::min(count, kTransferBytesMax));
  // A string shorter than the count is followed by zero bytes; `_` has nothing else.
  const std::string_view text = frame.values[kBuffer].text;
  const size_t copied = std::min(outside->span().size(), text.size());
  if (copied != 0) std::memcpy(outside->span().data(), text.data(), copied);
  return {.outside = outside->span()};
}

Answer transfer_answer(const CallFrame& frame, const Result<uint64_t>& result) {
  Answer answer = result.ok() ? Answer{.value = *result} : failed(result.error());
  if (in_process(frame)) answer.faults = frame.faults_since();
  return answer;
}

// What a read of `result` bytes left at the beginning of the buffer.
std::vector<std::byte> bytes_read(const CallFrame& frame, uint64_t result,
                                  std::span<const std::byte> outside) {
  std::vector<std::byte> data(std::min(result, uint64_t{kDataBytesMax}));
  if (!in_process(frame)) {
    FL_CHECK(data.size() <= outside.size());
    std::copy_n(outside.begin(), data.size(), data.begin());
    return data;
  }
  // The pages are there, the kernel has just written to them; so looking faults nothing in.
  data.resize(frame.process.load(frame.address(kBuffer), data).bytes_done);
  return data;
}

template <class Read>
CallResult read_by(const CallFrame& frame, Read read) {
  std::optional<OutsideBuffer> outside;
  const UserBuffer buffer = buffer_of(frame, outside);
  const Result<uint64_t> result = read(buffer);
  Answer answer = transfer_answer(frame, result);
  if (result.ok()) answer.data = bytes_read(frame, *result, buffer.outside);
  return answer;
}

template <class Write>
CallResult write_by(const CallFrame& frame, Write write) {
  std::optional<OutsideBuffer> outside;
  const UserBuffer buffer = buffer_of(frame, outside);
  return transfer_answer(frame, write(buffer));
}

int64_t descriptor(const CallFrame& frame) { return as_descriptor(frame.number(0)); }

}  // namespace

CallResult run_read(const CallFrame& frame) {
  return read_by(frame, [&](const UserBuffer& buffer) {
    return frame.process.read(descriptor(frame), buffer);
  });
}

CallResult run_write(const CallFrame& frame) {
  return write_by(frame, [&](const UserBuffer& buffer) {
    return frame.process.write(descriptor(frame), buffer);
  });
}

CallResult run_pread64(const CallFrame& frame) {
  return read_by(frame, [&](const UserBuffer& buffer) {
    return frame.process.pread(descriptor(frame), buffer, frame.number(kOffset));
  });
}

CallResult run_pwrite64(const CallFrame& frame) {
  return write_by(frame, [&](const UserBuffer& buffer) {
    return frame.process.pwrite(descriptor(frame), buffer, frame.number(kOffset));
  });
}

// The pieces of memory lie in the process, and so does the list of them.
CallResult run_readv(const CallFrame& frame) {
  Answer answer = answer_of(
      frame.process.readv(descriptor(frame), frame.address(kBuffer), frame.number(kCount)));
  answer.faults = frame.faults_since();
  return answer;
}

CallResult run_writev(const CallFrame& frame) {
  Answer answer = answer_of(
      frame.process.writev(descriptor(frame), frame.address(kBuffer), frame.number(kCount)));
  answer.faults = frame.faults_since();
  return answer;
}

}  // namespace faultline::scenario
