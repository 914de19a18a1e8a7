// RunMachine and runs that were made shorter.
#include <optional>

#include "sim/replay/run_condenser.h"
#include "sim/replay/run_machine.h"

namespace faultline::replay {

// Where every reference walks, or a walk depends on the walks before it, the order counts. OPT
// never gives up a page that is used again before as many others as there are frames: each page
// that it holds is used before the one it gives up. So the pages it chooses among are next used as
// strangers, whose order stays, or never.
std::optional<CondenserLimits> RunMachine::condenser_limits(uint64_t opt_frames) const {
  const bool is_opt = policy_ != nullptr && policy_->is_opt();
  const bool can = policy_ == nullptr || policy_->is_lru() || is_opt;
  const uint64_t frames = is_opt ? opt_frames : frames_max_;
  if (!can || !tlb_.enabled() || walk_cache_ != nullptr || frames < RunCondenser::kFramesMin)
    return std::nullopt;
  return CondenserLimits{
      .first = {tlb_.first_sets(TlbSide::kData), tlb_.first_sets(TlbSide::kCode)},
      .shift = shift_,
      .user_pages = user_pages_,
      .frames_min = frames};
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
