// OPT, Belady's optimal policy: the page goes whose next use is farthest in the future. No policy
// misses less.
//
// It knows the future from NextUses, which a first pass over the trace has made: OptFirstPass
// stands in for OPT there. Of pages that are never used again the one whose last use is longest ago
// goes; pages that have not been used at all (read ahead) go before them, once another reference
// has passed. The page that comes in always finds a place: OPT does not send it past memory.
// Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
// Journal 5(2), 1966 (MIN); Mattson, Gecsei, Slutz, Traiger, "Evaluation techniques for storage
// hierarchies", IBM Systems Journal 9(2), 1970 (OPT).
//
// Only the frames whose next use is farthest are in a heap, since most of the others are used again
// before they ever would be the farthest: those whose next use is no sooner than a horizon, which
// is put nearer when the heap is used up, and farther when it grows large. Where a page is used its
// entry is out of date, and a new one is put beside it when a victim is wanted: the old one says a
// time that has passed, or that the frame does not have any more.
//
// Invariants, checked by validate():
//   1. every held frame with a next use no sooner than the horizon has it in the heap, or is to be
//      put there
//   2. size() equals the number of frames held
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

class Opt : public ReplacementPolicy {
 public:
  explicit Opt(NextUses& next_uses) : next_uses_(next_uses) {}

  PolicySees sees() const override { return PolicySees::kEveryReference; }
  bool is_opt() const override { return true; }

  void on_insert(Pfn frame, PageId) override {
    FL_CHECK(frame != kNoPfn);
    if (frame.value >= frames_.size()) frames_.resize(frame.value + size_t{1});
    Frame& state = frames_[frame.value];
    FL_CHECK(!state.held);
    // Needed at once: the reference that brings it in is not done.
    state = {.next_use = 0, .held = true, .waits = state.waits};
    wait(frame);
    unused_.push_back(frame);
    ++size_;
  }

  void on_remove(Pfn frame) override {
    FL_CHECK(frame.value < frames_.size() && frames_[frame.value].held);
    frames_[frame.value].held = false;
    --size_;
  }

  void on_references(std::span<const Reference> references) override {
    for (const Reference& reference : references) {
      const uint64_t last = reference.position + reference.hits + reference.brought_in - 1;
      const uint64_t next_use = next_uses_.next_use(last);
      // The longer ago, the farther; and farther than all that are used again.
      frames_[reference.frame.value].next_use =
          next_use == NextUses::kNever ? NextUses::kNever - last : next_use;
      wait(reference.frame);
    }
    if (references.empty()) return;
    for (const Pfn frame : unused_) {
      if (!frames_[frame.value].held || frames_[frame.value].next_use != 0) continue;
      frames_[frame.value].next_use = NextUses::kNever;
      wait(frame);
    }
    unused_.clear();
  }

  // O(log frames), amortised over the frames that were used.
  Pfn choose_victim(FrameView& frames, PageId) override {
    put_waiting();
    std::vector<Entry> passed;
    Pfn victim = pop_farthest(frames, passed);
    while (victim == kNoPfn && horizon_ > 0) {
      fill_heap(horizon_ - 1);
      victim = pop_farthest(frames, passed);
    }
    for (const Entry& entry : passed) push(entry);
    if (victim != kNoPfn) on_remove(victim);
    return victim;
  }

  uint64_t size() const override { return size_; }

  void validate() const override {
    std::vector<bool> listed(frames_.size());
    for (const Entry& entry : heap_)
      if (holds(entry)) listed[entry.frame.value] = true;
    for (const Pfn frame : waiting_) listed[frame.value] = true;
    uint64_t held = 0;
    for (size_t i = 0; i < frames_.size(); ++i) {
      if (!frames_[i].held) continue;
      ++held;
      FL_CHECK_MSG(listed[i] || frames_[i].next_use < horizon_, "opt: frame {} is not in the heap",
                   i);  // 1
    }
    FL_CHECK(held == size_);  // 2
  }

 private:
  struct Frame {
    uint64_t next_use = 0;
    bool held = false;
    bool waits = false;  // to be put into the heap
  };
  struct Entry {
    uint64_t next_use;
    Pfn frame;
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.next_use != b.next_use ? a.next_use < b.next_use : a.frame < b.frame;
    }
  };
  static constexpr size_t kSlack = 64;
  // Of the frames that might be, one in so many is put into the heap.
  static constexpr size_t kPart = 8;

  // Whether the entry is up to date.
  bool holds(const Entry& entry) const {
    const Frame& frame = frames_[entry.frame.value];
    return frame.held && frame.next_use == entry.next_use;
  }
  void push(const Entry& entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end());
  }
  void wait(Pfn frame) {
    if (std::exchange(frames_[frame.value].waits, true)) return;
    waiting_.push_back(frame);
  }

  // kNoPfn: there is none in the heap. Those that are not evictable are put into `passed`.
  Pfn pop_farthest(FrameView& frames, std::vector<Entry>& passed) {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end());
      const Entry first = heap_.back();
      heap_.pop_back();
      if (!holds(first)) continue;
      if (frames.evictable(first.frame)) return first.frame;
      passed.push_back(first);
    }
    return kNoPfn;
  }

  void put_waiting() {
    for (const Pfn frame : waiting_) {
      Frame& state = frames_[frame.value];
      state.waits = false;
      if (state.held && state.next_use >= horizon_) push({state.next_use, frame});
    }
    waiting_.clear();
    if (heap_.size() > 2 * filled_ + size_ / kPart + kSlack) fill_heap(NextUses::kNever);
  }

  // With the farthest of all frames whose next use is `latest` at the latest. O(frames).
  void fill_heap(uint64_t latest) {
    heap_.clear();
    for (uint32_t i = 0; i < frames_.size(); ++i)
      if (frames_[i].held && frames_[i].next_use <= latest)
        heap_.push_back({frames_[i].next_use, Pfn{i}});
    const size_t wanted = heap_.size() / kPart + kSlack;
    horizon_ = 0;
    if (wanted < heap_.size()) {
      const auto last = heap_.begin() + static_cast<ptrdiff_t>(wanted);
      std::nth_element(heap_.begin(), last, heap_.end(),
                       [](const Entry& a, const Entry& b) { return b < a; });
      horizon_ = last->next_use;
      std::erase_if(heap_, [this](const Entry& entry) { return entry.next_use < horizon_; });
    }
    std::make_heap(heap_.begin(), heap_.end());
    filled_ = heap_.size();
  }

  NextUses& next_uses_;
  std::vector<Frame> frames_;  // by Pfn
  std::vector<Entry> heap_;
  uint64_t horizon_ = 0;
  size_t filled_ = 0;  // how many fill_heap() put there
  std::vector<Pfn> waiting_;
  std::vector<Pfn> unused_;  // inserted since the last reference
  uint64_t size_ = 0;
};

// Notes what is used when. Memory has room for all.
class OptFirstPass : public ReplacementPolicy {
 public:
  explicit OptFirstPass(NextUses& next_uses) : next_uses_(next_uses) {}

  PolicySees sees() const override { return PolicySees::kEveryReference; }
  bool is_opt() const override { return true; }
  bool knows_pages() const override { return true; }
  void on_insert(Pfn frame, PageId page) override { residents_.insert(frame, page); }
  void on_remove(Pfn frame) override { next_uses_.note_end(residents_.remove(frame)); }
  void on_references(std::span<const Reference> references) override {
    for (const Reference& reference : references)
      next_uses_.note_use(residents_.page_in(reference.frame), reference.position);
  }
  Pfn choose_victim(FrameView&, PageId) override { return kNoPfn; }
  uint64_t size() const override { return residents_.size(); }
  void validate() const override { residents_.validate(); }

 private:
  NextUses& next_uses_;
  Residents residents_;
};

}  // namespace

MadePolicy make_opt(const PolicyRequest& request) {
  if (auto error = read_options("opt", request.options, {})) return *error;
  if (request.setting.next_uses == nullptr)
    return InputError{.message = "policy opt knows the future: it needs a whole trace to replay"};
  if (!request.setting.next_uses->known())
    return made(std::make_unique<OptFirstPass>(*request.setting.next_uses));
  return made(std::make_unique<Opt>(*request.setting.next_uses));
}

}  // namespace faultline::reclaim
