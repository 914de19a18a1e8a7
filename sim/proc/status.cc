// /proc/PID/status.
#include "sim/proc/proc_fs.h"

namespace faultline::proc {
namespace {

// Levels whose tables are counted: PTE, PMD and PUD. The one or two above are not.
constexpr int kCountedLevels = 3;

// Source: Linux include/linux/mm.h mm_pgtables_bytes().
uint64_t counted_table_pages(const hw::PageTable& table) {
  const hw::PagingFormat& format = table.format();
  uint64_t pages = table.table_pages() - 1;  // the root
  if (format.levels <= kCountedLevels + 1) return pages;
  // Five levels: each entry of the root is a P4D table.
  const int root = format.levels - 1;
  const int root_bits = format.index_bits[root];
  const int shift = format.page_number_bits() - root_bits;
  for (uint64_t i = 0; i < uint64_t{1} << root_bits; ++i)
    if (!table.entry(Vpn{i << shift}, root).none()) --pages;
  return pages;
}

}  // namespace

std::string ProcFs::status(const mm::AddressSpace& space) const {
  const mm::MmCounters& counters = space.counters();
  const uint64_t page_kb = space.page_size().bytes() >> 10;
  const auto pages = [&](const char* label, uint64_t count) {
    return kb_line(label, count * page_kb);
  };
  // No program was loaded: what is executable belongs to libraries.
  return pages("VmPeak:\t", counters.peak_total_vm) + pages("VmSize:\t", counters.total_vm) +
         pages("VmLck:\t", counters.locked_vm) + pages("VmPin:\t", 0) +
         pages("VmHWM:\t", counters.peak_rss) + pages("VmRSS:\t", counters.rss()) +
         pages("RssAnon:\t", counters.rss_anon) + pages("RssFile:\t", counters.rss_file) +
         pages("RssShmem:\t", counters.rss_shmem) + pages("VmData:\t", counters.data_vm) +
         pages("VmStk:\t", counters.stack_vm) + pages("VmExe:\t", 0) +
         pages("VmLib:\t", counters.exec_vm) +
         pages("VmPTE:\t", counted_table_pages(space.page_table())) +
         pages("VmSwap:\t", counters.swap) + pages("HugetlbPages:\t", 0) + "THP_enabled:\t" +
         (space.options().thp_disable == 1 ? "0\n" : "1\n");
}

}  // namespace faultline::proc
