#include "tests/reclaim/small_machine.h"

#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace faultline::testing {
namespace {

constexpr uint64_t kFilePages = 16;

std::shared_ptr<storage::SimFile> make_file(storage::Disk& disk) {
  auto file = disk.create(disk.look_up("/data").value());
  file->fill_pattern(kFilePages << 12, 0);
  return file;
}

}  // namespace

const hw::PteLayout& PteList::layout() { return hw::find_paging_format("x86-64")->pte; }

void PteList::map(Vpn vpn, Pfn pfn) {
  allocator_.get(pfn);
  reverse_map_.add(pfn, {this, vpn});
  ptes_[vpn.value] = hw::Pte::make(layout(), pfn, true, false);
}

hw::Pte PteList::pte(Vpn vpn) const {
  const auto found = ptes_.find(vpn.value);
  return found == ptes_.end() ? hw::Pte{} : found->second;
}

bool PteList::unmap_page(Vpn vpn, hw::Pte replacement, hw::TlbGather& gather) {
  const hw::Pte old = std::exchange(ptes_.at(vpn.value), replacement);
  FL_CHECK(old.present(layout()));
  if (!replacement.none()) swap_slots_.get_slot(replacement.swap_slot());
  gather.add_page(asid_, vpn);
  const Pfn pfn = old.pfn(layout());
  reverse_map_.remove(pfn, {this, vpn});
  allocator_.put(pfn);
  return old.dirty(layout());
}

bool PteList::test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) {
  hw::Pte& pte = ptes_.at(vpn.value);
  const bool accessed = pte.accessed(layout());
  pte.raw &= ~layout().accessed;
  if (accessed) gather.add_page(asid_, vpn);
  return accessed;
}

bool PteList::clean_page(Vpn vpn, hw::TlbGather& gather) {
  hw::Pte& pte = ptes_.at(vpn.value);
  const bool dirty = pte.dirty(layout());
  pte.raw &= ~(layout().dirty | layout().write);
  gather.add_page(asid_, vpn);
  return dirty;
}

SmallMachine::SmallMachine(const Options& options)
    : frames(PageSize{}, options.contents),
      allocator(frames, options.frames),
      reverse_map(frames),
      disk(PageSize{}),
      swap_device({.contents = options.contents, .slots_max = options.swap_slots}),
      cache({frames, allocator, reverse_map, disk}),
      file(make_file(disk)),
      backing(cache.get_backing(file)),
      swap(swap_device, frames),
      policy(reclaim::make_policy(options.policy, {.frames = options.frames, .next_uses = &guesses})
                 .value()),
      reclaimer({frames, allocator, reverse_map, cache, swap, *policy, references}),
      a(Asid{1}, allocator, reverse_map, swap),
      b(Asid{2}, allocator, reverse_map, swap) {
  allocator.set_listener(&reclaimer);
}

SmallMachine::~SmallMachine() {
  gather.clear();
  allocator.set_listener(nullptr);
  backing.reset();
}

std::optional<Pfn> SmallMachine::take(cache::PageKey page) {
  reclaimer.expect(page, gather);
  if (allocator.empty() && !reclaimer.evict_one(gather)) return std::nullopt;
  return allocator.take();
}

Pfn SmallMachine::map_anon(PteList& space, Vpn vpn) {
  const std::optional<Pfn> pfn = take(cache::PageKey::of_anon(space.asid(), vpn));
  if (!pfn) return kNoPfn;
  frames[*pfn].flags |= phys::kFrameAnon;
  space.map(vpn, *pfn);
  allocator.put(*pfn);  // the PTE's reference remains
  reference(space, vpn, false);
  return *pfn;
}

Pfn SmallMachine::map_file(PteList& space, Vpn vpn, uint64_t pgoff) {
  Pfn pfn = cache.find(*backing, pgoff);
  if (pfn == kNoPfn) {
    const std::optional<Pfn> fresh = take(cache::PageKey::of_file(backing->number(), pgoff));
    if (!fresh) return kNoPfn;
    pfn = *fresh;
    cache.insert(*backing, pgoff, pfn);
  }
  space.map(vpn, pfn);
  reference(space, vpn, false);
  return pfn;
}

void SmallMachine::reference(PteList& space, Vpn vpn, bool store) {
  const hw::PteLayout& layout = PteList::layout();
  FL_CHECK(space.pte(vpn).present(layout));
  space.set_bits(vpn, layout.accessed | (store ? layout.dirty : 0));
  frames.last_references()[space.pte(vpn).pfn(layout).value] = ++references;
  reclaimer.reference_done(space.pte(vpn).pfn(layout), gather);
}

uint8_t SmallMachine::byte_in_swap(uint32_t slot, uint64_t offset) const {
  std::vector<std::byte> page(4096);
  swap_device.read(slot, page);
  return uint8_t(page.at(offset));
}

}  // namespace faultline::testing
