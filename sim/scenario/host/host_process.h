// HostProcess: a process of the running kernel behind the interface of Process: each call is made
// by a Tracee, which is no simulated process but a real one.
//
// Paths of the scenario lie below one directory of the host. What belongs to the worker and not to
// the scenario (its code, its scratch memory, devices, inodes) is taken out of what /proc shows.
// Units: as in Process. Owns its Tracee. Threads: one.
#pragma once

#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultline/process.h"
#include "sim/scenario/host/host_folders.h"
#include "sim/scenario/host/tracee.h"

namespace faultline::host {

class HostMachine;

class HostProcess final : public Process {
 public:
  // The first of a scenario.
  HostProcess(HostMachine& machine, const HostFolders& folders, const TraceeLimits& limits)
      : machine_(machine),
        folders_(folders),
        tracee_(std::make_unique<Tracee>(limits)),
        status_at_start_(proc_file("status")) {}
  // A child of `parent`; null: nobody's, the kernel waits for it.
  HostProcess(HostProcess& like, std::unique_ptr<Tracee> tracee, HostProcess* parent)
      : machine_(like.machine_),
        folders_(like.folders_),
        tracee_(std::move(tracee)),
        status_at_start_(like.status_at_start_),
        parent_(parent) {}
  // The worker died unasked.
  bool lost() const { return tracee_->lost(); }
  // Why a call or an access was not made, in words; empty: all were.
  std::string_view why_not_asked() const { return why_not_asked_; }
  // It was a zombie child of `parent`, and the kernel knows it no more.
  bool reaped_from(const HostProcess& parent) const;
  // It has ended, and nobody can ask the kernel for it any more.
  bool forgotten() const {
    return !alive() && (parent_ == nullptr || !parent_->alive() || reaped_);
  }

  Pid pid() const override { return {static_cast<uint32_t>(tracee_->pid())}; }
  bool alive() const override { return tracee_->alive(); }
  bool blocked() const override { return vfork_child_ != nullptr && vfork_child_->alive(); }
  FaultCounts faults() const override { return tracee_->faults(); }
  std::vector<MapsLine> maps() const override;

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
  Result<void> setrlimit(uint64_t resource, uint64_t soft_limit) override;
  Result<VirtAddr> mremap(const MremapArgs& args) override;
  Result<void> madvise(VirtAddr address, uint64_t length_bytes, uint64_t advice) override;
  Result<void> mincore(VirtAddr address, uint64_t length_bytes, const UserBuffer& vector) override;
  Result<void> mlock(VirtAddr address, uint64_t length_bytes) override;
  Result<void> mlock2(VirtAddr address, uint64_t length_bytes, uint64_t flags) override;
  Result<void> munlock(VirtAddr address, uint64_t length_bytes) override;
  Result<void> mlockall(uint64_t flags) override;
  Result<void> munlockall() override;
  Result<void> mseal(VirtAddr address, uint64_t length_bytes, uint64_t flags) override;
  Result<void> remap_file_pages(const RemapFilePagesArgs& args) override;
  Result<uint64_t> prctl(uint64_t option, const std::array<uint64_t, 4>& arguments,
                         std::string_view text) override;
  Result<uint64_t> personality(uint64_t persona) override;

  Result<int> open(std::string_view path, uint64_t flags, uint64_t mode) override;
  Result<int> memfd_create(std::string_view name, uint64_t flags) override;
  Result<void> close(int64_t fd) override;
  Result<int> dup(int64_t fd) override;
  Result<int> dup2(int64_t old_fd, int64_t new_fd) override;
  Result<uint64_t> read(int64_t fd, const UserBuffer& buffer) override;
  Result<uint64_t> write(int64_t fd, const UserBuffer& buffer) override;
  Result<uint64_t> pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override;
  Result<uint64_t> pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override;
  Result<uint64_t> readv(int64_t fd, VirtAddr vector, uint64_t count) override;
  Result<uint64_t> writev(int64_t fd, VirtAddr vector, uint64_t count) override;
  Result<uint64_t> lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) override;
  Result<void> ftruncate(int64_t fd, uint64_t length_bytes) override;
  Result<void> truncate(std::string_view path, uint64_t length_bytes) override;
  Result<void> fallocate(int64_t fd, uint64_t mode, uint64_t offset_bytes,
                         uint64_t length_bytes) override;
  Result<void> sync_file_range(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                               uint64_t flags) override;
  Result<void> fadvise(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                       uint64_t advice) override;
  Result<void> sync() override;
  Result<void> fsync(int64_t fd) override;
  Result<void> fdatasync(int64_t fd) override;
  Result<void> unlink(std::string_view path) override;
  Result<void> rename(std::string_view from, std::string_view to) override;

  Result<std::string> smaps() const override;
  Result<std::string> status() const override;
  Result<std::vector<uint64_t>> pagemap(AddrRange range) const override;

  Result<Process*> clone(uint64_t flags) override;
  Result<Process*> clone3(VirtAddr arguments, uint64_t size_bytes) override;
  Result<uint64_t> wait4(const Wait4Args& args) override;
  Result<void> kill(int64_t pid, uint64_t signal) override;
  void exit(uint64_t status) override { tracee_->end_by(SYS_exit_group, {status}); }

 private:
  Result<uint64_t> call(long number, std::array<uint64_t, 6> arguments);
  Result<void> call_for_nothing(long number, std::array<uint64_t, 6> arguments);
  Result<int> call_for_descriptor(long number, std::array<uint64_t, 6> arguments);
  Result<uint64_t> transfer(long number, int64_t fd, const UserBuffer& buffer, uint64_t offset);
  AccessOutcome access(Routine routine, VirtAddr address, uint64_t length_bytes, uint64_t from);
  // Once what was read ahead has arrived, as in call().
  Outcome run(Routine routine, uint64_t rdi, uint64_t rsi, uint64_t rdx);
  // Whether an access would reach the worker's own memory, and so is not made.
  bool refuse_own_memory(VirtAddr address, uint64_t length_bytes);
  bool refuse_pieces(VirtAddr vector, uint64_t count);
  // Puts the text into the worker's scratch memory; its address there.
  uint64_t string(const std::string& text, uint64_t address = Tracee::kScratch);
  uint64_t path(std::string_view path, uint64_t address = Tracee::kScratch);
  std::string proc_file(const char* name) const;
  rlimit own_limit(uint64_t resource);
  void set_own_limit(uint64_t resource, const rlimit& limit);
  // What the worker itself had of a line of status before the first statement.
  int64_t worker_kilobytes(std::string_view key) const;

  Result<Process*> start_child(long number, std::array<uint64_t, 6> arguments, uint64_t flags);
  void leave_own_faults_out(VirtAddr rusage, const FaultCounts& own) const;

  HostMachine& machine_;
  const HostFolders& folders_;
  std::unique_ptr<Tracee> tracee_;
  std::string status_at_start_;  // what of status is the worker's
  std::string_view why_not_asked_{};
  HostProcess* parent_ = nullptr;
  const HostProcess* vfork_child_ = nullptr;
  bool reaped_ = false;
  FaultCounts reaped_own_faults_{};  // the workers' of the children waited for
};

}  // namespace faultline::host
