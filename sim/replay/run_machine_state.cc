// What RunMachine counted, and whether it holds together.
#include "sim/base/check.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {

Stats RunMachine::stats() const {
  Stats stats;
  stats.accesses = accesses_;
  stats.references = references_;
  stats.pages_touched = faults_.minor;
  stats.tlb = tlb_.stats();
  stats.walks = walks_;
  if (walk_cache_ != nullptr) stats.walk_cache = walk_cache_->stats();
  stats.faults = faults_;
  const uint64_t misses = faults_.minor + faults_.major;
  stats.replacement = {.hits = references_ - misses,
                       .misses = misses,
                       .cold_misses = faults_.minor,
                       .evictions = evictions_,
                       .dirty_evictions = dirty_evictions_};
  stats.memory = {.resident_pages = in_use_,
                  .peak_resident_pages = peak_in_use_,
                  .inferred_pages = faults_.minor};
  for (const auto& [pid, space] : spaces_)
    stats.memory.page_table_pages += space.table.table_pages();
  return stats;
}

void RunMachine::validate() const {
  if (policy_ != nullptr) {
    policy_->validate();
    FL_CHECK(policy_->size() == in_use_);  // 1
  }
  uint64_t held = 0;
  for (uint32_t i = 0; i < held_.size(); ++i) {
    if (held_[i] == kNoPageHeld) continue;
    ++held;
    if (order_ == Order::kOfPolicy) FL_CHECK(state_in(Pfn{i}).frame == Pfn{i});  // 2
  }
  FL_CHECK(held == in_use_);
  uint64_t resident = 0;
  for (size_t page = 0; page < states_.size(); ++page) {
    const bool in_memory = (states_[page].flags & kResident) != 0;
    resident += in_memory;
    FL_CHECK(in_memory || (states_[page].flags & (kInData | kInCode)) == 0);           // 3
    FL_CHECK(in_memory || order_ == Order::kOfUses || states_[page].frame == kNoPfn);  // 2
  }
  FL_CHECK(resident == in_use_);  // 2
  tlb_.validate();
  if (order_ == Order::kOfPolicy) return;
  FL_CHECK(uses_.next_place() <= references_ + 1);  // 4
  uint64_t last_uses = 0;
  uses_.for_each([&](UseQueue::Use use) {
    const bool last = states_[use.page].last_use == use.place;
    FL_CHECK(!last || (states_[use.page].flags & kResident) != 0);  // 4
    last_uses += last;
  });
  FL_CHECK(last_uses == in_use_);  // 4
}

}  // namespace faultline::replay
