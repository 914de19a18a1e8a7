// SwapOut: moves anonymous pages between frames and the swap device, and keeps count of the PTEs
// that name each slot. Linux's mm/swapfile.c and mm/page_io.c, without a swap cache: a page is in a
// frame or in a slot, never in both, so that every swap-in reads and every eviction writes.
// Differs from Linux: there, a page that was read back and not changed keeps its slot.
//
// Units: slots, numbers of pages on the device.
// Ownership: the device and the frames are the caller's, and outlive it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "faultline/types.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/swap_slots.h"
#include "sim/storage/swap_device.h"

namespace faultline::reclaim {

class SwapOut final : public rmap::SwapSlots {
 public:
  SwapOut(storage::SwapDevice& device, phys::FrameTable& frames)
      : device_(device), frames_(frames) {}

  // Stores the page in `frame`; its slot, with one reference, which is the caller's, or nothing
  // when the device is full.
  std::optional<uint32_t> write(Pfn frame);
  // Reads the page into `frame`, which holds no bytes yet. The slot stays as it is: whoever
  // replaces the swap PTE puts it. REQUIRES: the slot is in use.
  void read(uint32_t slot, Pfn frame);
  // Whether one PTE alone names the slot, so that the page will be its own. REQUIRES: in use.
  bool only_user(uint32_t slot) const;

  void get_slot(uint32_t slot) override { device_.get(slot); }
  void put_slot(uint32_t slot) override { device_.put(slot); }

 private:
  storage::SwapDevice& device_;
  phys::FrameTable& frames_;
};

}  // namespace faultline::reclaim
