// OPT, Belady's optimal policy: the page goes whose next use is farthest in the future. No policy
// misses less.
//
// It knows the future from NextUses, which a first pass over the trace has made: OptFirstPass
// stands in for OPT there. Of pages that are never used again the one with the highest frame number
// goes; pages that have not been used at all (read ahead) count as never used, once another
// reference has passed. The page that comes in always finds a place: OPT does not send it past
// memory. Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM
// Systems Journal 5(2), 1966 (MIN); Mattson, Gecsei, Slutz, Traiger, "Evaluation techniques for
// storage hierarchies", IBM Systems Journal 9(2), 1970 (OPT).
//
// Frames are in a heap by next use. Where a page is used its entry is out of date, and a new one is
// put beside it when a victim is wanted: the old one says a time that has passed, which no entry
// that holds says, so that it is never the first but where all are out of date.
//
// Invariants, checked by validate():
//   1. every held frame has its next use in the heap, or is to be put there
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
      frames_[reference.frame.value].next_use = next_uses_.next_use(last);
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

  // O(log frames) for each frame used since the last call.
  Pfn choose_victim(FrameView& frames, PageId) override {
    put_waiting();
    std::vector<Entry> passed;
    Pfn victim = kNoPfn;
    while (victim == kNoPfn && !heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end());
      const Entry first = heap_.back();
      heap_.pop_back();
      if (!holds(first)) continue;
      if (frames.evictable(first.frame)) {
        victim = first.frame;
      } else {
        passed.push_back(first);
      }
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
      FL_CHECK_MSG(listed[i], "opt: frame {} is not in the heap", i);  // 1
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

  void put_waiting() {
    for (const Pfn frame : waiting_) {
      frames_[frame.value].waits = false;
      if (frames_[frame.value].held) push({frames_[frame.value].next_use, frame});
    }
    waiting_.clear();
    if (heap_.size() <= 2 * size_ + kSlack) return;
    std::erase_if(heap_, [this](const Entry& entry) { return !holds(entry); });
    // A page removed and brought back may stand twice.
    std::sort(heap_.begin(), heap_.end(), [](const Entry& a, const Entry& b) { return b < a; });
    heap_.erase(std::unique(heap_.begin(), heap_.end(),
                            [](const Entry& a, const Entry& b) { return a.frame == b.frame; }),
                heap_.end());
  }

  NextUses& next_uses_;
  std::vector<Frame> frames_;  // by Pfn
  std::vector<Entry> heap_;
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
