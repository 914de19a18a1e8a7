#include "sim/proc/smaps_sizes.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace faultline::proc {
namespace {

constexpr int kShareBits = 12;  // Linux's PSS_SHIFT
constexpr int kKilobyteBits = 10;

uint64_t share_of(uint64_t size_bytes, uint32_t users) {
  return (size_bytes << kShareBits) / std::max(users, uint32_t{1});
}

}  // namespace

std::string kb_line(const char* label, uint64_t kilobytes, int width) {
  char line[64];
  std::snprintf(line, sizeof line, "%s%*" PRIu64 " kB\n", label, width, kilobytes);
  return line;
}

void SmapsSizes::add_page(const SmapsPage& page) {
  const uint64_t share = share_of(page.size_bytes, page.mapcount);
  const bool shared = page.mapcount >= 2;
  resident += page.size_bytes;
  pss_shares += share;
  if (page.anonymous) anonymous += page.size_bytes;
  if (page.lazy_free && !page.dirty) lazy_free += page.size_bytes;
  if (page.referenced) referenced += page.size_bytes;
  if (page.locked) pss_locked_shares += share;
  if (page.dirty) {
    pss_dirty_shares += share;
    (shared ? shared_dirty : private_dirty) += page.size_bytes;
  } else {
    (shared ? shared_clean : private_clean) += page.size_bytes;
  }
}

void SmapsSizes::add_swapped(uint64_t size_bytes, uint32_t users) {
  swap += size_bytes;
  swap_pss_shares += share_of(size_bytes, users);
}

std::string SmapsSizes::to_string() const {
  const auto size = [](const char* label, uint64_t bytes, int width = 8) {
    return kb_line(label, bytes >> kKilobyteBits, width);
  };
  const auto shares = [](const char* label, uint64_t value) {
    return kb_line(label, value >> (kShareBits + kKilobyteBits));
  };
  return size("Rss:            ", resident) + shares("Pss:            ", pss_shares) +
         shares("Pss_Dirty:      ", pss_dirty_shares) + size("Shared_Clean:   ", shared_clean) +
         size("Shared_Dirty:   ", shared_dirty) + size("Private_Clean:  ", private_clean) +
         size("Private_Dirty:  ", private_dirty) + size("Referenced:     ", referenced) +
         size("Anonymous:      ", anonymous) + size("KSM:            ", 0) +
         size("LazyFree:       ", lazy_free) + size("AnonHugePages:  ", 0) +
         size("ShmemPmdMapped: ", 0) + size("FilePmdMapped:  ", 0) + size("Shared_Hugetlb: ", 0) +
         size("Private_Hugetlb: ", 0, 7) + size("Swap:           ", swap) +
         shares("SwapPss:        ", swap_pss_shares) +
         shares("Locked:         ", pss_locked_shares);
}

}  // namespace faultline::proc
