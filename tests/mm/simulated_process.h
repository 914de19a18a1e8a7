// SimulatedProcess: an AddressSpace with all that it works with, and a fault handler just large
// enough for anonymous memory. For tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faultline/options.h"
#include "faultline/result.h"
#include "sim/cache/backing.h"
#include "sim/cache/open_file.h"
#include "sim/hw/paging_format.h"
#include "sim/hw/tlb_gather.h"
#include "sim/mm/address_space.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/rmap/reverse_map.h"
#include "sim/rmap/swap_slots.h"
#include "sim/storage/sim_file.h"

namespace faultline::mm {

// Counts references, nothing else.
class CountingSlots : public rmap::SwapSlots {
 public:
  void get_slot(uint32_t slot) override { ++references.at(slot); }
  void put_slot(uint32_t slot) override { --references.at(slot); }
  std::vector<int> references = std::vector<int>(16, 0);
};

class SimulatedProcess {
 public:
  explicit SimulatedProcess(const AddressSpaceOptions& options = {},
                            const CommitSettings& commit_settings = {})
      : commit(commit_settings),
        space({frames, allocator, rmap, slots, commit, *hw::find_paging_format("x86-64")},
              options) {}
  ~SimulatedProcess() {
    space.destroy(gather);
    gather.clear();
  }

  std::shared_ptr<cache::Backing> make_backing(storage::FileKind kind, const std::string& path,
                                               uint64_t size_bytes) {
    const uint32_t number = next_backing_++;
    auto file = std::make_shared<storage::SimFile>(kind, PageSize{}, number);
    file->set_size(size_bytes);
    file->set_path(path);
    file->add_link();
    return std::make_shared<cache::Backing>(number, std::move(file));
  }

  // mmap with the file, if there is one.
  Result<VirtAddr> map(MapRequest request) {
    request.make_shared_anon = [this](uint64_t size_bytes) {
      return make_backing(storage::FileKind::kSharedAnon, "", size_bytes);
    };
    return space.map(request, gather);
  }

  // A store to, or a load from, an anonymous page: "ok" or the signal's code.
  std::string access(VirtAddr address, bool store) {
    Vma* vma = space.find_vma(address);
    if (vma == nullptr) return "SEGV_MAPERR";
    if (address < vma->start() &&
        (!vma->has(kVmGrowsDown) || !space.expand_stack(*vma, address).ok()))
      return "SEGV_MAPERR";
    if (store ? !vma->has(kVmWrite) : !vma->accessible()) return "SEGV_ACCERR";
    const Vpn vpn = PageSize{}.vpn(address);
    if (vma->backing != nullptr && space.page_table().get(vpn).none() &&
        vma->pgoff_of(address, PageSize{}) >= vma->backing->page_count())
      return "BUS_ADRERR";
    touch(*vma, vpn, store);
    return "ok";
  }

  // Gives the page a frame of its own (store), or the zero page.
  void touch(Vma& vma, Vpn vpn, bool store) {
    if (vma.shared() || (vma.backing != nullptr && !store)) return;
    const hw::PteLayout& layout = space.page_table().format().pte;
    const hw::Pte pte = space.page_table().get(vpn);
    if (!store) {
      if (pte.none()) space.install_page(vma, vpn, phys::kZeroPagePfn, PteWrite::kNo);
      return;
    }
    if (pte.present(layout) && pte.writable(layout)) return;
    space.prepare_anon(vma);
    const Pfn pfn = *allocator.take();
    frames[pfn].flags |= phys::kFrameAnon | phys::kFrameAnonExclusive;
    if (pte.none())
      space.install_page(vma, vpn, pfn, PteWrite::kYes);
    else
      space.replace_page(vma, vpn, pfn, gather);
  }

  phys::FrameTable frames{PageSize{}, Contents::kNone};
  phys::FrameAllocator allocator{frames, std::nullopt};
  rmap::ReverseMap rmap{frames};
  CountingSlots slots;
  hw::TlbGather gather;
  CommitAccount commit;
  AddressSpace space;

 private:
  uint32_t next_backing_ = 1;
};

}  // namespace faultline::mm
