#include "sim/hw/tlb.h"

#include <map>

#include "sim/base/check.h"

namespace faultline::hw {
namespace {

// A level that is never filled, where the TLB is disabled: a lookup of it finds nothing.
TlbLevelOptions level_options(const TlbOptions& options, TlbLevelOptions level) {
  return options.enabled ? level : TlbLevelOptions{.entries = 1, .ways = 1};
}

}  // namespace

Tlb::Tlb(const TlbOptions& options)
    : enabled_(options.enabled),
      first_{TlbLevel(level_options(options, options.l1d)),
             TlbLevel(level_options(options, options.l1i))},
      second_(level_options(options, options.l2)) {}

TlbEntry* Tlb::lookup(uint64_t tag, AccessKind kind, CountLookup count) {
  if (!enabled_) return nullptr;
  const std::size_t side = side_of(kind);
  const auto one = static_cast<uint64_t>(count);
  if (TlbEntry* const entry = first_[side].lookup(tag)) {
    stats_[side].hits += one;
    return entry;
  }
  stats_[side].misses += one;
  if (const TlbEntry* const entry = second_.lookup(tag)) {
    stats_[kSecond].hits += one;
    return first_[side].insert(*entry);
  }
  stats_[kSecond].misses += one;
  return nullptr;
}

void Tlb::fill(const TlbEntry& entry, AccessKind kind) {
  if (!enabled_) return;
  const std::size_t side = side_of(kind);
  for (TlbLevel* const level : {&first_[kData], &first_[kCode], &second_}) {
    if (TlbEntry* const there = level->find(entry.tag))
      *there = entry;
    else if (level == &first_[side] || level == &second_)
      level->insert(entry);
  }
}

void Tlb::flush_page(uint64_t tag) {
  for (TlbLevel& level : first_) level.flush_page(tag);
  second_.flush_page(tag);
}

void Tlb::apply(TlbGather& gather) {
  for (const TlbGather::Range& range : gather.ranges()) {
    for (TlbLevel* const level : {&first_[kData], &first_[kCode], &second_}) {
      if (range.count == TlbGather::kWholeSpace)
        level->flush_space(range.asid);
      else
        level->flush_pages(range.asid, range.first, range.count);
    }
  }
  gather.clear();
}

void Tlb::validate() const {
  for (const TlbLevel& level : first_) level.validate();
  second_.validate();
  std::map<uint64_t, TlbEntry> pages;
  for_each([&](const TlbEntry& entry) {
    const TlbEntry& other = pages.try_emplace(entry.tag, entry).first->second;
    FL_CHECK_MSG(other == entry, "tag {:#x}", entry.tag);  // 1
  });
}

}  // namespace faultline::hw
