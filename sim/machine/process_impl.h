// ProcessImpl: one simulated process as the facade shows it: its accesses go through the machine's
// loop, its system calls to sim/proc. After each call the TLB forgets what the call gathered.
//
// Owned by the machine, and kept after the process has ended, because callers hold references. Not
// thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/process.h"
#include "faultline/user_memory.h"
#include "sim/base/check.h"
#include "sim/machine/user_buffers.h"
#include "sim/mm/address_space.h"
#include "sim/proc/clone_request.h"
#include "sim/proc/task.h"

namespace faultline::machine {

class MachineImpl;

class ProcessImpl final : public Process, public UserMemory {
 public:
  ProcessImpl(MachineImpl& machine, std::unique_ptr<proc::Task> task);

  // --- for the machine ---
  proc::Task& task() { return *task_; }
  mm::AddressSpace& space() { return *task_->space; }
  const mm::AddressSpace& space() const { return *task_->space; }
  FaultCounts& fault_counts() { return task_->faults; }
  // Whether a fault that lets go of its lock is taken anew and counts as major then: one of a
  // system call, but for those that keep the lock.
  bool repeats_faults() const { return in_system_call_ && fault_may_repeat_; }
  // Before each call and fault: the address space, which others may share, obeys what is this
  // process's own.
  void enter_space() {
    space().set_limits(task_->limits);
    space().set_persona(task_->persona);
  }

  // --- Process ---
  Pid pid() const override { return task_->pid; }
  bool alive() const override { return task_->alive; }
  bool blocked() const override {
    return task_->vfork_child != nullptr && task_->vfork_child->alive;
  }
  FaultCounts faults() const override { return task_->faults; }
  std::vector<MapsLine> maps() const override;
  Result<std::string> smaps() const override;
  Result<std::string> status() const override;
  Result<std::vector<uint64_t>> pagemap(AddrRange range) const override;

  AccessOutcome load(VirtAddr address, std::span<std::byte> out) override;
  AccessOutcome store(VirtAddr address, std::span<const std::byte> bytes) override;
  AccessOutcome fetch(VirtAddr address, uint64_t length_bytes) override;
  AccessOutcome peek(VirtAddr address, uint32_t size_bytes, uint64_t* value) override;
  AccessOutcome poke(VirtAddr address, uint32_t size_bytes, uint64_t value) override;
  AccessOutcome xadd(VirtAddr address, uint32_t size_bytes, uint64_t addend) override;

  Result<VirtAddr> mmap(const MmapArgs& args) override;
  Result<void> munmap(VirtAddr address, uint64_t length_bytes) override;
  Result<void> mprotect(VirtAddr address, uint64_t length_bytes, uint64_t prot) override;
  Result<void> msync(VirtAddr address, uint64_t length_bytes, uint64_t flags) override;
  VirtAddr brk(VirtAddr new_break) override;
  Result<VirtAddr> mremap(const MremapArgs& args) override;
  Result<void> mseal(VirtAddr address, uint64_t length_bytes, uint64_t flags) override;
  Result<void> remap_file_pages(const RemapFilePagesArgs& args) override;
  Result<void> mlock(VirtAddr address, uint64_t length_bytes) override;
  Result<void> mlock2(VirtAddr address, uint64_t length_bytes, uint64_t flags) override;
  Result<void> munlock(VirtAddr address, uint64_t length_bytes) override;
  Result<void> mlockall(uint64_t flags) override;
  Result<void> munlockall() override;
  Result<uint64_t> prctl(uint64_t option, const std::array<uint64_t, 4>& arguments,
                         std::string_view text) override;
  Result<uint64_t> personality(uint64_t persona) override;
  Result<void> madvise(VirtAddr address, uint64_t length_bytes, uint64_t advice) override;
  Result<void> mincore(VirtAddr address, uint64_t length_bytes, const UserBuffer& vector) override;
  Result<void> setrlimit(uint64_t resource, uint64_t soft_limit) override;

  Result<int> open(std::string_view path, uint64_t flags, uint64_t mode) override;
  Result<int> memfd_create(std::string_view name, uint64_t flags) override;
  Result<void> close(int64_t fd) override;
  Result<int> dup(int64_t fd) override;
  Result<int> dup2(int64_t old_fd, int64_t new_fd) override;
  Result<uint64_t> read(int64_t fd, const UserBuffer& buffer) override;
  Result<uint64_t> write(int64_t fd, const UserBuffer& buffer) override;
  Result<uint64_t> pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override;
  Result<uint64_t> pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override;
  Result<uint64_t> lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) override;
  Result<void> ftruncate(int64_t fd, uint64_t length_bytes) override;
  Result<void> truncate(std::string_view path, uint64_t length_bytes) override;
  Result<void> fsync(int64_t fd) override;
  Result<void> fdatasync(int64_t fd) override;
  Result<uint64_t> readv(int64_t fd, VirtAddr vector, uint64_t count) override;
  Result<uint64_t> writev(int64_t fd, VirtAddr vector, uint64_t count) override;
  Result<void> fallocate(int64_t fd, uint64_t mode, uint64_t offset_bytes,
                         uint64_t length_bytes) override;
  Result<void> sync_file_range(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                               uint64_t flags) override;
  Result<void> fadvise(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                       uint64_t advice) override;
  Result<void> sync() override;
  Result<void> unlink(std::string_view path) override;
  Result<void> rename(std::string_view from, std::string_view to) override;

  Result<Process*> clone(uint64_t flags) override;
  Result<Process*> clone3(VirtAddr arguments, uint64_t size_bytes) override;
  Result<uint64_t> wait4(const Wait4Args& args) override;
  Result<void> kill(int64_t pid, uint64_t signal) override;
  void exit(uint64_t status) override;

  // --- UserMemory ---
  uint64_t copy_in(VirtAddr from, std::span<std::byte> to) override;
  uint64_t copy_out(VirtAddr to, std::span<const std::byte> from) override;
  bool readable_now(VirtAddr address) const override;
  std::optional<Errno> populate(AddrRange range, WhileReading while_reading) override;
  std::optional<Errno> fault_in(VirtAddr address, AccessKind kind) override;

 private:
  // Runs one system call; the TLB forgets what it gathered. A process that has ended makes none.
  template <class Call>
  auto system_call(Call call) -> decltype(call()) {
    if (!task_->alive) return Errno::kESRCH;
    base::ScopedCrashContext context(crash_context());
    enter_space();
    in_system_call_ = true;
    begin_call();
    auto result = call();
    in_system_call_ = false;
    end_system_call();
    return result;
  }
  const base::CrashContext& crash_context() const;
  // What the disk brings takes less time than lies between two calls, accesses among them.
  void begin_call();
  void end_system_call();
  proc::FileCall file_call();
  UserBuffers::Reach reach();
  Result<Process*> start_child(const proc::CloneRequest& request);
  Result<void> tell_waiter(const proc::Task& zombie, const Wait4Args& args);
  void end(uint32_t wait_status);

  AccessOutcome load_bytes(VirtAddr address, std::span<std::byte> out);
  AccessOutcome store_bytes(VirtAddr address, std::span<const std::byte> bytes);
  // One page's share of an access: where its bytes lie in the frame.
  struct Piece {
    Pfn pfn = kNoPfn;
    uint64_t offset_bytes = 0;  // in the page
    uint64_t done_bytes = 0;    // before it
    uint64_t length_bytes = 0;
  };
  // Touches the pages of [address, address + length) in ascending order and hands each to `use`.
  template <class Use>
  AccessOutcome for_each_page(VirtAddr address, uint64_t length_bytes, AccessKind kind, Use use);
  // Makes all pages of an access of a few bytes ready at once.
  AccessOutcome touch_whole(VirtAddr address, uint32_t size_bytes, AccessKind kind, Pfn (&pfns)[2]);
  uint64_t read_bytes(VirtAddr address, uint32_t size_bytes, const Pfn (&pfns)[2]) const;
  void write_bytes(VirtAddr address, uint32_t size_bytes, uint64_t value, const Pfn (&pfns)[2]);

  MachineImpl& machine_;
  std::unique_ptr<proc::Task> task_;
  bool in_system_call_ = false;
  bool fault_may_repeat_ = true;
};

}  // namespace faultline::machine
