// LFU: the page with the fewest references since it came in goes; of those with equally few, the
// one whose last reference is longest ago. The count of a page that goes is forgotten.
//
// The frames are in a heap by the counts they had when they were last looked at there. Counts only
// grow: where the first of the heap still has its count, no other has fewer; else it sinks to its
// place. So a reference costs a store or two, and nothing moves before a victim is wanted.
// Source: Aho, Denning, Ullman, "Principles of optimal page replacement", JACM 18(1), 1971, which
// names it; ties and forgetting as in Robinson, Devarakonda, "Data cache management using
// frequency-based replacement", SIGMETRICS 1990 ("in-cache" counts).
//
// Invariants, checked by validate():
//   1. every held frame has one entry in the heap, and its place says where
//   2. no entry comes before the one above it
//   3. no frame has used less than its entry says
#include <algorithm>
#include <memory>
#include <tuple>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Lfu : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kEveryReference; }

  void on_insert(Pfn frame, PageId) override {
    FL_CHECK(frame != kNoPfn);
    if (frame.value >= uses_.size()) uses_.resize(frame.value + size_t{1});
    FL_CHECK(uses_[frame.value].place == kNoIndex);
    uses_[frame.value] = {.count = 1, .order = ++order_};
    heap_.emplace_back();
    rise(heap_.size() - 1, {1, order_, frame});
  }

  void on_remove(Pfn frame) override {
    FL_CHECK(frame.value < uses_.size() && uses_[frame.value].place != kNoIndex);
    const size_t place = uses_[frame.value].place;
    uses_[frame.value] = {};
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) return;
    if (place > 0 && last < heap_[(place - 1) / 2]) {
      rise(place, last);
    } else {
      sink(place, last);
    }
  }

  void on_references(std::span<const Reference> references) override {
    for (const Reference& reference : references) {
      if (reference.hits == 0) continue;
      Use& use = uses_[reference.frame.value];
      use.count += reference.hits;
      use.order = ++order_;
    }
  }

  // O(log frames) for each frame used since it was last looked at, or not to be given up.
  Pfn choose_victim(FrameView& frames, PageId) override {
    Pfn victim = kNoPfn;
    std::vector<Pfn> passed;
    while (victim == kNoPfn && !heap_.empty()) {
      const Entry first = heap_[0];
      const Use& use = uses_[first.frame.value];
      if (first.count != use.count || first.order != use.order) {
        sink(0, {use.count, use.order, first.frame});
      } else if (frames.evictable(first.frame)) {
        victim = first.frame;
        on_remove(victim);
      } else {
        passed.push_back(first.frame);
        take_first();
      }
    }
    for (const Pfn frame : passed) {
      heap_.emplace_back();
      rise(heap_.size() - 1, {uses_[frame.value].count, uses_[frame.value].order, frame});
    }
    return victim;
  }

  uint64_t size() const override { return heap_.size(); }

  void validate() const override {
    uint64_t held = 0;
    for (const Use& use : uses_) held += use.place != kNoIndex ? 1 : 0;
    FL_CHECK_MSG(held == heap_.size(), "lfu: {} frames held, {} in the heap", held, heap_.size());
    for (size_t i = 0; i < heap_.size(); ++i) {
      const Use& use = uses_[heap_[i].frame.value];
      FL_CHECK(use.place == i);                                              // 1
      FL_CHECK(i == 0 || heap_[(i - 1) / 2] < heap_[i]);                     // 2
      FL_CHECK(use.count >= heap_[i].count && use.order >= heap_[i].order);  // 3
    }
  }

 private:
  struct Use {
    uint64_t count = 0;
    uint64_t order = 0;  // of the last use
    uint32_t place = kNoIndex;
  };
  struct Entry {
    uint64_t count = 0;
    uint64_t order = 0;
    Pfn frame;
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.count != b.count ? a.count < b.count : a.order < b.order;
    }
  };

  void put(size_t place, const Entry& entry) {
    heap_[place] = entry;
    uses_[entry.frame.value].place = static_cast<uint32_t>(place);
  }
  void rise(size_t place, const Entry& entry) {
    for (; place > 0 && entry < heap_[(place - 1) / 2]; place = (place - 1) / 2)
      put(place, heap_[(place - 1) / 2]);
    put(place, entry);
  }
  void sink(size_t place, const Entry& entry) {
    while (true) {
      size_t child = 2 * place + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
      if (!(heap_[child] < entry)) break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, entry);
  }
  // Takes the first entry out of the heap alone.
  void take_first() {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(0, last);
  }

  std::vector<Use> uses_;  // by Pfn
  std::vector<Entry> heap_;
  uint64_t order_ = 0;
};

}  // namespace

MadePolicy make_lfu(const PolicyRequest& request) {
  if (auto error = read_options("lfu", request.options, {})) return *error;
  return made(std::make_unique<Lfu>());
}

}  // namespace faultline::reclaim
