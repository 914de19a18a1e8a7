// FakeMachine: a Machine that remembers what it was asked and answers from a list, for tests of
// what stands above the machine (the scenario runner).
//
// A call is remembered as "mmap(0x0, 65536, 3, 0x22, -1, 0)". What is answered is what the test
// queued with answer_next(); calls with nothing queued succeed: mmap counts down from a fixed
// address, descriptors up from 3, accesses and transfers do all their bytes.
//
// Ownership: the processes are the machine's. Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faultline/machine.h"

namespace faultline::testing {

struct FakeAnswer {
  uint64_t value = 0;  // what is returned, or the bytes done
  std::optional<Errno> error{};
  std::optional<SigInfo> signal{};
  bool out_of_memory = false;
  FaultCounts faults{};  // added to the process's counters
};

// What the processes of one machine share.
struct FakeState {
  std::vector<std::string> calls{};
  std::deque<FakeAnswer> answers{};
  std::vector<MapsLine> maps{};
  std::vector<std::byte> read_bytes{};  // what loads and reads find
  uint64_t next_address = 0x7ffff7fff000;
  uint64_t validations = 0;
  std::vector<std::unique_ptr<Process>> processes{};
};

class FakeMachine final : public Machine {
 public:
  FakeMachine();
  ~FakeMachine() override;

  void answer_next(FakeAnswer answer) { state_->answers.push_back(answer); }
  FakeState& state() { return *state_; }

  Process& start_process() override;
  Process& start_empty_process() override { return start_process(); }
  bool access(Process& process, std::span<const Access> block,
              std::vector<SignalledAccess>* signalled) override;
  Result<void> load_maps(Process& process, std::span<const MapsLine> lines) override;
  Result<void> create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) override;
  const Stats& stats() override { return stats_; }
  void set_event_sink(EventSink*) override {}
  void validate() override { ++state_->validations; }

 private:
  std::unique_ptr<FakeState> state_;
  Stats stats_{};
};

}  // namespace faultline::testing
