#include "tests/differential/probes/host_machine.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "faultline/linux.h"

namespace faultline::probes {
namespace {

uint64_t u(int64_t value) { return static_cast<uint64_t>(value); }

// Where a path of the scenario lies, its directories made.
std::string host_path(const std::string& directory, std::string_view path) {
  const std::string whole =
      directory + std::string(path.starts_with('/') ? "" : "/") + std::string(path);
  const auto parent = std::filesystem::path(whole).parent_path();
  std::filesystem::create_directories(parent);
  for (auto at = parent; at.string().size() > directory.size(); at = at.parent_path()) {
    chmod(at.c_str(), 0777);
  }
  return whole;
}

class HostProcess final : public Process {
 public:
  explicit HostProcess(const std::string& directory) : directory_(directory) {}

  Pid pid() const override { return {static_cast<uint32_t>(tracee_.pid())}; }
  bool alive() const override { return tracee_.alive(); }
  FaultCounts faults() const override {
    rusage usage{};
    tracee_.system_call(SYS_getrusage, {u(RUSAGE_SELF), Tracee::kScratch});
    tracee_.read_memory(Tracee::kScratch, std::as_writable_bytes(std::span(&usage, 1)));
    return {u(usage.ru_minflt), u(usage.ru_majflt)};
  }
  std::vector<MapsLine> maps() const override;

  AccessOutcome load(VirtAddr address, std::span<std::byte> out) override {
    const Outcome outcome = tracee_.run(Routine::kLoad, address.value, out.size(), 0);
    const AccessOutcome result = bytes_of(outcome, out.size());
    tracee_.read_memory(address.value, out.first(result.bytes_done));
    return result;
  }
  AccessOutcome store(VirtAddr address, std::span<const std::byte> bytes) override {
    tracee_.write_memory(Tracee::kScratch, bytes);
    return bytes_of(tracee_.run(Routine::kStore, address.value, bytes.size(), Tracee::kScratch),
                    bytes.size());
  }
  AccessOutcome fetch(VirtAddr address, uint64_t length_bytes) override {
    return bytes_of(tracee_.run(Routine::kFetch, address.value, length_bytes, 0), length_bytes);
  }
  AccessOutcome peek(VirtAddr, uint32_t, uint64_t*) override { return {}; }
  AccessOutcome poke(VirtAddr, uint32_t, uint64_t) override { return {}; }
  AccessOutcome xadd(VirtAddr address, uint32_t size_bytes, uint64_t addend) override {
    const Routine routine = size_bytes == 1   ? Routine::kXadd1
                            : size_bytes == 2 ? Routine::kXadd2
                            : size_bytes == 4 ? Routine::kXadd4
                                              : Routine::kXadd8;
    const Outcome outcome = tracee_.run(routine, address.value, 0, addend);
    return {outcome.signal ? 0 : size_bytes, outcome.signal};
  }

  Result<VirtAddr> mmap(const MmapArgs& a) override {
    const auto result =
        call(SYS_mmap, {a.address.value, a.length_bytes, a.prot, a.flags, u(a.fd), a.offset_bytes});
    if (!result.ok()) return result.error();
    return VirtAddr{*result};
  }
  Result<void> munmap(VirtAddr address, uint64_t length_bytes) override {
    return nothing(call(SYS_munmap, {address.value, length_bytes}));
  }
  Result<void> mprotect(VirtAddr address, uint64_t length_bytes, uint64_t prot) override {
    return nothing(call(SYS_mprotect, {address.value, length_bytes, prot}));
  }
  Result<void> msync(VirtAddr address, uint64_t length_bytes, uint64_t flags) override {
    return nothing(call(SYS_msync, {address.value, length_bytes, flags}));
  }
  VirtAddr brk(VirtAddr new_break) override { return {*call(SYS_brk, {new_break.value})}; }
  Result<void> setrlimit(uint64_t resource, uint64_t soft_limit) override {
    rlimit limit{};
    prlimit(tracee_.pid(), static_cast<__rlimit_resource>(resource), nullptr, &limit);
    limit.rlim_cur = soft_limit;
    limit.rlim_max = std::max(limit.rlim_max, soft_limit);
    prlimit(tracee_.pid(), static_cast<__rlimit_resource>(resource), &limit, nullptr);
    return {};
  }

  Result<int> open(std::string_view path, uint64_t flags, uint64_t mode) override {
    return descriptor(call(SYS_open, {string(host_path(directory_, path)), flags, mode}));
  }
  Result<int> memfd_create(std::string_view name, uint64_t flags) override {
    return descriptor(call(SYS_memfd_create, {string(std::string(name)), flags}));
  }
  Result<void> close(int64_t fd) override { return nothing(call(SYS_close, {u(fd)})); }
  Result<int> dup(int64_t fd) override { return descriptor(call(SYS_dup, {u(fd)})); }
  Result<int> dup2(int64_t old_fd, int64_t new_fd) override {
    return descriptor(call(SYS_dup2, {u(old_fd), u(new_fd)}));
  }
  Result<uint64_t> read(int64_t fd, const UserBuffer& buffer) override {
    return transfer(SYS_read, fd, buffer, 0);
  }
  Result<uint64_t> write(int64_t fd, const UserBuffer& buffer) override {
    return transfer(SYS_write, fd, buffer, 0);
  }
  Result<uint64_t> pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override {
    return transfer(SYS_pread64, fd, buffer, offset_bytes);
  }
  Result<uint64_t> pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override {
    return transfer(SYS_pwrite64, fd, buffer, offset_bytes);
  }
  Result<uint64_t> lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) override {
    return call(SYS_lseek, {u(fd), offset_bytes, whence});
  }
  Result<void> ftruncate(int64_t fd, uint64_t length_bytes) override {
    return nothing(call(SYS_ftruncate, {u(fd), length_bytes}));
  }
  Result<void> truncate(std::string_view path, uint64_t length_bytes) override {
    return nothing(call(SYS_truncate, {string(host_path(directory_, path)), length_bytes}));
  }
  Result<void> fsync(int64_t fd) override { return nothing(call(SYS_fsync, {u(fd)})); }
  Result<void> fdatasync(int64_t fd) override { return nothing(call(SYS_fdatasync, {u(fd)})); }
  Result<void> unlink(std::string_view path) override {
    return nothing(call(SYS_unlink, {string(host_path(directory_, path))}));
  }
  Result<void> rename(std::string_view from, std::string_view to) override {
    const uint64_t old_path = string(host_path(directory_, from));
    const uint64_t new_path = string(host_path(directory_, to), Tracee::kScratch + 8192);
    return nothing(call(SYS_rename, {old_path, new_path}));
  }
  void exit(uint64_t status) override { tracee_.system_call(SYS_exit_group, {status}); }

 private:
  static AccessOutcome bytes_of(const Outcome& outcome, uint64_t length_bytes) {
    // rsi counts down what is left.
    return {length_bytes - outcome.registers.rsi, outcome.signal};
  }
  static Result<void> nothing(const Result<uint64_t>& result) {
    if (!result.ok()) return result.error();
    return {};
  }
  static Result<int> descriptor(const Result<uint64_t>& result) {
    if (!result.ok()) return result.error();
    return static_cast<int>(*result);
  }
  Result<uint64_t> call(long number, std::array<uint64_t, 6> arguments) {
    const int64_t result = tracee_.system_call(number, arguments);
    if (result < 0 && result > -4096) return static_cast<Errno>(-result);
    return u(result);
  }
  uint64_t string(const std::string& text, uint64_t address = Tracee::kScratch) {
    tracee_.write_memory(address, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    return address;
  }
  // Bytes outside the process pass through the tracee's scratch memory, one piece at most.
  Result<uint64_t> transfer(long number, int64_t fd, const UserBuffer& buffer, uint64_t offset) {
    if (buffer.outside.empty()) {
      return call(number, {u(fd), buffer.address.value, buffer.length_bytes, offset});
    }
    const uint64_t count = std::min(buffer.outside.size(), size_t{Tracee::kScratchBytes});
    tracee_.write_memory(Tracee::kScratch, buffer.outside.first(count));
    const auto result = call(number, {u(fd), Tracee::kScratch, count, offset});
    if (result.ok()) tracee_.read_memory(Tracee::kScratch, buffer.outside.first(*result));
    return result;
  }

  std::string directory_;
  mutable Tracee tracee_{};  // asking for the counters is a system call of its own
};

// The kernel's line without what belongs to this probe.
MapsLine maps_line(const std::string& text, const std::string& directory) {
  MapsLine line;
  char permissions[5] = {};
  int path_start = 0;
  std::sscanf(text.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &line.range.start.value,
              &line.range.end.value, permissions, &line.offset_bytes, &line.device_major,
              &line.device_minor, &line.inode, &path_start);
  std::memcpy(line.permissions, permissions, sizeof permissions);
  line.path = text.substr(std::min(text.size(), static_cast<size_t>(path_start)));
  if (line.path.starts_with(directory)) line.path.erase(0, directory.size());
  return line;
}

std::vector<MapsLine> HostProcess::maps() const {
  std::vector<MapsLine> lines;
  std::ifstream file("/proc/" + std::to_string(tracee_.pid()) + "/maps");
  for (std::string text; std::getline(file, text);) {
    const MapsLine line = maps_line(text, directory_);
    const uint64_t start = line.range.start.value;
    const bool ours = start == Tracee::kText || start == Tracee::kScratch;
    if (!ours && line.path != "[vsyscall]") lines.push_back(line);
  }
  return lines;
}

}  // namespace

Process& HostMachine::start_process() {
  processes_.push_back(std::make_unique<HostProcess>(directory_));
  return *processes_.back();
}

// Written 4096 bytes at a time, as larger writes would make large folios, and put out of the cache.
Result<void> HostMachine::create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) {
  const int fd = open(host_path(directory_, path).c_str(), O_RDWR | O_CREAT | O_TRUNC, 0666);
  if (fd < 0) return static_cast<Errno>(errno);
  fchmod(fd, 0666);
  unsigned char page[4096];
  for (uint64_t at = 0; at < size_bytes; at += sizeof page) {
    for (uint64_t i = 0; i < sizeof page; ++i) {
      page[i] = static_cast<unsigned char>((at + i) * 31 + (at >> 12) * 7 + seed);
    }
    const uint64_t length_bytes = std::min(uint64_t{sizeof page}, size_bytes - at);
    if (write(fd, page, length_bytes) != static_cast<ssize_t>(length_bytes)) return Errno::kEIO;
  }
  fsync(fd);
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  close(fd);
  return {};
}

}  // namespace faultline::probes
