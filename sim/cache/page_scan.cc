#include "sim/cache/page_scan.h"

namespace faultline::cache {
namespace {

constexpr uint32_t kSlotBits = 6;  // of a node; Linux XA_CHUNK_SHIFT
constexpr uint64_t kLastSlot = (uint64_t{1} << kSlotBits) - 1;

// A place in the tree: the slot for the 2^shift pages from `first_` on. A folio of 64 pages or more
// stands in slots of a node further up.
class Walk {
 public:
  // At the first slot of the page's folio. REQUIRES: the page is cached.
  Walk(const Backing& backing, uint64_t pgoff)
      : backing_(backing),
        first_(pgoff >> backing.folio_order(pgoff) << backing.folio_order(pgoff)),
        shift_(backing.folio_order(pgoff) / kSlotBits * kSlotBits) {}

  // Looks for page `pgoff`, the one before or behind the page that was looked for last; whether
  // there is anything in the slot that the walk comes to.
  bool back_to(uint64_t pgoff) {
    if (stays_for(pgoff, 0)) return true;
    if (first_ == 0) return false;
    const uint32_t shift = shift_from(0);
    return enter(((first_ >> shift) - 1) << shift, shift, pgoff);
  }
  bool on_to(uint64_t pgoff) {
    if (stays_for(pgoff, kLastSlot)) return true;
    const uint32_t shift = shift_from(kLastSlot);
    return enter(((first_ >> shift) + 1) << shift, shift, pgoff);
  }

 private:
  static uint64_t number(uint64_t pgoff, uint32_t shift) { return (pgoff >> shift) & kLastSlot; }

  // Whether the slot serves that page too. Within a leaf the kernel does not ask.
  bool stays_for(uint64_t pgoff, uint64_t edge) const {
    const bool asks = shift_ != 0 || number(first_, 0) == edge;
    return asks && number(first_, shift_) == number(pgoff, shift_);
  }
  // Up to the node that has a slot past this one, which is the last in that direction below.
  uint32_t shift_from(uint64_t edge) const {
    uint32_t shift = shift_;
    while (number(first_, shift) == edge) shift += kSlotBits;
    return shift;
  }
  // Into the slot, and down from it by the bits of the page that is looked for.
  bool enter(uint64_t first, uint32_t shift, uint64_t pgoff) {
    for (;; shift -= kSlotBits, first += number(pgoff, shift) << shift) {
      const auto page = backing_.pages().first_from(first);
      if (!page || (page->pgoff - first) >> shift != 0) return false;
      if (page->pgoff == first && backing_.folio_order(first) >= shift) break;
    }
    first_ = first;
    shift_ = shift;
    return true;
  }

  const Backing& backing_;
  uint64_t first_;
  uint32_t shift_;
};

bool cached(const Backing& backing, uint64_t pgoff) {
  return backing.pages().find(pgoff) != kNoPfn;
}

}  // namespace

uint64_t previous_miss(const Backing& backing, uint64_t pgoff, uint64_t count) {
  if (count == 0 || !cached(backing, pgoff)) return pgoff;
  Walk walk(backing, pgoff);
  for (uint64_t looks = 1; looks < count; ++looks) {
    --pgoff;
    if (!walk.back_to(pgoff)) break;
  }
  return pgoff;
}

uint64_t next_miss(const Backing& backing, uint64_t pgoff, uint64_t count) {
  if (count == 0 || !cached(backing, pgoff)) return pgoff;
  const uint64_t end = pgoff + count;
  Walk walk(backing, pgoff);
  while (++pgoff < end) {
    if (!walk.on_to(pgoff)) return pgoff;
  }
  return end;
}

}  // namespace faultline::cache
