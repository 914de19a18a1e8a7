#include "sim/proc/clone_request.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "faultline/linux.h"

namespace faultline::proc {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kSignalBits = 0xff;  // CSIGNAL
constexpr uint64_t kSignalMax = 64;
constexpr uint64_t kClearSighand = uint64_t{1} << 32, kIntoCgroup = uint64_t{1} << 33;
// Linux's struct clone_args: words of eight bytes.
enum Word : size_t {
  kFlags = 0,
  kExitSignal = 4,
  kStack = 5,
  kStackSize = 6,
  kSetTid = 8,
  kSetTidSize = 9,
  kWords = 11
};
constexpr uint64_t kFirstVersionBytes = 64;
constexpr uint64_t kSetTidMax = 32;  // MAX_PID_NS_LEVEL

using Words = std::array<uint64_t, kWords>;

uint64_t word_at(const std::vector<std::byte>& bytes, size_t index) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof value; ++i)
    value |= static_cast<uint64_t>(bytes[index * sizeof value + i]) << (8 * i);
  return value;
}

// Source: Linux include/linux/uaccess.h copy_struct_from_user().
Result<Words> read_words(const CloneArgsPlace& place, UserMemory& memory) {
  const uint64_t known_bytes = sizeof(Words);
  if (place.size_bytes > place.page_size.bytes()) return Errno::kE2BIG;
  if (place.size_bytes < kFirstVersionBytes) return Errno::kEINVAL;
  if (place.address + place.size_bytes > place.user_end || place.address > place.user_end)
    return Errno::kEFAULT;
  if (place.size_bytes > known_bytes) {
    std::vector<std::byte> rest(place.size_bytes - known_bytes);
    const uint64_t read = memory.copy_in(place.address + known_bytes, rest);
    const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
    // It ends at the first that is not zero, or that cannot be read.
    if (!std::all_of(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(read), is_zero))
      return Errno::kE2BIG;
    if (read < rest.size()) return Errno::kEFAULT;
  }
  std::vector<std::byte> bytes(std::min(place.size_bytes, known_bytes));
  if (memory.copy_in(place.address, bytes) < bytes.size()) return Errno::kEFAULT;
  bytes.resize(known_bytes);
  Words words{};
  for (size_t i = 0; i < words.size(); ++i) words[i] = word_at(bytes, i);
  return words;
}

bool stack_valid(const Words& words, VirtAddr user_end) {
  const uint64_t stack = words[kStack];
  const uint64_t size_bytes = words[kStackSize];
  if (stack == 0) return size_bytes == 0;
  return size_bytes != 0 && stack + size_bytes >= stack && stack + size_bytes <= user_end.value;
}

}  // namespace

CloneRequest clone_request_of(uint64_t flags) {
  return {.flags = flags & 0xffffffff & ~kSignalBits, .exit_signal = flags & kSignalBits};
}

Result<CloneRequest> read_clone_args(const CloneArgsPlace& place, UserMemory& memory) {
  const Result<Words> read = read_words(place, memory);
  if (!read) return read.error();
  const Words& words = *read;
  const uint64_t flags = words[kFlags];
  const uint64_t exit_signal = words[kExitSignal];
  if (words[kSetTidSize] > kSetTidMax) return Errno::kEINVAL;
  if ((words[kSetTid] == 0) != (words[kSetTidSize] == 0)) return Errno::kEINVAL;
  if (exit_signal > kSignalMax) return Errno::kEINVAL;
  if ((flags & ~(uint64_t{0xffffffff} | kClearSighand | kIntoCgroup)) != 0) return Errno::kEINVAL;
  if ((flags & (abi::kCLONE_DETACHED | (kSignalBits & ~abi::kCLONE_NEWTIME))) != 0)
    return Errno::kEINVAL;
  if ((flags & abi::kCLONE_SIGHAND) != 0 && (flags & kClearSighand) != 0) return Errno::kEINVAL;
  if ((flags & (abi::kCLONE_THREAD | abi::kCLONE_PARENT)) != 0 && exit_signal != 0)
    return Errno::kEINVAL;
  if (!stack_valid(words, place.user_end)) return Errno::kEINVAL;
  if (words[kSetTid] != 0 || (flags & kIntoCgroup) != 0) return Errno::kENOSYS;
  return CloneRequest{.flags = flags & ~kClearSighand, .exit_signal = exit_signal};
}

Result<void> check_clone(const CloneRequest& request) {
  const auto both = [&](uint64_t a, uint64_t b) { return request.has(a | b); };
  if (both(abi::kCLONE_NEWNS, abi::kCLONE_FS)) return Errno::kEINVAL;
  if (both(abi::kCLONE_NEWUSER, abi::kCLONE_FS)) return Errno::kEINVAL;
  if (request.has(abi::kCLONE_THREAD) && !request.has(abi::kCLONE_SIGHAND)) return Errno::kEINVAL;
  if (request.has(abi::kCLONE_SIGHAND) && !request.has(abi::kCLONE_VM)) return Errno::kEINVAL;
  constexpr uint64_t kNotSimulated = abi::kCLONE_THREAD | abi::kCLONE_PIDFD | abi::kCLONE_PTRACE |
                                     abi::kCLONE_SETTLS | abi::kCLONE_PARENT_SETTID |
                                     abi::kCLONE_CHILD_CLEARTID | abi::kCLONE_UNTRACED |
                                     abi::kCLONE_CHILD_SETTID | abi::kCLONE_NEWUSER;
  if ((request.flags & kNotSimulated) != 0) return Errno::kENOSYS;
  return {};
}

bool needs_privilege(const CloneRequest& request) {
  constexpr uint64_t kNamespaces = abi::kCLONE_NEWNS | abi::kCLONE_NEWCGROUP | abi::kCLONE_NEWUTS |
                                   abi::kCLONE_NEWIPC | abi::kCLONE_NEWPID | abi::kCLONE_NEWNET |
                                   abi::kCLONE_NEWTIME;
  return (request.flags & kNamespaces) != 0;
}

}  // namespace faultline::proc
