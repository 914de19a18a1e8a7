#include "sim/hw/tlb_level.h"

#include <algorithm>

#include "sim/base/align.h"
#include "sim/base/check.h"

namespace faultline::hw {
namespace {

constexpr uint64_t kTagPages = uint64_t{1} << 48;
// Up to so many ways a set is searched and moved as a whole, without unpredictable branches.
constexpr uint64_t kFewWays = 16;

}  // namespace

TlbLevel::TlbLevel(TlbLevelOptions options) : set_mask_(0), ways_(options.ways) {
  FL_CHECK(options.ways >= 1 && options.entries % options.ways == 0);
  FL_CHECK(base::is_power_of_two(options.entries / options.ways));
  set_mask_ = options.entries / options.ways - 1;
  entries_.resize(options.entries);
}

TlbEntry* TlbLevel::lookup_further(TlbEntry* set, uint64_t tag) {
  uint64_t found = ways_;
  if (ways_ <= kFewWays) {
    // Which way it will be cannot be predicted: look at them all, and jump once.
    for (uint64_t way = 0; way < ways_; ++way) found = set[way].tag == tag ? way : found;
  } else {
    found = 0;
    while (found < ways_ && set[found].tag != tag) ++found;
  }
  if (found == ways_) return nullptr;
  const TlbEntry entry = set[found];
  const uint64_t last = ways_ <= kFewWays ? ways_ - 1 : found;
  for (uint64_t way = last; way > 0; --way) {
    const uint64_t from = way <= found ? way - 1 : way;
    set[way] = set[from];
  }
  set[0] = entry;
  return set;
}

TlbEntry* TlbLevel::find(uint64_t tag) {
  TlbEntry* const set = set_of(tag);
  for (uint64_t way = 0; way < ways_; ++way)
    if (set[way].tag == tag) return &set[way];
  return nullptr;
}

TlbEntry* TlbLevel::insert(const TlbEntry& entry) {
  TlbEntry* const set = set_of(entry.tag);
  for (uint64_t way = ways_ - 1; way > 0; --way) set[way] = set[way - 1];
  set[0] = entry;
  return set;
}

void TlbLevel::flush_page(uint64_t tag) {
  TlbEntry* entry = find(tag);
  if (entry == nullptr) return;
  TlbEntry* const last = set_of(tag) + ways_ - 1;
  for (; entry < last; ++entry) entry[0] = entry[1];
  *last = {};
}

template <class Predicate>
void TlbLevel::flush_if(Predicate predicate) {
  for (auto set = entries_.begin(); set != entries_.end();) {
    const auto end = set + static_cast<std::ptrdiff_t>(ways_);
    std::fill(std::remove_if(set, end, predicate), end, TlbEntry{});
    set = end;
  }
}

void TlbLevel::flush_pages(Asid asid, Vpn first, uint64_t count) {
  const uint64_t tag = tlb_tag(asid, first);
  if (count <= (set_mask_ + 1)) {
    for (uint64_t i = 0; i < count; ++i) flush_page(tag + i);
    return;
  }
  const uint64_t pages = std::min(count, kTagPages - first.value);
  flush_if([&](const TlbEntry& entry) { return entry.tag - tag < pages; });
}

void TlbLevel::flush_space(Asid asid) {
  flush_if([&](const TlbEntry& entry) { return entry.tag >> 48 == asid.value; });
}

void TlbLevel::flush_all() { std::ranges::fill(entries_, TlbEntry{}); }

void TlbLevel::validate() const {
  for (uint64_t i = 0; i < entries_.size(); ++i) {
    const uint64_t set = i / ways_;
    const uint64_t tag = entries_[i].tag;
    if (tag == kTlbEmptyTag) continue;
    FL_CHECK_MSG((tag & set_mask_) == set, "tag {:#x} in set {}", tag, set);  // 2
    for (uint64_t before = set * ways_; before < i; ++before) {
      FL_CHECK_MSG(entries_[before].tag != tag, "tag {:#x}", tag);           // 1
      FL_CHECK_MSG(entries_[before].tag != kTlbEmptyTag, "tag {:#x}", tag);  // 3
    }
  }
}

}  // namespace faultline::hw
