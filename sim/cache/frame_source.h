// FrameSource: where the page cache's callers get frames from. The cache itself never allocates
// unasked: sim/fault implements this by its allocate_or_reclaim.
//
// Ownership: the frame comes with one reference, which passes to whom it is given.
#pragma once

#include <cstdint>
#include <optional>

#include "faultline/types.h"

namespace faultline::cache {

// What a frame is wanted for: the page that is to lie in it. Replacement policies know pages by it.
struct PageKey {
  uint64_t owner = 0;  // an address space, or a Backing
  uint64_t index = 0;  // the page of it

  static constexpr PageKey of_anon(Asid asid, Vpn vpn) { return {asid.value, vpn.value}; }
  static constexpr PageKey of_file(uint32_t backing, uint64_t pgoff) {
    return {(uint64_t{1} << 32) | backing, pgoff};
  }
  friend constexpr bool operator==(PageKey, PageKey) = default;
};

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // A frame for that page, in use with refcount 1 and no flags but kFrameInUse. It may reclaim:
  // pages of the cache may be gone afterwards. Nothing: memory is full and nothing can be evicted.
  virtual std::optional<Pfn> take_frame(PageKey page) = 0;
};

}  // namespace faultline::cache
