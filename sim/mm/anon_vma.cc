// Which family of anonymous pages a VMA belongs to, rows C3 and C4.
#include "sim/mm/address_space.h"

namespace faultline::mm {
namespace {

// Whether the two differ in nothing but rights. Source: Linux mm/vma.c anon_vma_compatible().
bool alike(const Vma& below, const Vma& above, PageSize page_size) {
  return below.end() == above.start() && below.file == above.file &&
         below.backing == above.backing &&
         ((below.flags ^ above.flags) & ~(kVmAccess | kVmIgnoredInMerge)) == 0 &&
         below.pgoff + page_size.pages(below.range()) == above.pgoff;
}

bool reusable(const Vma& owner) { return owner.anon_vma && !owner.anon_vma.inherited(); }

}  // namespace

void AddressSpace::prepare_anon(Vma& vma) {
  if (vma.anon_vma) return;
  const Vma* const above = vmas_.next(vma);
  const Vma* const below = vmas_.prev(vma);
  if (above != nullptr && reusable(*above) && alike(vma, *above, page_size())) {
    vma.anon_vma = above->anon_vma;
  } else if (below != nullptr && reusable(*below) && alike(*below, vma, page_size())) {
    vma.anon_vma = below->anon_vma;
  } else {
    vma.anon_vma = {.number = next_anon_vma_++, .chain = 1};
  }
}

}  // namespace faultline::mm
