// Exact curves: a stack of the pages of all processes, and, from the second process on, one for
// each.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/replay/curve_maker.h"
#include "sim/replay/miss_curve.h"
#include "sim/replay/page_ids.h"
#include "sim/replay/run_pages.h"
#include "sim/replay/stack_distances.h"

namespace faultline::replay {
namespace {

// A stack, and what it leaves out: references to the page on its top.
class Stack {
 public:
  void grow_to(uint64_t pages) { distances_.grow_to(pages); }
  void add(NumberedRuns left) {
    while (!left.runs.empty()) {
      NumberedRuns piece = left;
      piece.runs = left.runs.first(std::min(left.runs.size(), std::size(buffer_)));
      distances_.add({buffer_, collect(piece)});
      left.runs = left.runs.subspan(piece.runs.size());
    }
  }
  MissCurve curve() const { return make_curve(references_, distances_); }

 private:
  // Writes the pages of the runs, without those that follow themselves; returns how many.
  size_t collect(const NumberedRuns& piece) {
    size_t count = 0;
    uint32_t top = top_;
    uint64_t references = 0;
    for (const PageRun run : piece.runs) {
      const uint32_t number = piece.number_of(run);
      references += references_of(run);
      buffer_[count] = number;
      count += number != top;
      top = number;
    }
    top_ = top;
    references_ += references;
    return count;
  }

  StackDistances distances_;
  uint64_t references_ = 0;
  uint32_t top_ = RunPages::kBeyond;  // the page referenced last
  uint32_t buffer_[4096];
};

// A process of several. The numbers that its pages have among all are far apart.
struct Space {
  PageIds ids{};
  Stack stack{};
};

class ExactCurves final : public CurveMaker {
 public:
  ExactCurves(PageShape shape, uint64_t pages_max) : pages_(shape), pages_max_(pages_max) {}

  bool add(const PageRunBlock& block) override {
    if (block.runs.empty()) return true;
    const uint64_t known = known_pages_;
    const NumberedRuns all = pages_.number(block);
    if (all.distinct > pages_max_) return false;
    known_pages_ = all.pages;
    total_.grow_to(all.pages);
    if (!first_pid_) first_pid_ = block.task.pid;
    if (spaces_.empty() && block.task.pid != *first_pid_) tell_apart(known);
    total_.add(all);
    if (!spaces_.empty()) add_to(get(block.task.pid), all);
    return true;
  }

  void finish(MrcReport& report) const override {
    report.total = total_.curve();
    for (const auto& [pid, space] : spaces_)
      report.processes.push_back({.pid = pid, .curve = space->stack.curve()});
  }

 private:
  Space& get(uint32_t pid) {
    std::unique_ptr<Space>& found = spaces_[pid];
    if (found == nullptr) found = std::make_unique<Space>();
    return *found;
  }
  // Up to here, the pages of all were those of the first process.
  void tell_apart(uint64_t pages) {
    Space& first = get(*first_pid_);
    first.stack = total_;
    for (uint64_t number = 0; number < pages; ++number) first.ids.get(number);
  }
  // REQUIRES: the block does not come by number, as none does any more.
  void add_to(Space& space, const NumberedRuns& all) {
    ids_.clear();
    for (const uint32_t number : all.numbers)
      ids_.push_back(number == RunPages::kBeyond ? number : space.ids.get(number));
    space.stack.grow_to(space.ids.size());
    space.stack.add({.runs = all.runs, .numbers = ids_});
  }

  RunPages pages_;
  uint64_t pages_max_;
  uint64_t known_pages_ = 0;  // numbers of the blocks so far are below
  Stack total_;
  std::optional<uint32_t> first_pid_{};                // of the first block
  std::map<uint32_t, std::unique_ptr<Space>> spaces_;  // by pid; empty: there is one process
  std::vector<uint32_t> ids_;                          // of the block's pages
};

}  // namespace

std::unique_ptr<CurveMaker> make_exact_curves(PageShape shape, const MrcOptions& options) {
  // Of a block the pages are numbered before they are counted.
  static_assert(kMrcPagesMax <= StackDistances::kPagesMax);
  static_assert(kMrcPagesMax + PageRun::kPagesMax <= PageIds::kPagesMax);
  return std::make_unique<ExactCurves>(shape, options.pages_max);
}

}  // namespace faultline::replay
