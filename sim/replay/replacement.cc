#include "sim/replay/replacement.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/flat_replacement.h"

namespace faultline::replay {
namespace {

// A policy by its own interface. Frames have the numbers that RunMachine would
// give them: the lowest free one.
class PolicyReplacement final : public Replacement, private FrameView {
 public:
  PolicyReplacement(std::unique_ptr<ReplacementPolicy> policy, uint64_t frames)
      : policy_(std::move(policy)),
        frames_max_(frames),
        ticks_(policy_->tick_references()),
        next_tick_(ticks_ == 0 ? std::numeric_limits<uint64_t>::max() : ticks_),
        in_frame_(1),
        last_references_(1) {}
  // The policy is told of the last references.
  ~PolicyReplacement() override { hand_over_log(); }
  PolicyReplacement(const PolicyReplacement&) = delete;
  PolicyReplacement& operator=(const PolicyReplacement&) = delete;

  void add(const NumberedRuns& runs) override {
    FL_CHECK(runs.pages <= kPagesMax);
    if (runs.pages > pages_.size()) pages_.resize(runs.pages, kNever);
    switch (policy_->sees()) {
      case PolicySees::kEveryReference:
        return use_all<PolicySees::kEveryReference>(runs);
      case PolicySees::kLastReference:
        return use_all<PolicySees::kLastReference>(runs);
      default:
        return use_all<PolicySees::kAccessedBits>(runs);
    }
  }

  ReplacementStats stats() const override {
    ReplacementStats stats = counts_;
    stats.hits = references_ - stats.misses;
    return stats;
  }

  void validate() const override {
    policy_->validate();
    uint64_t resident = 0;
    for (uint32_t page = 0; page < pages_.size(); ++page) {
      if (pages_[page] < kResidentMin) continue;
      ++resident;
      FL_CHECK(in_frame_[pages_[page] >> kFrameShift] == page);
    }
    FL_CHECK(resident == resident_ && resident == policy_->size() && resident <= frames_max_);
  }

 private:
  // Of a page: the number of its frame, and whether it was used and stored to;
  // or one of these.
  static constexpr uint32_t kNever = 0;
  static constexpr uint32_t kGone = 1;
  static constexpr uint32_t kAccessed = 1;
  static constexpr uint32_t kDirty = 2;
  static constexpr unsigned kFrameShift = 2;
  static constexpr uint32_t kResidentMin = 1 << kFrameShift;

  static constexpr size_t kLogMax = 512;
  static constexpr uint32_t kHitsMax = 0x7fffffff;  // of a Reference

  uint64_t now() const override { return references_; }
  uint64_t last_reference(Pfn frame) const override { return last_references_[frame.value]; }
  bool test_and_clear_accessed(Pfn frame) override {
    uint32_t& page = pages_[in_frame_[frame.value]];
    const bool accessed = (page & kAccessed) != 0;
    page &= ~kAccessed;
    return accessed;
  }
  bool dirty(Pfn frame) const override { return (pages_[in_frame_[frame.value]] & kDirty) != 0; }
  bool evictable(Pfn) const override { return true; }

  // References to one page, all of them stores or none.
  struct Use {
    uint32_t page;
    uint64_t count;
    bool store;
  };

  // What is inline here are runs that find their page and pass no tick; what it
  // counts stays in registers.
  template <PolicySees kSees>
  void use_all(const NumberedRuns& runs) {
    runs.with_number_of([&](auto number_of) { use_all<kSees>(runs.runs, number_of); });
  }
  template <PolicySees kSees, class NumberOf>
  void use_all(std::span<const PageRun> runs, NumberOf number_of) {
    // What is written may alias what finds it.
    uint32_t* const pages = pages_.data();
    uint64_t references = references_;
    size_t logged = logged_;
    for (const PageRun run : runs) {
      const uint32_t number = number_of(run);
      const uint64_t count = references_of(run);
      const uint32_t page = pages[number];
      const Pfn frame{page >> kFrameShift};
      // A log that is full is handed over by the slow way, too.
      const bool plain = page >= kResidentMin && references + count < next_tick_ &&
                         (kSees != PolicySees::kEveryReference || logged < kLogMax);
      if (!plain) [[unlikely]] {
        references_ = references;
        logged_ = logged;
        pass_ticks<kSees>({.page = number, .count = count, .store = is_store(run.kind())});
        references = references_;
        logged = logged_;
        continue;
      }
      if constexpr (kSees == PolicySees::kEveryReference)
        log_[logged++] = {.position = references + 1,
                          .frame = frame,
                          .hits = static_cast<uint32_t>(count) & kHitsMax};
      references += count;
      if constexpr (kSees == PolicySees::kLastReference) last_references_[frame.value] = references;
      // Most often nothing is to be written, and so the next run need not wait
      // for it.
      const uint32_t after = page | kAccessed | (is_store(run.kind()) ? kDirty : 0);
      if (page != after) [[unlikely]]
        pages[number] = after;
    }
    references_ = references;
    logged_ = logged;
  }
  // REQUIRES: no tick is due but after the last of them.
  template <PolicySees kSees>
  void refer(const Use& use) {
    uint32_t& page = pages_[use.page];
    const bool missed = page < kResidentMin;
    if (missed) [[unlikely]]
      bring_in(use.page);
    const uint64_t first = references_ + 1;
    references_ += use.count;
    const bool accessed = !missed || use.count > 1 || policy_->enters_referenced();
    page |= (use.store ? kDirty : 0) | (accessed ? kAccessed : 0);
    const Pfn frame{page >> kFrameShift};
    if constexpr (kSees == PolicySees::kLastReference) last_references_[frame.value] = references_;
    if constexpr (kSees == PolicySees::kEveryReference) {
      const uint64_t hits = use.count - (missed ? 1 : 0);
      if (logged_ == kLogMax) hand_over_log();
      log_[logged_++] = {.position = first,
                         .frame = frame,
                         .hits = static_cast<uint32_t>(hits) & kHitsMax,
                         .brought_in = missed ? 1u : 0u};
    }
  }
  // The references up to each tick, and those that are left.
  template <PolicySees kSees>
  void pass_ticks(const Use& use) {
    Use part = use;
    for (uint64_t left = use.count; left > 0; left -= part.count) {
      part.count = std::min(left, next_tick_ - references_);
      refer<kSees>(part);
      if (references_ < next_tick_) continue;
      hand_over_log();
      policy_->on_tick(*this);
      next_tick_ += ticks_;
      give_up_early();
    }
  }

  void bring_in(uint32_t number) {
    hand_over_log();
    ++counts_.misses;
    if (pages_[number] == kNever) ++counts_.cold_misses;
    give_up_early();
    const Pfn frame = take_frame(PageId{number});
    in_frame_[frame.value] = number;
    last_references_[frame.value] = references_;
    pages_[number] = frame.value << kFrameShift;
    policy_->on_insert(frame, PageId{number});
  }
  Pfn take_frame(PageId incoming) {
    // None is free then but the victim's.
    if (resident_ == frames_max_) {
      const Pfn victim = policy_->choose_victim(*this, incoming);
      evict(victim);
      return victim;
    }
    ++resident_;
    if (freed_.empty()) {
      in_frame_.push_back(kNever);
      last_references_.push_back(0);
      return Pfn{static_cast<uint32_t>(in_frame_.size() - 1)};
    }
    const Pfn frame{freed_.top()};
    freed_.pop();
    return frame;
  }
  // The frame is the caller's.
  void evict(Pfn victim) {
    FL_CHECK(victim != kNoPfn);
    uint32_t& page = pages_[in_frame_[victim.value]];
    ++counts_.evictions;
    if ((page & kDirty) != 0) ++counts_.dirty_evictions;
    page = kGone;
  }
  void give_up_early() {
    if (!policy_->gives_up_early()) return;
    for (Pfn victim = policy_->choose_early(*this); victim != kNoPfn;
         victim = policy_->choose_early(*this)) {
      evict(victim);
      freed_.push(victim.value);
      --resident_;
    }
  }
  void hand_over_log() {
    if (logged_ == 0) return;
    policy_->on_references(std::span(log_).first(std::exchange(logged_, 0)));
  }

  const std::unique_ptr<ReplacementPolicy> policy_;
  const uint64_t frames_max_;
  const uint64_t ticks_;  // references from one of its ticks to the next; 0: none
  uint64_t next_tick_;
  std::vector<uint32_t> pages_;            // by number
  std::vector<uint32_t> in_frame_;         // by Pfn: the number of the page; frame 0 is none
  std::vector<uint64_t> last_references_;  // by Pfn
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> freed_;
  std::array<Reference, kLogMax> log_;  // what the policy has not been told of yet
  size_t logged_ = 0;
  uint64_t resident_ = 0;
  uint64_t references_ = 0;
  ReplacementStats counts_;
};

// For OPT, which is then not made by its policy.
class NoNextUses final : public NextUses {
  uint64_t next_use(uint64_t) override { return kNever; }
};

}  // namespace

std::unique_ptr<Replacement> make_policy_replacement(std::unique_ptr<ReplacementPolicy> policy,
                                                     uint64_t frames) {
  return std::make_unique<PolicyReplacement>(std::move(policy), frames);
}

Result<std::unique_ptr<Replacement>, InputError> make_replacement(
    const ReplacementOptions& options) {
  FL_CHECK(options.frames > 0);
  // The policy itself checks its options.
  NoNextUses none;
  auto policy = reclaim::make_policy(
      options.policy, {.frames = options.frames, .seed = options.seed, .next_uses = &none});
  if (!policy) return policy.error();
  const std::string_view name =
      std::string_view(options.policy).substr(0, options.policy.find(':'));
  if (name == "lru") return make_flat_lru(options.frames);
  if (name == "opt") return make_flat_opt(options.frames);
  if (name == "fifo") return make_flat_fifo(options.frames);
  if (name == "clock") {
    const bool used = (*policy)->enters_referenced();
    return make_flat_clock(options.frames, used ? Enters::kUsed : Enters::kUnused);
  }
  return make_policy_replacement(std::move(policy).value(), options.frames);
}

}  // namespace faultline::replay
