// SmallMachine: memory of a few frames, a page cache, swap, a Reclaimer, and an address space that
// is nothing but a list of PTEs: the least in which eviction can be tried for real.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "sim/cache/page_cache.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/pte.h"
#include "sim/hw/tlb_gather.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/reclaim/policy_table.h"
#include "sim/reclaim/reclaimer.h"
#include "sim/reclaim/swap_out.h"
#include "sim/rmap/reverse_map.h"
#include "sim/rmap/swap_slots.h"
#include "sim/storage/disk.h"
#include "sim/storage/swap_device.h"
#include "tests/reclaim/guesses.h"

namespace faultline::testing {

// PTEs, and what is told of them through MappingSpace.
class PteList : public rmap::MappingSpace {
 public:
  PteList(Asid asid, phys::FrameAllocator& allocator, rmap::ReverseMap& reverse_map,
          rmap::SwapSlots& swap_slots)
      : asid_(asid), allocator_(allocator), reverse_map_(reverse_map), swap_slots_(swap_slots) {}

  // Maps the frame, one reference more.
  void map(Vpn vpn, Pfn pfn);
  hw::Pte pte(Vpn vpn) const;
  void set_bits(Vpn vpn, uint64_t bits) { ptes_[vpn.value].raw |= bits; }
  void lock(Vpn vpn) { locked_.insert(vpn.value); }
  Asid asid() const { return asid_; }
  static const hw::PteLayout& layout();

  bool unmap_page(Vpn vpn, hw::Pte replacement, hw::TlbGather& gather) override;
  bool test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) override;
  bool page_dirty(Vpn vpn) const override { return pte(vpn).dirty(layout()); }
  bool clean_page(Vpn vpn, hw::TlbGather& gather) override;
  bool evictable(Vpn vpn) const override { return !locked_.contains(vpn.value); }
  void zap_file_range(rmap::FileRange, rmap::Zap, hw::TlbGather&) override {}

 private:
  Asid asid_;
  phys::FrameAllocator& allocator_;
  rmap::ReverseMap& reverse_map_;
  rmap::SwapSlots& swap_slots_;
  std::map<uint64_t, hw::Pte> ptes_;
  std::set<uint64_t> locked_;
};

class SmallMachine {
 public:
  struct Options {
    std::string_view policy = "lru";
    uint64_t frames = 4;
    uint32_t swap_slots = 100;
    Contents contents = Contents::kBytes;
  };
  explicit SmallMachine(const Options& options);
  ~SmallMachine();
  SmallMachine(const SmallMachine&) = delete;
  SmallMachine& operator=(const SmallMachine&) = delete;

  // A new anonymous page, mapped; evicts where needed. kNoPfn: no frame.
  Pfn map_anon(PteList& space, Vpn vpn);
  // A page of the file, mapped, read into the cache if need be.
  Pfn map_file(PteList& space, Vpn vpn, uint64_t pgoff);
  // A reference to what is mapped at `vpn`, and its being done.
  void reference(PteList& space, Vpn vpn, bool store);
  // One byte of the page, as the swap device or the frame holds it.
  uint8_t byte_in_swap(uint32_t slot, uint64_t offset) const;

  phys::FrameTable frames;
  phys::FrameAllocator allocator;
  rmap::ReverseMap reverse_map;
  storage::Disk disk;
  storage::SwapDevice swap_device;
  cache::PageCache cache;
  std::shared_ptr<storage::SimFile> file;  // 16 pages on the disk
  std::shared_ptr<cache::Backing> backing;
  reclaim::SwapOut swap;
  Guesses guesses;
  std::unique_ptr<ReplacementPolicy> policy;
  uint64_t references = 0;
  reclaim::Reclaimer reclaimer;
  hw::TlbGather gather;
  PteList a;
  PteList b;

 private:
  std::optional<Pfn> take(cache::PageKey page);
};

}  // namespace faultline::testing
