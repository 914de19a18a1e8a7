#include "sim/storage/swap_device.h"

#include <algorithm>
#include <cstring>

#include "sim/base/check.h"

namespace faultline::storage {

SwapDevice::SwapDevice(const Options& options) : options_(options) {
  FL_CHECK(options.slots_max <= kSlotsMax);
}

std::optional<uint32_t> SwapDevice::take() {
  uint32_t slot = first_free_;
  if (slot != kEnd) {
    first_free_ = slots_[slot] & ~kFree;
    slots_[slot] = 1;
  } else {
    // kEnd is no slot's number.
    if (slots_.size() >= std::min(options_.slots_max, kEnd)) return std::nullopt;
    slot = static_cast<uint32_t>(slots_.size());
    slots_.push_back(1);
    if (options_.contents == Contents::kBytes) bytes_.emplace_back();
  }
  ++in_use_;
  return slot;
}

void SwapDevice::get(uint32_t slot) {
  FL_CHECK(used(slot));
  FL_CHECK(slots_[slot] < kEnd);
  ++slots_[slot];
}

void SwapDevice::put(uint32_t slot) {
  FL_CHECK(used(slot));
  if (--slots_[slot] != 0) return;
  slots_[slot] = kFree | first_free_;
  first_free_ = slot;
  if (!bytes_.empty()) bytes_[slot].reset();
  --in_use_;
}

uint32_t SwapDevice::references(uint32_t slot) const { return used(slot) ? slots_[slot] : 0; }

uint64_t SwapDevice::total_references() const {
  uint64_t total = 0;
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) total += references(slot);
  return total;
}

void SwapDevice::write(uint32_t slot, std::span<const std::byte> page) {
  FL_CHECK(used(slot));
  FL_CHECK(page.empty() || page.size() == options_.page_size.bytes());
  if (bytes_.empty()) return;
  std::unique_ptr<std::byte[]>& stored = bytes_[slot];
  if (page.empty()) {
    stored.reset();
    return;
  }
  if (stored == nullptr) stored = std::make_unique<std::byte[]>(page.size());
  std::memcpy(stored.get(), page.data(), page.size());
}

void SwapDevice::read(uint32_t slot, std::span<std::byte> page) const {
  FL_CHECK(page.size() == options_.page_size.bytes());
  if (has_bytes(slot)) {
    std::memcpy(page.data(), bytes_[slot].get(), page.size());
  } else {
    std::fill(page.begin(), page.end(), std::byte{0});
  }
}

bool SwapDevice::has_bytes(uint32_t slot) const {
  FL_CHECK(used(slot));
  return !bytes_.empty() && bytes_[slot] != nullptr;
}

void SwapDevice::validate() const {
  uint64_t free_count = 0;
  for (uint32_t slot = first_free_; slot != kEnd; slot = slots_[slot] & ~kFree) {
    FL_CHECK_MSG(slot < slots_.size() && !used(slot), "slot {} is on the free list", slot);
    FL_CHECK_MSG(bytes_.empty() || bytes_[slot] == nullptr, "free slot {} has bytes", slot);
    ++free_count;
    FL_CHECK_MSG(free_count <= slots_.size(), "the free list has a loop");
  }
  const auto used_count = static_cast<uint64_t>(std::count_if(
      slots_.begin(), slots_.end(), [](uint32_t word) { return (word & kFree) == 0; }));
  FL_CHECK(used_count == in_use_);
  FL_CHECK_MSG(free_count + used_count == slots_.size(), "a free slot is not on the list");
}

}  // namespace faultline::storage
