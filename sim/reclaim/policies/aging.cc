// Aging: every `tick` references the counter of each page is shifted right by one, and the page's
// accessed bit, which is cleared, becomes its highest bit. The page with the lowest counter goes.
//
// Counters have 8 bits. A page that came since the last tick has no counter yet, and goes after all
// that have one. Of pages with equal counters the one goes that would have gone before the last
// tick: that had the lower counter then, and so on back. What was used since the last tick does not
// count yet. Source: Tanenbaum, Modern Operating Systems, "Simulating LRU in software".
//
// Invariants: those of IndexLists.
#include <memory>
#include <vector>

#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

constexpr size_t kCounters = 256;
constexpr size_t kHighest = kCounters / 2;
constexpr size_t kNew = kCounters;  // in place of a counter
constexpr size_t kAgingLists = kCounters + 1;

class Aging : public ReplacementPolicy {
 public:
  explicit Aging(uint64_t tick) : tick_(tick) {}

  PolicySees sees() const override { return PolicySees::kAccessedBits; }
  uint64_t tick_references() const override { return tick_; }

  void on_insert(Pfn frame, PageId) override { counters_.push_back(kNew, frame.value); }
  void on_remove(Pfn frame) override { counters_.remove(frame.value); }

  // O(frames).
  void on_tick(FrameView& frames) override {
    struct Counted {
      uint32_t frame;
      size_t counter;
    };
    std::vector<Counted> all;
    for (size_t counter = 0; counter < kAgingLists; ++counter)
      for (uint32_t i = counters_.front(counter); i != kNoIndex; i = counters_.next(i))
        all.push_back({i, counter});
    for (const Counted& one : all) {
      const bool used = frames.test_and_clear_accessed(Pfn{one.frame});
      counters_.remove(one.frame);
      const size_t before = one.counter == kNew ? 0 : one.counter;
      counters_.push_back(before / 2 + (used ? kHighest : 0), one.frame);
    }
  }

  // O(256 + frames that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId) override {
    for (size_t counter = 0; counter < kAgingLists; ++counter) {
      for (uint32_t i = counters_.front(counter); i != kNoIndex; i = counters_.next(i)) {
        if (!frames.evictable(Pfn{i})) continue;
        counters_.remove(i);
        return Pfn{i};
      }
    }
    return kNoPfn;
  }

  uint64_t size() const override {
    uint64_t size = 0;
    for (size_t counter = 0; counter < kAgingLists; ++counter) size += counters_.size(counter);
    return size;
  }
  void validate() const override { counters_.validate(); }

 private:
  uint64_t tick_;
  IndexLists<kAgingLists> counters_;  // frames, by counter
};

}  // namespace

MadePolicy make_aging(const PolicyRequest& request) {
  NumberOption tick = tick_option();
  if (auto error = read_options("aging", request.options, std::span(&tick, 1))) return *error;
  return made(std::make_unique<Aging>(tick.value));
}

}  // namespace faultline::reclaim
