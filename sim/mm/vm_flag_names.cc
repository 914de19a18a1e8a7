#include "sim/mm/vm_flag_names.h"

#include <string_view>
#include <utility>

#include "sim/mm/vm_flags.h"

namespace faultline::mm {

std::string vm_flag_names(uint64_t flags) {
  static constexpr std::pair<uint64_t, std::string_view> kNames[] = {
      {kVmRead, "rd "},      {kVmWrite, "wr "},      {kVmExec, "ex "},
      {kVmShared, "sh "},    {kVmMayRead, "mr "},    {kVmMayWrite, "mw "},
      {kVmMayExec, "me "},   {kVmMayShare, "ms "},   {kVmGrowsDown, "gd "},
      {kVmPfnMap, "pf "},    {kVmMaybeGuard, "gu "}, {kVmLocked, "lo "},
      {kVmIo, "io "},        {kVmSeqRead, "sr "},    {kVmRandRead, "rr "},
      {kVmDontCopy, "dc "},  {kVmDontExpand, "de "}, {kVmLockOnFault, "lf "},
      {kVmAccount, "ac "},   {kVmNoReserve, "nr "},  {kVmHugeTlb, "ht "},
      {kVmSync, "sf "},      {kVmWipeOnFork, "wf "}, {kVmDontDump, "dd "},
      {kVmMixedMap, "mm "},  {kVmHugePage, "hg "},   {kVmNoHugePage, "nh "},
      {kVmMergeable, "mg "}, {kVmDroppable, "dp "},  {kVmSealed, "sl "},
  };
  std::string names;
  for (const auto& [flag, name] : kNames)
    if ((flags & flag) != 0) names += name;
  return names;
}

}  // namespace faultline::mm
