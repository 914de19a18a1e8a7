// FakeMachine: takes accesses and remembers their addresses; nothing else.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "faultline/machine.h"

namespace faultline::testing {

// A process that nobody may use but to hand it on.
class FakeProcess : public Process {
 public:
  Pid pid() const override { return Pid{1}; }
  bool alive() const override { return true; }
  FaultCounts faults() const override { return {}; }
  std::vector<MapsLine> maps() const override { return {}; }
  AccessOutcome load(VirtAddr, std::span<std::byte>) override { std::abort(); }
  AccessOutcome store(VirtAddr, std::span<const std::byte>) override { std::abort(); }
  AccessOutcome fetch(VirtAddr, uint64_t) override { std::abort(); }
  AccessOutcome peek(VirtAddr, uint32_t, uint64_t*) override { std::abort(); }
  AccessOutcome poke(VirtAddr, uint32_t, uint64_t) override { std::abort(); }
  AccessOutcome xadd(VirtAddr, uint32_t, uint64_t) override { std::abort(); }
  Result<VirtAddr> mmap(const MmapArgs&) override { std::abort(); }
  Result<void> munmap(VirtAddr, uint64_t) override { std::abort(); }
  Result<void> mprotect(VirtAddr, uint64_t, uint64_t) override { std::abort(); }
  Result<void> msync(VirtAddr, uint64_t, uint64_t) override { std::abort(); }
  VirtAddr brk(VirtAddr) override { std::abort(); }
  Result<void> setrlimit(uint64_t, uint64_t) override { std::abort(); }
  Result<int> open(std::string_view, uint64_t, uint64_t) override { std::abort(); }
  Result<int> memfd_create(std::string_view, uint64_t) override { std::abort(); }
  Result<void> close(int64_t) override { std::abort(); }
  Result<int> dup(int64_t) override { std::abort(); }
  Result<int> dup2(int64_t, int64_t) override { std::abort(); }
  Result<uint64_t> read(int64_t, const UserBuffer&) override { std::abort(); }
  Result<uint64_t> write(int64_t, const UserBuffer&) override { std::abort(); }
  Result<uint64_t> pread(int64_t, const UserBuffer&, uint64_t) override { std::abort(); }
  Result<uint64_t> pwrite(int64_t, const UserBuffer&, uint64_t) override { std::abort(); }
  Result<uint64_t> lseek(int64_t, uint64_t, uint64_t) override { std::abort(); }
  Result<void> ftruncate(int64_t, uint64_t) override { std::abort(); }
  Result<void> truncate(std::string_view, uint64_t) override { std::abort(); }
  Result<void> fsync(int64_t) override { std::abort(); }
  Result<void> fdatasync(int64_t) override { std::abort(); }
  Result<void> unlink(std::string_view) override { std::abort(); }
  Result<void> rename(std::string_view, std::string_view) override { std::abort(); }
  void exit(uint64_t) override { std::abort(); }
};

class FakeMachine : public Machine {
 public:
  // `capacity`: the accesses it takes before it runs out of memory.
  explicit FakeMachine(uint64_t capacity = ~uint64_t{0}) : capacity_(capacity) {}

  Process& start_process() override { return process_; }
  Process& start_empty_process() override { return process_; }
  bool access(Process& process, std::span<const Access> block,
              std::vector<SignalledAccess>*) override {
    if (&process != &process_ || block.empty()) std::abort();
    for (const Access& access : block) {
      if (taken_.size() == capacity_) return false;
      taken_.push_back(access.address.value);
      ++stats_.accesses.loads;
    }
    return true;
  }
  Result<void> load_maps(Process&, std::span<const MapsLine>) override { std::abort(); }
  Result<void> create_file(std::string_view, uint64_t, uint64_t) override { std::abort(); }
  const Stats& stats() override { return stats_; }
  void set_event_sink(EventSink*) override { std::abort(); }
  void validate() override {}

  const std::vector<uint64_t>& taken() const { return taken_; }

 private:
  uint64_t capacity_;
  FakeProcess process_;
  Stats stats_;
  std::vector<uint64_t> taken_;
};

}  // namespace faultline::testing
