// FakeTrace: a trace of given accesses, each by a given process.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "faultline/trace.h"
#include "sim/base/prng.h"

namespace faultline::replay {

struct FakeAccess {
  Access access;
  uint32_t pid = 0;
};

// Hands out blocks of up to `block` accesses of one process.
class FakeTrace final : public TraceReader {
 public:
  explicit FakeTrace(std::vector<FakeAccess> accesses, size_t block = 1000)
      : accesses_(std::move(accesses)), block_max_(block) {}

  std::string_view format() const override { return "fake"; }
  Result<TraceBlock, InputError> next_block() override {
    block_.clear();
    const uint32_t pid = at_ < accesses_.size() ? accesses_[at_].pid : 0;
    for (; at_ < accesses_.size() && accesses_[at_].pid == pid && block_.size() < block_max_; ++at_)
      block_.push_back(accesses_[at_].access);
    return TraceBlock{.accesses = block_, .task = {.pid = pid, .tid = pid}};
  }

 private:
  std::vector<FakeAccess> accesses_;
  size_t block_max_;
  size_t at_ = 0;
  std::vector<Access> block_;
};

// Accesses to so many pages, all over them, that runs of them come by number where blocks are
// large.
inline std::vector<FakeAccess> scattered_accesses(size_t count) {
  base::Prng random(6);
  std::vector<FakeAccess> accesses;
  for (size_t i = 0; i < count; ++i) {
    const bool near = random.below(4) == 0;
    const uint64_t page = random.below(near ? 40 : 20'000);
    accesses.push_back({{.address = {0x100000 + page * 4096 + random.below(4096)},
                         .size_bytes = static_cast<uint32_t>(random.below(1000) == 0 ? 9'000 : 2),
                         .kind = static_cast<AccessKind>(random.below(4))}});
  }
  return accesses;
}

// A FakeTrace that holds page runs.
class FakeRuns final : public TraceReader {
 public:
  explicit FakeRuns(std::vector<FakeAccess> accesses, size_t block = 1000)
      : trace_(std::move(accesses), block), runs_(make_page_run_reader(trace_)) {}

  std::string_view format() const override { return "fake"; }
  Result<TraceBlock, InputError> next_block() override { return trace_.next_block(); }
  PageRunReader* page_runs() override { return runs_.get(); }

 private:
  FakeTrace trace_;
  std::unique_ptr<PageRunReader> runs_;
};

}  // namespace faultline::replay
