// HugePages: what the TLB would have missed, had every page been a huge one.
//
// The TLB is the machine's, entry for entry; a page's rights never stand in the way, so that a miss
// is one of reach alone. Differs from processors, whose levels mostly have fewer entries for such
// pages. Owns: its TLB. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_set>

#include "faultline/options.h"
#include "faultline/report.h"
#include "sim/hw/tlb.h"
#include "sim/replay/page_observer.h"

namespace faultline::replay {

class HugePages final : public PageObserver {
 public:
  struct Options {
    uint32_t shift = 21;  // of the huge page's bytes
    TlbOptions tlb{};
  };

  explicit HugePages(const Options& options);

  void on_use(const PageUse& use) override;
  HugePageReport report() const;

 private:
  const Options options_;
  hw::Tlb tlb_;
  std::map<uint32_t, uint16_t> asids_;  // by pid
  uint32_t pid_ = 0;                    // the last, of `asid_`
  uint16_t asid_ = 0;                   // 0: none yet
  std::unordered_set<uint64_t> pages_;  // by tag
};

}  // namespace faultline::replay
