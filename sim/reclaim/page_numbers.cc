#include "sim/reclaim/page_numbers.h"

#include "sim/base/check.h"

namespace faultline::reclaim {
namespace {

constexpr size_t kSlotsAtFirst = 1024;

}  // namespace

PageNumbers::PageNumbers() : slots_(kSlotsAtFirst) {}

// The slot of the key, or the empty one where it would be.
uint64_t PageNumbers::find_slot(cache::PageKey key) const {
  const uint64_t mask = slots_.size() - 1;
  const uint64_t mixed = (key.index ^ (key.owner << 48) ^ (key.owner >> 16)) * 0x9e3779b97f4a7c15u;
  uint64_t i = (mixed >> 20) & mask;
  while (slots_[i] != 0 && keys_[slots_[i] - 1] != key) i = (i + 1) & mask;
  return i;
}

PageId PageNumbers::make(cache::PageKey key, uint8_t state) {
  if (!free_.empty()) {
    const PageId page = free_.back();
    free_.pop_back();
    keys_[page.value] = key;
    states_[page.value] = state;
    return page;
  }
  FL_CHECK(keys_.size() < kNoPage.value);
  keys_.push_back(key);
  states_.push_back(state);
  return {static_cast<uint32_t>(keys_.size() - 1)};
}

PageId PageNumbers::make_stray() { return make({}, kStray); }

PageId PageNumbers::find_or_make(cache::PageKey key) {
  uint64_t slot = find_slot(key);
  if (slots_[slot] != 0) {
    const PageId known{slots_[slot] - 1};
    if ((states_[known.value] & kResident) == 0) return known;
    states_[known.value] |= kStray;
  } else if (++slots_used_ * 3 > slots_.size() * 2) {
    grow();
    slot = find_slot(key);
  }
  const PageId page = make(key, 0);
  slots_[slot] = page.value + 1;
  return page;
}

void PageNumbers::grow() {
  std::vector<uint32_t> smaller(slots_.size() * 2);
  slots_.swap(smaller);
  for (const uint32_t entry : smaller)
    if (entry != 0) slots_[find_slot(keys_[entry - 1])] = entry;
}

void PageNumbers::on_insert(Pfn frame, PageId page) {
  FL_CHECK((states_[page.value] & kResident) == 0);
  states_[page.value] |= kResident;
  if (frame.value >= page_in_.size()) page_in_.resize(frame.value + size_t{1}, kNoPage);
  page_in_[frame.value] = page;
}

void PageNumbers::on_remove(Pfn frame) {
  const PageId page = page_in_[frame.value];
  FL_CHECK(page != kNoPage);
  page_in_[frame.value] = kNoPage;
  states_[page.value] &= static_cast<uint8_t>(~kResident);
  if ((states_[page.value] & kStray) != 0) free_.push_back(page);
}

void PageNumbers::validate() const {
  uint64_t resident = 0;
  for (const uint8_t state : states_) resident += (state & kResident) != 0 ? 1 : 0;
  std::vector<uint8_t> held(keys_.size());
  for (size_t frame = 0; frame < page_in_.size(); ++frame) {
    const PageId page = page_in_[frame];
    if (page == kNoPage) continue;
    const bool once = (states_[page.value] & kResident) != 0 && held[page.value]++ == 0;
    FL_CHECK_MSG(once, "page {} is not in frame {} alone", page.value, frame);  // 1
    --resident;
  }
  FL_CHECK_MSG(resident == 0, "{} pages are in no frame", resident);  // 1
  std::vector<uint8_t> seen(keys_.size());
  for (const uint32_t entry : slots_) {
    if (entry == 0) continue;
    FL_CHECK_MSG((states_[entry - 1] & kStray) == 0, "the table knows stray {}", entry - 1);  // 2
    FL_CHECK_MSG(seen[entry - 1]++ == 0, "page {} stands twice in the table", entry - 1);     // 2
  }
  for (size_t page = 0; page < keys_.size(); ++page) {
    const bool stray = (states_[page] & kStray) != 0;
    FL_CHECK_MSG(stray != (seen[page] != 0), "page {} is not to be found", page);  // 2
  }
}

}  // namespace faultline::reclaim
