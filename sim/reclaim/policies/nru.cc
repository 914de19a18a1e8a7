// NRU, not recently used: pages are of four classes, and one of the lowest class that has any goes:
//     0  not used since the last tick, clean      2  used, clean
//     1  not used, dirty                          3  used, dirty
// Every `tick` references all accessed bits are cleared.
//
// Within a class the page goes that has been in it longest; Tanenbaum leaves it open. A page's
// class is looked up when it comes to the front of its class, so that a page that has been used
// meanwhile moves up; a page that became clean moves down at the next tick.
// Source: Tanenbaum, Modern Operating Systems, "The not recently used page replacement algorithm".
//
// Invariants: those of IndexLists.
#include <memory>
#include <vector>

#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

constexpr size_t kClasses = 4;
constexpr size_t kUsedClean = 2;

class Nru : public ReplacementPolicy {
 public:
  explicit Nru(uint64_t tick) : tick_(tick) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  uint64_t tick_references() const override { return tick_; }

  void on_insert(Pfn frame, PageId) override { classes_.push_back(kUsedClean, frame.value); }
  void on_remove(Pfn frame) override { classes_.remove(frame.value); }

  // O(frames).
  void on_tick(FrameView& frames) override {
    std::vector<uint32_t> all;
    for (size_t list = 0; list < kClasses; ++list)
      for (uint32_t i = classes_.front(list); i != kNoIndex; i = classes_.next(i)) all.push_back(i);
    for (const uint32_t i : all) {
      (void)frames.test_and_clear_accessed(Pfn{i});
      classes_.remove(i);
      classes_.push_back(frames.dirty(Pfn{i}) ? 1 : 0, i);
    }
  }

  // O(1) amortised, for a page moves up three times at most between two ticks; and O(frames that
  // may not be given up).
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (size_t list = 0; list < kClasses; ++list) {
      for (uint32_t i = classes_.front(list), next = kNoIndex; i != kNoIndex; i = next) {
        next = classes_.next(i);
        const size_t found = class_now(list, Pfn{i}, frames);
        if (found > list) {
          classes_.remove(i);
          classes_.push_back(found, i);
        } else if (frames.evictable(Pfn{i})) {
          classes_.remove(i);
          return Pfn{i};
        }
      }
    }
    return kNoPfn;
  }

  uint64_t size() const override {
    uint64_t size = 0;
    for (size_t list = 0; list < kClasses; ++list) size += classes_.size(list);
    return size;
  }
  void validate() const override { classes_.validate(); }

 private:
  static size_t class_now(size_t list, Pfn frame, FrameView& frames) {
    const bool used = frames.test_and_clear_accessed(frame) || list >= kUsedClean;
    return (used ? kUsedClean : 0) + (frames.dirty(frame) ? 1 : 0);
  }

  uint64_t tick_;
  IndexLists<kClasses> classes_;  // frames
};

}  // namespace

MadePolicy make_nru(const PolicyRequest& request) {
  NumberOption tick = tick_option();
  if (auto error = read_options("nru", request.options, std::span(&tick, 1))) return *error;
  return made(std::make_unique<Nru>(tick.value));
}

}  // namespace faultline::reclaim
