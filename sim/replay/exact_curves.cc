// Exact curves: a stack of pages for each process, and, from the second process on, one of the
// pages of all.
#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/flat_array.h"
#include "sim/replay/curve_maker.h"
#include "sim/replay/miss_curve.h"
#include "sim/replay/page_ids.h"
#include "sim/replay/stack_distances.h"

namespace faultline::replay {
namespace {

// Instead of a page's dense number: no page that can be referenced.
constexpr uint32_t kBeyond = PageIds::kNone;

// A stack, and what it leaves out: references to the page on its top.
class Stack {
 public:
  void grow_to(uint64_t pages) { distances_.grow_to(pages); }
  // `ids` are the dense numbers of the block's pages.
  void add(std::span<const PageRun> runs, std::span<const uint32_t> ids, bool some_beyond) {
    while (!runs.empty()) {
      const auto piece = runs.first(std::min(runs.size(), std::size(buffer_)));
      const size_t count = some_beyond ? collect<true>(piece, ids) : collect<false>(piece, ids);
      distances_.add({buffer_, count});
      runs = runs.subspan(piece.size());
    }
  }
  MissCurve curve() const { return make_curve(references_, distances_); }

 private:
  // Writes the pages of the runs, without those that follow themselves; returns how many.
  template <bool kSomeBeyond>
  size_t collect(std::span<const PageRun> runs, std::span<const uint32_t> ids) {
    size_t count = 0;
    uint32_t top = top_;
    uint64_t references = 0;
    for (const PageRun run : runs) {
      const uint32_t id = ids[run.page()];
      if constexpr (kSomeBeyond) {
        // An access ends at its first page that it cannot reference.
        if (run.count() > 0) failed_ = false;
        failed_ |= id == kBeyond;
        if (failed_) continue;
      }
      const bool other = id != top;
      // An access that goes on on its next page references that one, if pages are so small that it
      // is another.
      references += run.count() + unsigned{run.count() == 0 && other};
      buffer_[count] = id;
      count += other;
      top = id;
    }
    top_ = top;
    references_ += references;
    return count;
  }

  StackDistances distances_;
  uint64_t references_ = 0;
  uint32_t top_ = kBeyond;  // the page referenced last
  bool failed_ = false;     // the last access, before its end
  uint32_t buffer_[4096];
};

struct Space {
  explicit Space(unsigned page_bits) : ids(page_bits) {}
  PageIds ids;
  Stack stack{};
  base::FlatArray<uint32_t> total_ids{};  // by its own number of a page, the number among all pages
};

class ExactCurves final : public CurveMaker {
 public:
  ExactCurves(PageShape shape, uint64_t pages_max) : shape_(shape), pages_max_(pages_max) {}

  bool add(const PageRunBlock& block) override {
    if (block.runs.empty()) return true;
    Space& space = get(block.task.pid);
    bool some_beyond = false;
    const uint64_t known = space.ids.size();
    ids_.clear();
    for (const uint64_t number : block.pages) {
      const bool beyond = shape_.beyond_user_space(number);
      some_beyond |= beyond;
      ids_.push_back(beyond ? kBeyond : space.ids.get(shape_.page(number)));
    }
    seen_ += space.ids.size() - known;
    if (seen_ > pages_max_) return false;
    space.stack.grow_to(space.ids.size());
    space.stack.add(block.runs, ids_, some_beyond);
    if (total_ == nullptr) return true;
    number_among_all(space);
    for (uint32_t& id : ids_)
      if (id != kBeyond) id = space.total_ids[id];
    total_->grow_to(pages_);
    total_->add(block.runs, ids_, some_beyond);
    return true;
  }

  void finish(MrcReport& report) const override {
    if (total_ == nullptr) {
      report.total = spaces_.empty() ? Stack().curve() : spaces_.begin()->second->stack.curve();
      return;
    }
    report.total = total_->curve();
    for (const auto& [pid, space] : spaces_)
      report.processes.push_back({.pid = pid, .curve = space->stack.curve()});
  }

 private:
  Space& get(uint32_t pid) {
    std::unique_ptr<Space>& found = spaces_[pid];
    if (found != nullptr) return *found;
    if (spaces_.size() == 2) {
      // Up to here, the pages of all were those of the first.
      for (const auto& [other, first] : spaces_) {
        if (first == nullptr) continue;
        total_ = std::make_unique<Stack>(first->stack);
        number_among_all(*first);
      }
    }
    found = std::make_unique<Space>(shape_.page_bits());
    return *found;
  }

  // Gives the pages of `space` that are new their numbers among all pages.
  void number_among_all(Space& space) {
    const size_t known = space.total_ids.size();
    space.total_ids.grow_to(space.ids.size(), 0);
    std::iota(space.total_ids.begin() + known, space.total_ids.end(),
              static_cast<uint32_t>(pages_));
    pages_ += space.ids.size() - known;
  }

  PageShape shape_;
  uint64_t pages_max_;
  uint64_t seen_ = 0;                                  // pages of all processes
  std::map<uint32_t, std::unique_ptr<Space>> spaces_;  // by pid
  std::unique_ptr<Stack> total_;                       // null: one process, whose stack it is
  uint64_t pages_ = 0;                                 // numbered among all
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
