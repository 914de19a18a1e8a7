// SwapDevice: the slots that anonymous pages are swapped out to, each with the number of page-table
// entries that name it. Linux's swap_info_struct and its swap_map.
//
// The slot put back last is given out first; fresh slots come in ascending order.
// Units: slots of one page. 4 bytes a slot, and a page's bytes where contents are kept.
// Invariants, checked by validate():
//   1. the list of free slots holds every slot without a reference, once
//   2. the count of slots in use equals a recount
//   3. a free slot has no bytes
// Owns: the bytes of the slots. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "faultline/options.h"
#include "faultline/types.h"

namespace faultline::storage {

class SwapDevice {
 public:
  struct Options {
    PageSize page_size{};
    Contents contents = Contents::kBytes;
    uint32_t slots_max = kSlotsMax;
  };
  static constexpr uint32_t kSlotsMax = uint32_t{1} << 31;

  // REQUIRES: slots_max <= kSlotsMax.
  explicit SwapDevice(const Options& options);

  // A free slot, with one reference; nothing when all are taken. O(1).
  std::optional<uint32_t> take();
  // One more entry names the slot (fork). REQUIRES: in use.
  void get(uint32_t slot);
  // One less; the last frees the slot. REQUIRES: in use.
  void put(uint32_t slot);
  // The number of entries that name the slot; 0: free.
  uint32_t references(uint32_t slot) const;

  // Stores a page; an empty one where the frame holds no bytes, which reads as zeros. Nothing is
  // kept with Contents::kNone. REQUIRES: in use; page.size() is a page or 0.
  void write(uint32_t slot, std::span<const std::byte> page);
  // Copies the page out: zeros where none was stored. REQUIRES: in use; page.size() is a page.
  void read(uint32_t slot, std::span<std::byte> page) const;
  // Whether there is anything but zeros to read. REQUIRES: in use.
  bool has_bytes(uint32_t slot) const;

  uint64_t in_use() const { return in_use_; }
  // Of all slots together. O(slots).
  uint64_t total_references() const;

  void validate() const;

 private:
  friend struct SwapDeviceTestPeer;

  // A word of slots_ is the number of references, or kFree and the next free slot behind it.
  static constexpr uint32_t kFree = uint32_t{1} << 31;
  static constexpr uint32_t kEnd = kFree - 1;
  bool used(uint32_t slot) const { return slot < slots_.size() && (slots_[slot] & kFree) == 0; }

  Options options_;
  std::vector<uint32_t> slots_;
  std::vector<std::unique_ptr<std::byte[]>> bytes_;  // stays empty with Contents::kNone
  uint32_t first_free_ = kEnd;
  uint64_t in_use_ = 0;
};

}  // namespace faultline::storage
