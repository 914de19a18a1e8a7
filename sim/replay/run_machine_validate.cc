#include "sim/base/check.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {

void RunMachine::validate() const {
  if (policy_ != nullptr) {
    policy_->validate();
    FL_CHECK(policy_->size() == in_use_);  // 1
  }
  uint64_t held = 0;
  for (uint32_t i = 0; i < held_.size(); ++i) {
    if (held_[i] == kNoPageHeld) continue;
    ++held;
    FL_CHECK(state_in(Pfn{i}).frame == Pfn{i});  // 2
  }
  FL_CHECK(held == in_use_);
  uint64_t resident = 0;
  for (size_t page = 0; page < states_.size(); ++page) {
    const bool in_memory = (states_[page].flags & kResident) != 0;
    resident += in_memory;
    FL_CHECK(in_memory || (states_[page].flags & (kInData | kInCode)) == 0);  // 3
  }
  FL_CHECK(resident == in_use_);  // 2
  tlb_.validate();
}

}  // namespace faultline::replay
