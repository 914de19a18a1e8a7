#include "sim/hw/tlb_gather.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::hw {

TlbGather::~TlbGather() { FL_CHECK(empty()); }

void TlbGather::add_range(Asid asid, Vpn first, uint64_t count) {
  if (count == 0) return;
  if (!ranges_.empty() && ranges_.back().asid == asid) {
    Range& last = ranges_.back();
    if (last.count == kWholeSpace) return;
    const Vpn end = first + count;
    const Vpn last_end = last.first + last.count;
    if (count != kWholeSpace && first <= last_end && last.first <= end) {
      last.first = std::min(last.first, first);
      last.count = std::max(last_end, end) - last.first;
      return;
    }
  }
  ranges_.push_back({asid, first, count});
}

}  // namespace faultline::hw
