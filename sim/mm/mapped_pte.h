// MappedPte: a leaf PTE that holds a frame, whether the hardware may use it or not (PROT_NONE).
//
// Pure functions on plain values.
#pragma once

#include <optional>

#include "faultline/types.h"
#include "sim/hw/pte.h"
#include "sim/mm/vma.h"

namespace faultline::mm {

struct MappedPte {
  Pfn pfn;
  bool write = false;
  bool accessed = false;
  bool dirty = false;

  // The entry in `vma`: with its right to execute, and with no right at all in a PROT_NONE one.
  hw::Pte to_pte(const hw::PteLayout& layout, const Vma& vma) const {
    if (!vma.accessible()) return hw::Pte::make_prot_none(pfn, accessed, dirty);
    hw::Pte pte = hw::Pte::make(layout, pfn, write, vma.has(kVmExec));
    if (accessed) pte = pte.with_accessed(layout);
    return dirty ? pte.with_dirty(layout) : pte;
  }
};

// Nothing where the entry is none, a swap entry or a guard.
inline std::optional<MappedPte> find_mapped(hw::Pte pte, const hw::PteLayout& layout) {
  if (pte.present(layout)) {
    return MappedPte{.pfn = pte.pfn(layout),
                     .write = pte.writable(layout),
                     .accessed = pte.accessed(layout),
                     .dirty = pte.dirty(layout)};
  }
  if (pte.none() || !pte.is_prot_none()) return std::nullopt;
  return MappedPte{.pfn = pte.prot_none_pfn(),
                   .accessed = pte.prot_none_accessed(),
                   .dirty = pte.prot_none_dirty()};
}

// A guard marker, which outlives all that happens to the pages about it but munmap.
inline bool is_guard(hw::Pte pte, const hw::PteLayout& layout) {
  return !pte.present(layout) && pte.is_guard();
}

// Whether a TLB must forget `before`: also where `after` grants more, as an access that was refused
// by the old rights is a signal, not looked at again. Source: Linux arch/x86/include/asm/tlbflush.h
// pte_flags_need_flush().
inline bool needs_flush(hw::Pte before, hw::Pte after, const hw::PteLayout& layout) {
  if (!before.present(layout)) return false;
  return !after.present(layout) || before.writable(layout) != after.writable(layout) ||
         before.executable(layout) != after.executable(layout);
}

}  // namespace faultline::mm
