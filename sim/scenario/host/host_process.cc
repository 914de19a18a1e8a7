#include "sim/scenario/host/host_process.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "sim/scenario/host/own_memory.h"

namespace faultline::host {
// ---- How a call is made

Result<uint64_t> HostProcess::call(long number, std::array<uint64_t, 6> arguments) {
  if (meets_own_memory(number, arguments)) {
    why_not_asked_ = kReachesOwnMemory;
    return Errno::kENOSYS;
  }
  folders_.disk_reads().wait();
  const int64_t result = tracee_->system_call(number, arguments);
  if (result < 0 && result > -4096) return static_cast<Errno>(-result);
  return u(result);
}

Result<void> HostProcess::call_for_nothing(long number, std::array<uint64_t, 6> arguments) {
  const Result<uint64_t> result = call(number, arguments);
  if (!result.ok()) return result.error();
  return {};
}

Result<int> HostProcess::call_for_descriptor(long number, std::array<uint64_t, 6> arguments) {
  const Result<uint64_t> result = call(number, arguments);
  if (!result.ok()) return result.error();
  return static_cast<int>(*result);
}

uint64_t HostProcess::string(const std::string& text, uint64_t address) {
  tracee_->write_memory(address, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
  return address;
}

uint64_t HostProcess::path(std::string_view path, uint64_t address) {
  return string(folders_.host_path(path), address);
}

// ---- Accesses

bool HostProcess::refuse_own_memory(VirtAddr address, uint64_t length_bytes) {
  const bool refused = meets_own_memory(address.value, length_bytes);
  if (refused) why_not_asked_ = kReachesOwnMemory;
  return refused;
}

Outcome HostProcess::run(Routine routine, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
  folders_.disk_reads().wait();
  return tracee_->run(routine, rdi, rsi, rdx);
}

AccessOutcome HostProcess::access(Routine routine, VirtAddr address, uint64_t length_bytes,
                                  uint64_t from) {
  if (refuse_own_memory(address, length_bytes)) return {.out_of_memory = true};
  const Outcome outcome = run(routine, address.value, length_bytes, from);
  // rsi counts down what is left.
  return {length_bytes - outcome.registers.rsi, outcome.signal};
}

AccessOutcome HostProcess::load(VirtAddr address, std::span<std::byte> out) {
  const AccessOutcome result = access(Routine::kLoad, address, out.size(), 0);
  tracee_->read_memory(address.value, out.first(result.bytes_done));
  return result;
}

AccessOutcome HostProcess::store(VirtAddr address, std::span<const std::byte> bytes) {
  tracee_->write_memory(Tracee::kScratch, bytes);
  return access(Routine::kStore, address, bytes.size(), Tracee::kScratch);
}

AccessOutcome HostProcess::fetch(VirtAddr address, uint64_t length_bytes) {
  return access(Routine::kFetch, address, length_bytes, 0);
}

AccessOutcome HostProcess::peek(VirtAddr address, uint32_t size_bytes, uint64_t* value) {
  if (refuse_own_memory(address, size_bytes)) return {.out_of_memory = true};
  const Outcome outcome = run(sized(Routine::kPeek, size_bytes), address.value, 0, 0);
  *value = outcome.registers.rdx;
  return {outcome.signal ? 0 : size_bytes, outcome.signal};
}

AccessOutcome HostProcess::poke(VirtAddr address, uint32_t size_bytes, uint64_t value) {
  if (refuse_own_memory(address, size_bytes)) return {.out_of_memory = true};
  const Outcome outcome = run(sized(Routine::kPoke, size_bytes), address.value, 0, value);
  return {outcome.signal ? 0 : size_bytes, outcome.signal};
}

AccessOutcome HostProcess::xadd(VirtAddr address, uint32_t size_bytes, uint64_t addend) {
  if (refuse_own_memory(address, size_bytes)) return {.out_of_memory = true};
  const Outcome outcome = run(sized(Routine::kXadd, size_bytes), address.value, 0, addend);
  return {outcome.signal ? 0 : size_bytes, outcome.signal};
}

// ---- Memory

Result<VirtAddr> HostProcess::mmap(const MmapArgs& a) {
  const auto result =
      call(SYS_mmap, {a.address.value, a.length_bytes, a.prot, a.flags, u(a.fd), a.offset_bytes});
  if (!result.ok()) return result.error();
  return VirtAddr{*result};
}

Result<void> HostProcess::munmap(VirtAddr address, uint64_t length_bytes) {
  return call_for_nothing(SYS_munmap, {address.value, length_bytes});
}

Result<void> HostProcess::mprotect(VirtAddr address, uint64_t length_bytes, uint64_t prot) {
  return call_for_nothing(SYS_mprotect, {address.value, length_bytes, prot});
}

Result<void> HostProcess::msync(VirtAddr address, uint64_t length_bytes, uint64_t flags) {
  return call_for_nothing(SYS_msync, {address.value, length_bytes, flags});
}

VirtAddr HostProcess::brk(VirtAddr new_break) { return {*call(SYS_brk, {new_break.value})}; }

Result<void> HostProcess::setrlimit(uint64_t resource, uint64_t soft_limit) {
  rlimit limit{};
  const auto bytes = std::as_writable_bytes(std::span(&limit, 1));
  const auto old = call_for_nothing(SYS_prlimit64, {0, resource, 0, Tracee::kScratch});
  if (!old.ok()) return old;
  tracee_->read_memory(Tracee::kScratch, bytes);
  // What the worker itself has counts too; RLIMIT_DATA of 0 has a meaning of its own.
  const bool of_data = resource == RLIMIT_DATA && soft_limit != 0;
  const uint64_t own_bytes = resource == RLIMIT_AS ? Tracee::kOwnBytes
                             : of_data             ? Tracee::kScratchBytes
                                                   : 0;
  limit.rlim_cur = soft_limit + std::min(own_bytes, RLIM_INFINITY - soft_limit);
  tracee_->write_memory(Tracee::kScratch, bytes);
  return call_for_nothing(SYS_prlimit64, {0, resource, Tracee::kScratch, 0});
}

Result<VirtAddr> HostProcess::mremap(const MremapArgs& a) {
  const auto result = call(SYS_mremap, {a.old_address.value, a.old_length_bytes, a.new_length_bytes,
                                        a.flags, a.new_address.value});
  if (!result.ok()) return result.error();
  return VirtAddr{*result};
}

Result<void> HostProcess::madvise(VirtAddr address, uint64_t length_bytes, uint64_t advice) {
  const auto done = call_for_nothing(SYS_madvise, {address.value, length_bytes, advice});
  // What the kernel put off is done by the next such call (OneProcessor says why).
  if (advice == MADV_FREE) {
    tracee_->system_call(SYS_madvise, {Tracee::kScratch, 4096, MADV_COLD});
  }
  return done;
}

// A vector outside the process is filled through the scratch memory, a piece of pages at a time.
Result<void> HostProcess::mincore(VirtAddr address, uint64_t length_bytes,
                                  const UserBuffer& vector) {
  if (vector.outside.empty()) {
    return call_for_nothing(SYS_mincore, {address.value, length_bytes, vector.address.value});
  }
  constexpr uint64_t kPieceBytes = Tracee::kScratchBytes * kPageBytes;
  uint64_t done_bytes = 0;
  do {
    const uint64_t piece_bytes = std::min(length_bytes - done_bytes, kPieceBytes);
    const auto done =
        call_for_nothing(SYS_mincore, {address.value + done_bytes, piece_bytes, Tracee::kScratch});
    if (!done.ok()) return done;
    const uint64_t done_pages = done_bytes / kPageBytes;
    if (done_pages < vector.outside.size()) {
      const uint64_t pages = (piece_bytes + kPageBytes - 1) / kPageBytes;
      const auto rest = vector.outside.subspan(done_pages);
      tracee_->read_memory(Tracee::kScratch, rest.first(std::min(rest.size(), pages)));
    }
    done_bytes += piece_bytes;
  } while (done_bytes < length_bytes);
  return {};
}

Result<void> HostProcess::mlock(VirtAddr address, uint64_t length_bytes) {
  return call_for_nothing(SYS_mlock, {address.value, length_bytes});
}

Result<void> HostProcess::mlock2(VirtAddr address, uint64_t length_bytes, uint64_t flags) {
  return call_for_nothing(SYS_mlock2, {address.value, length_bytes, flags});
}

Result<void> HostProcess::munlock(VirtAddr address, uint64_t length_bytes) {
  return call_for_nothing(SYS_munlock, {address.value, length_bytes});
}

// What the worker itself has is held against the limit too, and must not stay locked. (Where the
// limit is at its highest it cannot be raised by that.)
Result<void> HostProcess::mlockall(uint64_t flags) {
  if ((flags & MCL_CURRENT) == 0) return call_for_nothing(SYS_mlockall, {flags});
  const rlimit limit = own_limit(RLIMIT_MEMLOCK);
  const rlim_t wider = std::min(limit.rlim_cur + Tracee::kOwnBytes, limit.rlim_max);
  if (limit.rlim_cur != 0) set_own_limit(RLIMIT_MEMLOCK, {wider, limit.rlim_max});
  const Result<void> done = call_for_nothing(SYS_mlockall, {flags});
  set_own_limit(RLIMIT_MEMLOCK, limit);
  if (done.ok()) {
    tracee_->system_call(SYS_munlock, {Tracee::kText, Tracee::kOwnBytes - Tracee::kScratchBytes});
    tracee_->system_call(SYS_munlock, {Tracee::kScratch, Tracee::kScratchBytes});
  }
  return done;
}

// Limits are asked and set by the worker itself: to do it for another wants more rights.
rlimit HostProcess::own_limit(uint64_t resource) {
  rlimit limit{};
  tracee_->system_call(SYS_prlimit64, {0, resource, 0, Tracee::kScratch});
  tracee_->read_memory(Tracee::kScratch, std::as_writable_bytes(std::span(&limit, 1)));
  return limit;
}

void HostProcess::set_own_limit(uint64_t resource, const rlimit& limit) {
  tracee_->write_memory(Tracee::kScratch, std::as_bytes(std::span(&limit, 1)));
  tracee_->system_call(SYS_prlimit64, {0, resource, Tracee::kScratch, 0});
}

Result<void> HostProcess::munlockall() { return call_for_nothing(SYS_munlockall, {}); }

Result<void> HostProcess::mseal(VirtAddr address, uint64_t length_bytes, uint64_t flags) {
  constexpr long kSysMseal = 462;  // newer than Debian 12's headers
  return call_for_nothing(kSysMseal, {address.value, length_bytes, flags});
}

Result<void> HostProcess::remap_file_pages(const RemapFilePagesArgs& a) {
  return call_for_nothing(SYS_remap_file_pages,
                          {a.address.value, a.length_bytes, a.prot, a.pgoff, a.flags});
}

Result<uint64_t> HostProcess::prctl(uint64_t option, const std::array<uint64_t, 4>& arguments,
                                    std::string_view text) {
  const uint64_t last = text.empty() ? arguments[3] : string(std::string(text));
  return call(SYS_prctl, {option, arguments[0], arguments[1], arguments[2], last});
}

Result<uint64_t> HostProcess::personality(uint64_t persona) {
  return call(SYS_personality, {persona});
}

}  // namespace faultline::host
