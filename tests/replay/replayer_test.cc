#include "sim/replay/replayer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/replay/fake_machine.h"

namespace faultline::replay {
namespace {

using testing::FakeMachine;

// Accesses to 0, 1, 2, …: `count` of them in blocks of `block_size`; then the end, or an error.
class CountingReader : public TraceReader {
 public:
  CountingReader(uint64_t count, uint64_t block_size, bool malformed = false)
      : accesses_(count), block_size_(block_size), malformed_(malformed) {
    for (uint64_t i = 0; i < count; ++i) accesses_[i].address = {i};
  }
  std::string_view format() const override { return "counting"; }
  Result<TraceBlock, InputError> next_block() override {
    const uint64_t size = std::min(block_size_, accesses_.size() - at_);
    if (size == 0 && malformed_) return InputError{.file = "t", .message = "bad", .line = at_ + 1};
    at_ += size;
    return TraceBlock{.accesses = std::span<const Access>(accesses_).subspan(at_ - size, size)};
  }
  uint64_t read() const { return at_; }

 private:
  std::vector<Access> accesses_;
  uint64_t block_size_;
  bool malformed_;
  uint64_t at_ = 0;
};

std::vector<uint64_t> numbers(uint64_t first, uint64_t end) {
  std::vector<uint64_t> all(end - first);
  std::iota(all.begin(), all.end(), first);
  return all;
}

TEST_CASE("replay: skip and limit cut the trace wherever its blocks end") {
  constexpr uint64_t kCount = 7;
  for (uint64_t block_size = 1; block_size <= kCount + 1; ++block_size) {
    for (uint64_t skip = 0; skip <= kCount + 1; ++skip) {
      for (uint64_t limit = 0; limit <= kCount + 1; ++limit) {
        CAPTURE(block_size);
        CAPTURE(skip);
        CAPTURE(limit);
        CountingReader reader(kCount, block_size);
        FakeMachine machine;
        auto outcome =
            replay(reader, machine, machine.start_process(), {.skip = skip, .limit = limit});
        REQUIRE(outcome.ok());
        const uint64_t first = std::min(skip, kCount);
        const uint64_t end = std::min(first + limit, kCount);
        CHECK(machine.taken() == numbers(first, end));
        CHECK(outcome->records == end - first);
        CHECK(outcome->end == ReplayEnd::kDone);
      }
    }
  }
}

TEST_CASE("replay: without a limit all of it is replayed, and progress is told") {
  CountingReader reader(10, 4);
  FakeMachine machine;
  std::vector<uint64_t> told;
  auto outcome = replay(reader, machine, machine.start_process(),
                        {.on_progress = [&](uint64_t accesses) { told.push_back(accesses); }});
  REQUIRE(outcome.ok());
  CHECK(outcome->records == 10);
  CHECK(told == std::vector<uint64_t>{4, 8, 10});
}

TEST_CASE("replay: a malformed record ends it with the reader's error") {
  CountingReader reader(5, 2, true);
  FakeMachine machine;
  auto outcome = replay(reader, machine, machine.start_process(), {});
  REQUIRE(!outcome.ok());
  CHECK(outcome.error().to_string() == "t:6: bad");
  CHECK(machine.taken() == numbers(0, 5));
}

TEST_CASE("replay: what lies behind the limit is not looked at") {
  CountingReader reader(5, 5, true);
  FakeMachine machine;
  auto outcome = replay(reader, machine, machine.start_process(), {.limit = 5});
  REQUIRE(outcome.ok());
  CHECK(outcome->records == 5);
}

TEST_CASE("replay: an interrupt ends it between two blocks") {
  CountingReader reader(100, 10);
  FakeMachine machine;
  std::atomic<bool> interrupted = false;
  auto outcome = replay(reader, machine, machine.start_process(),
                        {.interrupted = &interrupted,
                         .on_progress = [&](uint64_t accesses) { interrupted = accesses == 30; }});
  REQUIRE(outcome.ok());
  CHECK(outcome->end == ReplayEnd::kInterrupted);
  CHECK(outcome->records == 30);
  CHECK(reader.read() == 30);
}

TEST_CASE("replay: memory that runs out ends it, and what was done is counted") {
  CountingReader reader(100, 10);
  FakeMachine machine(25);
  auto outcome = replay(reader, machine, machine.start_process(), {.skip = 5});
  REQUIRE(outcome.ok());
  CHECK(outcome->end == ReplayEnd::kOutOfMemory);
  CHECK(outcome->records == 25);
}

TEST_CASE("replay: the page size is the paging format's") {
  CHECK(page_size_of({}).bytes() == 4096);
  CHECK(page_size_of({.paging = "arm64-64k"}).bytes() == 65536);
}

}  // namespace
}  // namespace faultline::replay
