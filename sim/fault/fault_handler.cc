#include "sim/fault/fault_handler.h"

#include <algorithm>
#include <cstring>

#include "sim/base/align.h"
#include "sim/base/check.h"
#include "sim/mm/vm_flags.h"

namespace faultline::fault {

// A legal fault: what the rungs of the ladder need to know.
struct FaultHandler::Request {
  mm::AddressSpace& space;
  mm::Vma& vma;
  Vpn vpn;
  VirtAddr address;
  bool store = false;
  hw::Pte pte{};  // as it was found

  // The page of the Backing behind `vpn`.
  uint64_t pgoff() const { return vma.pgoff_of(space.page_size().address(vpn), space.page_size()); }
  cache::Backing& backing() const { return *vma.backing; }
};

namespace {

constexpr FaultOutcome kMinorFault{.result = FaultResult::kMinor};
constexpr FaultOutcome kMajorFault{.result = FaultResult::kMajor};
constexpr FaultOutcome kNoMemory{.result = FaultResult::kOutOfMemory};

// Whether the VMA permits the access. A read of an absent page needs any right at all, and an
// absent page is not checked against execution until it is present. Source: Linux
// arch/x86/mm/fault.c access_error(). Differs from Linux: with every paging format; the kernels of
// RISC-V and arm64 check a fetch at once, and know pages that can be executed and not read.
bool permitted(const mm::Vma& vma, const hw::PageFault& fault) {
  if ((fault.error_code & hw::kFaultWrite) != 0) return (vma.flags & mm::kVmWrite) != 0;
  if ((fault.error_code & hw::kFaultProtection) != 0) return false;
  return (vma.flags & (mm::kVmRead | mm::kVmWrite | mm::kVmExec)) != 0;
}

cache::Advice advice_of(const mm::Vma& vma) {
  if (vma.has(mm::kVmHugePage))
    return vma.has(mm::kVmRandRead) ? cache::Advice::kHugeRandom : cache::Advice::kHuge;
  if (vma.has(mm::kVmRandRead)) return cache::Advice::kRandom;
  return vma.has(mm::kVmSeqRead) ? cache::Advice::kSequential : cache::Advice::kNormal;
}

}  // namespace

FaultHandler::FaultHandler(const FaultServices& services) : s_(services) {}

std::optional<Pfn> FaultHandler::take_frame(cache::PageKey page) {
  if (s_.reclaimer != nullptr) s_.reclaimer->expect(page, s_.gather);
  if (std::optional<Pfn> pfn = s_.allocator.take()) return pfn;
  if (s_.reclaimer == nullptr || !s_.reclaimer->evict_one(s_.gather)) return std::nullopt;
  return s_.allocator.take();
}

FaultOutcome FaultHandler::handle(mm::AddressSpace& space, const hw::PageFault& fault) {
  const VirtAddr address = fault.address;
  // A general-protection fault, which tells no address. Source: Intel SDM vol. 1, 3.3.7.1.
  if (!space.page_table().format().canonical(address))
    return FaultOutcome::make_signal(SignalCode::kSiKernel, {0});

  mm::Vma* vma = find_legal_vma(space, address);
  if (vma == nullptr) return FaultOutcome::make_signal(SignalCode::kSegvMapErr, address);
  if (!permitted(*vma, fault)) return FaultOutcome::make_signal(SignalCode::kSegvAccErr, address);

  const Vpn vpn = space.page_size().vpn(address);
  return bring_in({.space = space,
                   .vma = *vma,
                   .vpn = vpn,
                   .address = address,
                   .store = is_store(fault.kind),
                   .pte = space.page_table().get(vpn)});
}

// The VMA that holds the address; a stack below it grows first, before its rights are looked at
// (linux-semantics E2).
mm::Vma* FaultHandler::find_legal_vma(mm::AddressSpace& space, VirtAddr address) {
  mm::Vma* vma = space.find_vma(address);
  if (vma != nullptr && vma->range().contains(address)) return vma;
  if (s_.unmapped == Unmapped::kMap && address < space.page_table().format().user_end())
    return &space.map_inferred(space.page_size().vpn(address));
  if (vma == nullptr || (vma->flags & mm::kVmGrowsDown) == 0) return nullptr;
  return space.expand_stack(*vma, address).ok() ? vma : nullptr;
}

// There is nothing to map. The tables above the PTE's own are there by then. Source: Linux
// mm/memory.c __handle_mm_fault().
FaultOutcome FaultHandler::bus_error(const Request& r) {
  r.space.page_table().make_upper_tables(r.vpn);
  return FaultOutcome::make_signal(SignalCode::kBusAdrErr, r.address);
}

// There is no pool of huge pages (row A3). Source: Linux mm/hugetlb.c hugetlb_no_page().
FaultOutcome FaultHandler::refuse_huge_page(const Request& r) {
  if (!r.vma.shared()) r.space.prepare_anon(r.vma);
  return bus_error(r);
}

// Source: Linux mm/memory.c handle_pte_fault().
FaultOutcome FaultHandler::bring_in(const Request& r) {
  const hw::PteLayout& layout = r.space.page_table().format().pte;
  if (r.pte.none()) {
    if ((r.vma.flags & mm::kVmInferred) != 0) return map_inferred_page(r);
    if (r.vma.has(mm::kVmHugeTlb)) return refuse_huge_page(r);
    if (r.vma.backing == nullptr) return demand_zero(r);
    if (!r.store) return read_file_page(r);
    return r.vma.shared() ? store_to_shared_file(r) : copy_file_page(r);
  }
  if (!r.pte.present(layout)) {
    // Source: Linux mm/memory.c handle_pte_marker().
    if (r.pte.is_guard()) return FaultOutcome::make_signal(SignalCode::kSegvMapErr, r.address);
    return swap_in(r);
  }
  if (r.store && !r.pte.writable(layout)) return break_write_protection(r);
  s_.gather.add_page(r.space.asid(), r.vpn);
  return {.result = FaultResult::kSpurious};
}

// A load maps the zero page, a store a frame of zeros. Source: Linux mm/memory.c
// do_anonymous_page().
FaultOutcome FaultHandler::demand_zero(const Request& r) {
  if (!r.store) {
    r.space.install_page(r.vma, r.vpn, phys::kZeroPagePfn, mm::PteWrite::kNo);
    return kMinorFault;
  }
  r.space.prepare_anon(r.vma);
  const std::optional<Pfn> pfn = take_anon_frame(r);
  if (!pfn) return kNoMemory;
  r.space.install_page(r.vma, r.vpn, *pfn, mm::PteWrite::kYes);
  return kMinorFault;
}

// A page of a trace whose contents are taken to exist: no zero page, and no second fault at the
// first store.
FaultOutcome FaultHandler::map_inferred_page(const Request& r) {
  const std::optional<Pfn> pfn = take_anon_frame(r);
  if (!pfn) return kNoMemory;
  r.space.install_page(r.vma, r.vpn, *pfn, mm::PteWrite::kYes);
  return kMinorFault;
}

// Maps what is cached around the page before it looks at the page itself: a fault past the end of
// the file has done that too when it ends in SIGBUS (linux-semantics D19). Source: Linux
// mm/memory.c do_read_fault().
FaultOutcome FaultHandler::read_file_page(const Request& r) {
  map_around(r);
  if (!r.space.page_table().get(r.vpn).none()) return kMinorFault;
  FaultOutcome outcome;
  const std::optional<cache::CachedPage> page = get_file_page(r, &outcome);
  if (!page) return outcome;
  if (r.space.page_table().get(r.vpn).none()) map_folio(r, page->pfn);
  return outcome;
}

// A store to a private mapping of a page that is not mapped yet: the copy is made at once.
// Source: Linux mm/memory.c do_cow_fault().
FaultOutcome FaultHandler::copy_file_page(const Request& r) {
  r.space.prepare_anon(r.vma);
  FaultOutcome outcome;
  const std::optional<cache::CachedPage> page = get_file_page(r, &outcome);
  if (!page) return outcome;
  const std::optional<Pfn> copy = take_copy_of(page->pfn, r);
  if (!copy) return kNoMemory;
  r.space.install_page(r.vma, r.vpn, *copy, mm::PteWrite::kYes);
  return outcome;
}

// Source: Linux mm/memory.c do_shared_fault(); the page is dirty from here on (do_page_mkwrite(),
// fault_dirty_shared_page()).
FaultOutcome FaultHandler::store_to_shared_file(const Request& r) {
  FaultOutcome outcome;
  const std::optional<cache::CachedPage> page = get_file_page(r, &outcome);
  if (!page) return outcome;
  s_.cache.mark_stored(r.backing(), r.pgoff());
  map_folio(r, page->pfn);
  return outcome;
}

// The page of the file behind the fault, read if it must be; or nothing, and `outcome` says why.
std::optional<cache::CachedPage> FaultHandler::get_file_page(const Request& r,
                                                             FaultOutcome* outcome) {
  if (r.pgoff() >= r.backing().page_count()) {
    *outcome = bus_error(r);
    return std::nullopt;
  }
  const std::optional<cache::CachedPage> page = read_page(r);
  *outcome = !page ? kNoMemory : page->did_io ? kMajorFault : kMinorFault;
  if (!page) return std::nullopt;
  outcome->dropped_lock = page->dropped_lock;
  // Linux drops the lock to read, and takes the fault once more: the pages that read-ahead brought
  // by then are mapped too. Source: Linux mm/filemap.c filemap_fault().
  if (page->dropped_lock && !r.store) map_around(r);
  s_.cache.finish_reading(r.backing(), *page, *this);
  return page;
}

std::optional<cache::CachedPage> FaultHandler::read_page(const Request& r) {
  if (r.vma.file == nullptr) return s_.cache.get_or_read_page(r.backing(), r.pgoff(), *this);
  const cache::Advice advice = advice_of(r.vma);
  const bool for_code = advice == cache::Advice::kNormal || advice == cache::Advice::kRandom;
  if (!for_code || !r.vma.has(mm::kVmExec))
    return s_.cache.read_for_fault(*r.vma.file, r.pgoff(), advice, *this);
  const uint64_t pages_left = r.space.page_size().vpn(r.vma.end()) - r.vpn;
  return s_.cache.read_for_code(*r.vma.file, {r.pgoff(), pages_left}, advice, *this);
}

// Maps a page of the cache for the fault: for reading, where the PTE grants stores already if the
// file does not want to know of the first one; or as after the store of the fault.
void FaultHandler::map_file_page(const Request& r, Vpn vpn, Pfn pfn) {
  const bool store_known = !r.vma.shared() || r.backing().write_notify();
  auto write = mm::PteWrite::kNo;
  if (r.store)
    write = mm::PteWrite::kDirty;
  else if (!store_known && r.vma.has(mm::kVmWrite))
    write = mm::PteWrite::kYes;
  s_.allocator.get(pfn);
  r.space.install_page(r.vma, vpn, pfn, write);
}

// Where the first page of the folio is mapped, if all of it lies within the VMA and one page table.
std::optional<Vpn> FaultHandler::find_place(const Request& r, cache::PgoffRange folio) const {
  const PageSize page_size = r.space.page_size();
  const uint64_t entries = uint64_t{1} << r.space.page_table().format().index_bits[0];
  if (folio.first < r.vma.pgoff) return std::nullopt;
  const uint64_t into_vma = folio.first - r.vma.pgoff;
  if (into_vma + folio.count > page_size.pages(r.vma.range())) return std::nullopt;
  const Vpn first = page_size.vpn(r.vma.start()) + into_vma;
  if (first.value % entries + folio.count > entries) return std::nullopt;
  return first;
}

// Maps the page of the fault, and the rest of its folio where all of it has its place, no page of
// it is mapped and the file reaches as far. Source: Linux mm/memory.c finish_fault(), 6.18.
void FaultHandler::map_folio(const Request& r, Pfn pfn) {
  const cache::PgoffRange folio = cache::folio_of(s_.frames[pfn]);
  const std::optional<Vpn> first = folio.count == 1 || folio.end() > r.backing().page_count()
                                       ? std::nullopt
                                       : find_place(r, folio);
  bool free = first.has_value();
  for (uint64_t i = 0; i < folio.count && free; ++i)
    free = r.space.page_table().get(*first + i).none();
  if (!free) return map_file_page(r, r.vpn, pfn);
  for (uint64_t i = 0; i < folio.count; ++i)
    map_file_page(r, *first + i, s_.cache.find(r.backing(), folio.first + i));
}

// Fault-around: maps the pages of the file that are up to date in the cache and lie about the
// fault, but for folios that start read-ahead, in a window of 16 PTEs that is aligned on the
// virtual address and clipped to the VMA, the table page and the end of the file. A large folio is
// mapped as a whole, where it ends before the last page of the file. Source: Linux mm/memory.c
// do_fault_around(), mm/filemap.c filemap_map_pages(), filemap_map_folio_range(), 6.18.
void FaultHandler::map_around(const Request& r) {
  const hw::PagingFormat& format = r.space.page_table().format();
  const PageSize page_size = r.space.page_size();
  const uint64_t entries = uint64_t{1} << format.index_bits[0];
  const uint64_t index = r.vpn.value % entries;
  const uint64_t into_vma = r.vpn - page_size.vpn(r.vma.start());
  const uint64_t vma_pages = page_size.pages(r.vma.range());
  const uint64_t from =
      std::max(base::align_down(index, kFaultAroundPages), index - std::min(index, into_vma));
  const uint64_t to = std::min({from + kFaultAroundPages, entries, index + vma_pages - into_vma});
  const uint64_t file_pages = r.backing().page_count();
  bool may_make_table = false;
  uint64_t folio_end = 0;  // of the one mapped last
  for (uint64_t i = from; i < to; ++i) {
    const Vpn vpn{r.vpn.value - index + i};
    const uint64_t pgoff = r.pgoff() + i - index;
    if (pgoff >= file_pages) break;
    const Pfn pfn = s_.cache.find_uptodate(r.backing(), pgoff);
    if (pfn == kNoPfn || (s_.frames[pfn].flags & phys::kFrameReadahead) != 0) continue;
    if (pgoff >= folio_end) {
      const cache::PgoffRange folio = cache::folio_of(s_.frames[pfn]);
      folio_end = folio.end();
      // A file of the disk gets no table for its last folio alone. Source: Linux mm/filemap.c
      // filemap_map_pages(), which installs the table in filemap_map_pmd() and skips that when the
      // first folio it finds ends the file, 6.18.
      may_make_table |= folio_end < file_pages || !r.backing().write_notify();
      if (!may_make_table && format.levels > 1 && r.space.page_table().entry(r.vpn, 1).none())
        return;
      if (folio.count > 1) map_rest_of_folio(r, folio);
    }
    if (r.space.page_table().get(vpn).none()) map_file_page(r, vpn, pfn);
  }
}

// The pages of the folio that fault-around found, where all of it has its place.
void FaultHandler::map_rest_of_folio(const Request& r, cache::PgoffRange folio) {
  if (folio.end() >= r.backing().page_count()) return;
  const std::optional<Vpn> first = find_place(r, folio);
  if (!first) return;
  for (uint64_t i = 0; i < folio.count; ++i) {
    if (!r.space.page_table().get(*first + i).none()) continue;
    map_file_page(r, *first + i, s_.cache.find(r.backing(), folio.first + i));
  }
}

// Source: Linux mm/memory.c do_swap_page(). The frame is the page's own when no other PTE holds the
// slot.
FaultOutcome FaultHandler::swap_in(const Request& r) {
  FL_CHECK(r.pte.is_swap());
  const uint32_t slot = r.pte.swap_slot();
  const std::optional<Pfn> pfn = take_anon_frame(r);
  if (!pfn) return kNoMemory;
  s_.swap.read(slot, *pfn);
  const bool own = s_.swap.only_user(slot);
  if (!own) s_.frames[*pfn].flags &= static_cast<uint16_t>(~phys::kFrameAnonExclusive);
  const bool write = own && r.vma.has(mm::kVmWrite);
  r.space.install_page(r.vma, r.vpn, *pfn, write ? mm::PteWrite::kYes : mm::PteWrite::kNo);
  return kMajorFault;
}

// A store through a PTE that does not grant it, in a VMA that does. Source: Linux mm/memory.c
// do_wp_page().
FaultOutcome FaultHandler::break_write_protection(const Request& r) {
  const Pfn pfn = r.pte.pfn(r.space.page_table().format().pte);
  if (r.vma.shared()) {
    s_.cache.mark_stored(r.backing(), r.pgoff());
    return make_writable(r);
  }
  // A page of its own, or that all others have left: wp_page_reuse(), wp_can_reuse_anon_folio().
  const phys::PageFrame& frame = s_.frames[pfn];
  const bool exclusive = (frame.flags & phys::kFrameAnonExclusive) != 0;
  if (exclusive || ((frame.flags & phys::kFrameAnon) != 0 && frame.refcount == 1))
    return make_writable(r);
  return break_cow(r, pfn);
}

FaultOutcome FaultHandler::make_writable(const Request& r) {
  r.space.make_page_writable(r.vma, r.vpn);
  s_.gather.add_page(r.space.asid(), r.vpn);
  return kMinorFault;
}

FaultOutcome FaultHandler::break_cow(const Request& r, Pfn shared) {
  r.space.prepare_anon(r.vma);
  const std::optional<Pfn> copy = take_copy_of(shared, r);
  if (!copy) return kNoMemory;
  // Getting the frame may have evicted the shared page from here: then there is nothing to replace
  // any more. Or it may have cleared its accessed bit.
  const hw::PteLayout& layout = r.space.page_table().format().pte;
  const hw::Pte now = r.space.page_table().get(r.vpn);
  if (now.present(layout) && now.pfn(layout) == shared)
    r.space.replace_page(r.vma, r.vpn, *copy, s_.gather);
  else
    r.space.install_page(r.vma, r.vpn, *copy, mm::PteWrite::kYes);
  return kMinorFault;
}

std::optional<Pfn> FaultHandler::take_anon_frame(const Request& r) {
  const std::optional<Pfn> pfn = take_frame(cache::PageKey::of_anon(r.space.asid(), r.vpn));
  if (pfn) s_.frames[*pfn].flags |= phys::kFrameAnon | phys::kFrameAnonExclusive;
  return pfn;
}

// A frame with the same bytes. The page copied is held meanwhile, so that getting the frame cannot
// free it.
std::optional<Pfn> FaultHandler::take_copy_of(Pfn original, const Request& r) {
  s_.allocator.get(original);
  const std::optional<Pfn> copy = take_anon_frame(r);
  if (copy && s_.frames.has_bytes(original)) {
    const std::span<std::byte> to = s_.frames.writable_bytes(*copy);
    std::memcpy(to.data(), s_.frames.bytes(original).data(), to.size());
  }
  s_.allocator.put(original);
  return copy;
}

}  // namespace faultline::fault
