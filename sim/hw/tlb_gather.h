// TlbGather: what every TLB must forget before the next access. Linux's struct mmu_gather.
//
// Whatever weakens or removes a PTE adds to the gather that it was handed; the machine, which owns
// both, applies it to the TLB before it translates again. A gather that is dropped with something
// in it is a bug and stops the program.
#pragma once

#include <cstdint>
#include <vector>

#include "faultline/types.h"

namespace faultline::hw {

class TlbGather {
 public:
  struct Range {
    Asid asid;
    Vpn first;
    uint64_t count = 0;  // kWholeSpace: all pages of the address space
  };
  static constexpr uint64_t kWholeSpace = ~uint64_t{0};

  TlbGather() = default;
  ~TlbGather();
  TlbGather(const TlbGather&) = delete;
  TlbGather& operator=(const TlbGather&) = delete;

  // Neighbouring pages are joined.
  void add_page(Asid asid, Vpn vpn) { add_range(asid, vpn, 1); }
  void add_range(Asid asid, Vpn first, uint64_t count);
  void add_space(Asid asid);

  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  // Says that the ranges were applied.
  void clear() { ranges_.clear(); }

 private:
  std::vector<Range> ranges_;
};

}  // namespace faultline::hw
