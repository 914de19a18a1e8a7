// LRU, exact: the page whose last reference is longest ago goes.
//
// Nothing is moved at a reference: the machine writes the position of the reference beside the
// frame (FrameView::last_reference). Frames wait in a min-heap under the position that was last
// known; a frame that comes out with an old position has been referenced since, and goes back under
// the new one. Each reference costs at most one such return, so a victim costs O(log frames)
// amortised over references.
//
// Frames with equal positions (pages read ahead, never referenced) go in the order they came.
//
// Invariants, checked by validate():
//   1. every held frame has exactly one valid entry, in the heap or among the new ones
//   2. the heap is one
#include <algorithm>
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

class Lru : public ReplacementPolicy {
 public:
  PolicySees sees() const override { return PolicySees::kEveryAccess; }

  void on_insert(Pfn frame) override {
    FL_CHECK(frame != kNoPfn);
    if (frame.value >= entered_.size()) entered_.resize(frame.value + size_t{1}, kNotHeld);
    FL_CHECK(entered_[frame.value] == kNotHeld);
    entered_[frame.value] = ++entries_;
    // Its position is not known before its first reference is done: the heap can wait.
    new_.push_back({0, entries_, frame});
    ++size_;
    drop_stale_entries();
  }

  void on_remove(Pfn frame) override {
    FL_CHECK(frame.value < entered_.size() && entered_[frame.value] != kNotHeld);
    entered_[frame.value] = kNotHeld;  // its entry is stale now
    --size_;
  }

  Pfn choose_victim(FrameView& frames) override {
    for (Entry entry : new_)
      if (valid(entry)) push({frames.last_reference(entry.frame), entry.entered, entry.frame});
    new_.clear();
    Pfn victim = kNoPfn;
    while (victim == kNoPfn && !heap_.empty()) {
      Entry entry = pop();
      if (!valid(entry)) continue;
      const uint64_t position = frames.last_reference(entry.frame);
      if (position != entry.position) {
        entry.position = position;
        push(entry);
      } else if (!frames.evictable(entry.frame)) {
        set_aside_.push_back(entry);
      } else {
        victim = entry.frame;
      }
    }
    for (const Entry& entry : set_aside_) push(entry);
    set_aside_.clear();
    if (victim != kNoPfn) on_remove(victim);
    return victim;
  }

  uint64_t size() const override { return size_; }

  void validate() const override {
    std::vector<uint8_t> met(entered_.size(), 0);
    for (const std::vector<Entry>* entries : {&new_, &heap_})
      for (const Entry& entry : *entries)
        if (valid(entry))
          FL_CHECK_MSG(met[entry.frame.value]++ == 0, "lru: two entries of one frame");
    uint64_t held = 0;
    for (size_t i = 0; i < entered_.size(); ++i) {
      if (entered_[i] == kNotHeld) continue;
      FL_CHECK_MSG(met[i] == 1, "lru: frame {} has no entry", i);
      ++held;
    }
    FL_CHECK_MSG(held == size_, "lru: {} frames held, {} counted", held, size_);
    FL_CHECK(std::is_heap(heap_.begin(), heap_.end(), later));
  }

 private:
  static constexpr uint64_t kNotHeld = 0;

  struct Entry {
    uint64_t position;  // of the last reference, as far as it was known
    uint64_t entered;   // the number of the entry: names this stay of the page, breaks ties
    Pfn frame;
  };

  static bool later(const Entry& a, const Entry& b) {
    return a.position != b.position ? a.position > b.position : a.entered > b.entered;
  }
  bool valid(const Entry& entry) const { return entered_[entry.frame.value] == entry.entered; }

  void push(const Entry& entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  Entry pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }

  // Keeps a program that maps and unmaps, and never fills memory, from growing the lists for ever.
  void drop_stale_entries() {
    if (new_.size() + heap_.size() < 2 * size_ + kSlack) return;
    const auto stale = [this](const Entry& entry) { return !valid(entry); };
    std::erase_if(new_, stale);
    std::erase_if(heap_, stale);
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  static constexpr size_t kSlack = 64;
  std::vector<uint64_t> entered_;  // by Pfn: the number of the valid entry, or kNotHeld
  std::vector<Entry> new_;         // came since the last choice
  std::vector<Entry> heap_;
  std::vector<Entry> set_aside_;  // empty between calls; kept for its memory
  uint64_t entries_ = 0;          // ever made
  uint64_t size_ = 0;
};

}  // namespace

MadePolicy make_lru(std::span<const PolicyOption> options) {
  if (!options.empty()) return unknown_policy_option("lru", options.front());
  return std::unique_ptr<ReplacementPolicy>(std::make_unique<Lru>());
}

}  // namespace faultline::reclaim
