#include <fmt/format.h>

#include "faultline/report.h"

namespace faultline {

std::string tlb_spec(const TlbOptions& tlb) {
  if (!tlb.enabled) return "none";
  return fmt::format("l1d={}x{},l1i={}x{},l2={}x{}", tlb.l1d.entries, tlb.l1d.ways, tlb.l1i.entries,
                     tlb.l1i.ways, tlb.l2.entries, tlb.l2.ways);
}

}  // namespace faultline
