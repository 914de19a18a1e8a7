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
      second_(level_options(options, options.l2)) {
  for (const AccessKind kind :
       {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore, AccessKind::kModify})
    ports_[static_cast<std::size_t>(kind)] = {first_[side_of(kind)].fronts(), needed_rights(kind)};
}

TlbEntry* Tlb::lookup_second(uint64_t tag, AccessKind kind, CountLookup count) {
  if (!enabled_) return nullptr;
  const std::size_t side = side_of(kind);
  const auto one = static_cast<uint64_t>(count);
  counts_.first_misses[side] += one;
  if (const TlbEntry* const entry = second_.lookup(tag)) {
    counts_.second.hits += one;
    return first_[side].insert(*entry);
  }
  counts_.second.misses += one;
  return nullptr;
}

void Tlb::fill(const TlbEntry& entry, AccessKind kind) {
  if (!enabled_) return;
  TlbLevel& first = first_[side_of(kind)];
  // A first store's walk through an entry that was clean: the store was a hit, and brings nothing
  // in.
  const bool was_hit = first.find(entry.tag) != nullptr;
  for (TlbLevel* const level : {&first_[kData], &first_[kCode], &second_}) {
    if (TlbEntry* const there = level->find(entry.tag))
      *there = entry;
    else if (!was_hit && (level == &first || level == &second_))
      level->insert(entry);
  }
}

void Tlb::fill_missed(const TlbEntry& entry, AccessKind kind) {
  if (!enabled_) return;
  const std::size_t side = side_of(kind);
  if (TlbEntry* const there = first_[1 - side].find(entry.tag)) *there = entry;
  first_[side].insert(entry);
  second_.insert(entry);
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

TlbStats Tlb::stats() const {
  if (!enabled_) return {};
  std::array<TlbLevelStats, 2> first;
  for (std::size_t side = 0; side < first.size(); ++side) {
    const uint64_t misses = counts_.first_misses[side];
    FL_CHECK(misses <= lookups_[side]);
    first[side] = {.hits = lookups_[side] - misses, .misses = misses};
  }
  return {.l1d = first[kData], .l1i = first[kCode], .l2 = counts_.second};
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
