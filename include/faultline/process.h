// The system calls and accesses of one simulated process: what a program written in C could do.
//
// Arguments and results are those of section 2 of the Linux manual; flags are Linux's numbers
// (faultline/linux.h), so that unknown ones can be passed and are answered as the kernel answers
// them. A Process belongs to its Machine and is valid as long as that is; calls to a process that
// has ended fail with kESRCH. Not thread-safe: a Machine and all of its processes belong to one
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/result.h"
#include "faultline/siginfo.h"
#include "faultline/types.h"

namespace faultline {

// ru_minflt and ru_majflt of getrusage(2).
struct FaultCounts {
  uint64_t minor = 0;
  uint64_t major = 0;
  friend constexpr FaultCounts operator-(FaultCounts a, FaultCounts b) {
    return {a.minor - b.minor, a.major - b.major};
  }
};

// What a row of loads, stores or fetches did: the bytes done before the first that ended in a
// signal, if one did.
struct AccessOutcome {
  uint64_t bytes_done = 0;
  std::optional<SigInfo> signal{};
  bool out_of_memory = false;  // no frame was to be had: Linux would have called its OOM killer
};

struct MmapArgs {
  VirtAddr address{};
  uint64_t length_bytes = 0;
  uint64_t prot = 0;
  uint64_t flags = 0;
  int64_t fd = -1;
  uint64_t offset_bytes = 0;
};

struct MremapArgs {
  VirtAddr old_address{};
  uint64_t old_length_bytes = 0;
  uint64_t new_length_bytes = 0;
  uint64_t flags = 0;
  VirtAddr new_address{};  // used with MREMAP_FIXED and MREMAP_DONTUNMAP
};

struct RemapFilePagesArgs {
  VirtAddr address{};
  uint64_t length_bytes = 0;
  uint64_t prot = 0;
  uint64_t pgoff = 0;
  uint64_t flags = 0;
};

struct Wait4Args {
  int64_t pid = -1;
  VirtAddr status{};  // where the kernel stores an int; 0: nowhere
  uint64_t options = 0;
  VirtAddr rusage{};  // where it stores a struct rusage; 0: nowhere
};

// A buffer argument: memory of the process, which the kernel faults in, or the caller's own, which
// never faults.
struct UserBuffer {
  VirtAddr address{};  // used when `outside` is empty and length_bytes is not 0
  uint64_t length_bytes = 0;
  std::span<std::byte> outside{};  // size() is then the length
};

// One line of /proc/PID/maps.
struct MapsLine {
  AddrRange range{};
  char permissions[5] = "----";  // as printed: "rw-p"
  uint64_t offset_bytes = 0;
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  uint64_t inode = 0;
  std::string path{};  // "[heap]", "[stack]", a file's path, or empty
  // The line as the kernel prints it, without the newline. Source: Linux fs/proc/task_mmu.c
  // show_vma_header_prefix().
  std::string to_string() const;
};

// What an implementation of this interface does not simulate fails with kENOSYS, as in a kernel
// built without that call, and has changed nothing.
class Process {
 public:
  virtual ~Process() = default;

  virtual Pid pid() const = 0;
  virtual bool alive() const = 0;
  // It waits for the child of its vfork: nothing may be asked of it until that has ended.
  virtual bool blocked() const { return false; }
  virtual FaultCounts faults() const = 0;
  virtual std::vector<MapsLine> maps() const = 0;

  // Accesses one byte after the other, ascending, up to the first that ends in a signal.
  virtual AccessOutcome load(VirtAddr address, std::span<std::byte> out) = 0;
  virtual AccessOutcome store(VirtAddr address, std::span<const std::byte> bytes) = 0;
  virtual AccessOutcome fetch(VirtAddr address, uint64_t length_bytes) = 0;
  // Accesses 1, 2, 4 or 8 bytes at once, done whole or not at all. Little-endian.
  virtual AccessOutcome peek(VirtAddr address, uint32_t size_bytes, uint64_t* value) = 0;
  virtual AccessOutcome poke(VirtAddr address, uint32_t size_bytes, uint64_t value) = 0;
  virtual AccessOutcome xadd(VirtAddr address, uint32_t size_bytes, uint64_t addend) = 0;

  virtual Result<VirtAddr> mmap(const MmapArgs& args) = 0;
  virtual Result<void> munmap(VirtAddr address, uint64_t length_bytes) = 0;
  virtual Result<void> mprotect(VirtAddr address, uint64_t length_bytes, uint64_t prot) = 0;
  virtual Result<void> msync(VirtAddr address, uint64_t length_bytes, uint64_t flags) = 0;
  // The raw call: the resulting break, which is the old one where it could not be moved.
  virtual VirtAddr brk(VirtAddr new_break) = 0;
  // RLIMIT_AS, _DATA, _STACK, _MEMLOCK, _NOFILE, and _FSIZE, with SIGXFSZ ignored.
  virtual Result<void> setrlimit(uint64_t resource, uint64_t soft_limit) = 0;
  virtual Result<VirtAddr> mremap(const MremapArgs& args);
  virtual Result<void> madvise(VirtAddr address, uint64_t length_bytes, uint64_t advice);
  // A byte a page goes to `vector`, bit 0 of each: resident. What was written before an error
  // stays. A vector outside the process may be shorter than the pages are many: the bytes that do
  // not fit are dropped.
  virtual Result<void> mincore(VirtAddr address, uint64_t length_bytes, const UserBuffer& vector);
  virtual Result<void> mlock(VirtAddr address, uint64_t length_bytes);
  virtual Result<void> mlock2(VirtAddr address, uint64_t length_bytes, uint64_t flags);
  virtual Result<void> munlock(VirtAddr address, uint64_t length_bytes);
  virtual Result<void> mlockall(uint64_t flags);
  virtual Result<void> munlockall();
  virtual Result<void> mseal(VirtAddr address, uint64_t length_bytes, uint64_t flags);
  virtual Result<void> remap_file_pages(const RemapFilePagesArgs& args);
  // `text` is what the last argument points to, where that is a string outside the process; else
  // empty.
  virtual Result<uint64_t> prctl(uint64_t option, const std::array<uint64_t, 4>& arguments,
                                 std::string_view text);
  virtual Result<uint64_t> personality(uint64_t persona);

  virtual Result<int> open(std::string_view path, uint64_t flags, uint64_t mode) = 0;
  virtual Result<int> memfd_create(std::string_view name, uint64_t flags) = 0;
  virtual Result<void> close(int64_t fd) = 0;
  virtual Result<int> dup(int64_t fd) = 0;
  virtual Result<int> dup2(int64_t old_fd, int64_t new_fd) = 0;
  virtual Result<uint64_t> read(int64_t fd, const UserBuffer& buffer) = 0;
  virtual Result<uint64_t> write(int64_t fd, const UserBuffer& buffer) = 0;
  virtual Result<uint64_t> pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) = 0;
  virtual Result<uint64_t> pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) = 0;
  virtual Result<uint64_t> lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) = 0;
  virtual Result<void> ftruncate(int64_t fd, uint64_t length_bytes) = 0;
  virtual Result<void> truncate(std::string_view path, uint64_t length_bytes) = 0;
  virtual Result<void> fsync(int64_t fd) = 0;
  virtual Result<void> fdatasync(int64_t fd) = 0;
  virtual Result<void> unlink(std::string_view path) = 0;
  virtual Result<void> rename(std::string_view from, std::string_view to) = 0;

  // `vector` is the address of `count` structs iovec in the process.
  virtual Result<uint64_t> readv(int64_t fd, VirtAddr vector, uint64_t count);
  virtual Result<uint64_t> writev(int64_t fd, VirtAddr vector, uint64_t count);
  virtual Result<void> fallocate(int64_t fd, uint64_t mode, uint64_t offset_bytes,
                                 uint64_t length_bytes);
  virtual Result<void> sync_file_range(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                                       uint64_t flags);
  // posix_fadvise(2), the raw call: the error is the result.
  virtual Result<void> fadvise(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                               uint64_t advice);
  virtual Result<void> sync();

  // The child, as fork, vfork and clone make it; `flags` are clone's, SIGCHLD alone for fork. The
  // child is the machine's. With CLONE_VFORK this process is blocked() until the child has ended.
  virtual Result<Process*> clone(uint64_t flags);
  // `arguments` is the address of a struct clone_args in the process.
  virtual Result<Process*> clone3(VirtAddr arguments, uint64_t size_bytes);
  // The pid that was reaped, or 0 with WNOHANG. Errors: kECHILD, kEINVAL, kEFAULT; kEDEADLK where
  // the call would block for ever.
  virtual Result<uint64_t> wait4(const Wait4Args& args);
  // Signals 0 and SIGKILL; others, and process groups, are not simulated.
  virtual Result<void> kill(int64_t pid, uint64_t signal);

  // /proc/PID/smaps and /proc/PID/status, whole, in the kernel's format.
  virtual Result<std::string> smaps() const;
  virtual Result<std::string> status() const;
  // /proc/PID/pagemap: an entry for each page of the range; the frame's number is 0, as for an
  // ordinary user.
  virtual Result<std::vector<uint64_t>> pagemap(AddrRange range) const;

  // The process ends; its memory goes, its dirty file pages stay in the page cache.
  virtual void exit(uint64_t status) = 0;
};

}  // namespace faultline
