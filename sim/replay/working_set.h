// WorkingSet: how many pages were referenced in a stretch of a replay: Denning's working set of
// that stretch. Source: Denning, "The working set model for program behavior", 1968.
//
// Memory: about 40 bytes a page ever referenced. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "faultline/page_run.h"
#include "sim/replay/page_observer.h"

namespace faultline::replay {

class WorkingSet final : public PageObserver {
 public:
  // Pages of 1 << page_bits bytes. REQUIRES: page_bits >= kPageRunShift.
  explicit WorkingSet(unsigned page_bits) : shift_(page_bits - kPageRunShift) {}

  void on_use(const PageUse& use) override;
  // The pages referenced since the last call.
  uint64_t take_pages();

 private:
  struct Recent {
    uint64_t page = ~uint64_t{0};
    uint32_t pid = 0;
    uint32_t stretch = 0;
  };

  const unsigned shift_;  // from pages of page runs to its own
  std::unordered_map<uint32_t, std::unordered_map<uint64_t, uint32_t>> last_;  // by pid and page
  std::array<Recent, 1024> recent_;  // those noted already, by the lowest bits of the page
  uint32_t stretch_ = 1;
  uint64_t pages_ = 0;
};

}  // namespace faultline::replay
