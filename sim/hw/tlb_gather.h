// TlbGather: what every TLB must forget before the next access. Linux's struct mmu_gather.
//
// Whatever weakens or removes a PTE adds to the gather that it was handed; the machine, which owns
// both, applies it to the TLB before it translates again. A gather that is dropped with something
// in it is a bug and stops the program.
//
// Differs from Linux: it never gives up on ranges and flushes everything instead, so that TLB
// counts follow from the calls alone. Owns nothing but the list. Not thread-safe.
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

  // Joined with what was added last where they touch. A count of 0 adds nothing.
  void add_page(Asid asid, Vpn vpn) { add_range(asid, vpn, 1); }
  void add_range(Asid asid, Vpn first, uint64_t count);
  // All pages of the address space: at exit and exec.
  void add_space(Asid asid) { add_range(asid, {}, kWholeSpace); }

  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  // Says that the ranges were applied.
  void clear() { ranges_.clear(); }

 private:
  std::vector<Range> ranges_;
};

}  // namespace faultline::hw
