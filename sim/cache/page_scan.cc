#include "sim/cache/page_scan.h"

namespace faultline::cache {
namespace {

constexpr uint64_t kSlots = 64;  // of a node; Linux XA_CHUNK_SIZE

bool cached(const Backing& backing, uint64_t slot) { return backing.pages().find(slot) != kNoPfn; }

// Whether the node that holds the slot is there.
bool has_node(const Backing& backing, uint64_t slot) {
  const uint64_t first = slot - slot % kSlots;
  const auto page = backing.pages().first_from(first);
  return page && page->pgoff < first + kSlots;
}

}  // namespace

uint64_t previous_miss(const Backing& backing, uint64_t pgoff, uint64_t count) {
  uint64_t index = pgoff;
  if (count == 0 || !cached(backing, pgoff)) return index;
  uint64_t slot = backing.folio_start(pgoff);
  for (uint64_t looks = 1; looks < count; ++looks) {
    --index;
    if (slot % kSlots != 0) {
      --slot;
    } else if (slot % kSlots != index % kSlots) {
      // On to the node before, if there is one.
      if (slot == 0 || !has_node(backing, slot - kSlots)) return index;
      slot = slot - kSlots + index % kSlots;
    }
    if (!cached(backing, slot) || index == ~uint64_t{0}) return index;
  }
  return index;
}

uint64_t next_miss(const Backing& backing, uint64_t pgoff, uint64_t count) {
  uint64_t index = pgoff;
  if (count == 0 || !cached(backing, pgoff)) return index;
  uint64_t slot = backing.folio_start(pgoff);
  for (uint64_t looks = 1; looks < count; ++looks) {
    ++index;
    if (slot % kSlots != kSlots - 1) {
      ++slot;
    } else if (slot % kSlots != index % kSlots) {
      if (!has_node(backing, slot + 1)) return index;
      slot = slot + 1 + index % kSlots;
    }
    if (!cached(backing, slot)) return index;
  }
  return pgoff + count;
}

}  // namespace faultline::cache
