// RunMachine and runs that were made shorter.
#include <optional>

#include "sim/replay/run_condenser.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {

// Where every reference walks, or a walk depends on the walks before it, the order counts.
std::optional<CondenserLimits> RunMachine::condenser_limits() const {
  const bool in_order = policy_ == nullptr || policy_->is_lru();
  if (!in_order || !tlb_.enabled() || walk_cache_ != nullptr ||
      frames_max_ < RunCondenser::kFramesMin)
    return std::nullopt;
  return CondenserLimits{
      .first = {tlb_.first_sets(TlbSide::kData), tlb_.first_sets(TlbSide::kCode)},
      .shift = shift_,
      .user_pages = user_pages_,
      .frames_min = frames_max_};
}

void RunMachine::replay(const CondensedRuns& condensed) {
  const AccessStats before = accesses_;
  replay(condensed.runs);
  accesses_ = {.loads = before.loads + condensed.accesses.loads,
               .stores = before.stores + condensed.accesses.stores,
               .fetches = before.fetches + condensed.accesses.fetches,
               .modifies = before.modifies + condensed.accesses.modifies};
  for (const TlbSide side : {TlbSide::kData, TlbSide::kCode}) {
    tlb_.add_lookups(side, condensed.hits[size_t(side)]);
    references_ += condensed.hits[size_t(side)];
  }
}

}  // namespace faultline::replay
