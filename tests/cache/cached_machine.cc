#include "tests/cache/cached_machine.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace faultline::testing {

using cache::Backing;

FakeSpace::~FakeSpace() {
  hw::TlbGather gather;
  while (!ptes_.empty()) unmap_page(Vpn{ptes_.begin()->first}, {}, gather);
  for (const uint32_t backing : backings_) rmap_.remove_space(backing, *this);
  gather.clear();
}

void FakeSpace::map_backing(const Backing& backing) {
  backings_.push_back(backing.number());
  rmap_.add_space(backing.number(), *this);
}

void FakeSpace::map(uint64_t pgoff, Pfn pfn) {
  allocator_.get(pfn);
  rmap_.add(pfn, {this, Vpn{pgoff}});
  ptes_[pgoff] = {.pfn = pfn};
}

void FakeSpace::store(uint64_t pgoff, uint64_t offset_in_page, int value) {
  Pte& entry = ptes_.at(pgoff);
  entry.writable = true;
  entry.dirty = true;
  const auto bytes = frames_.writable_bytes(entry.pfn);
  if (!bytes.empty()) bytes[offset_in_page] = static_cast<std::byte>(value);
}

int FakeSpace::load(uint64_t pgoff, uint64_t offset_in_page) const {
  return static_cast<int>(frames_.bytes(ptes_.at(pgoff).pfn)[offset_in_page]);
}

bool FakeSpace::unmap_page(Vpn vpn, hw::Pte, hw::TlbGather& gather) {
  const Pte entry = ptes_.at(vpn.value);
  ptes_.erase(vpn.value);
  rmap_.remove(entry.pfn, {this, vpn});
  if (entry.dirty) {
    phys::PageFrame& frame = frames_[entry.pfn];
    frame.flags = static_cast<uint16_t>(frame.flags | phys::kFrameDirty);
  }
  allocator_.put(entry.pfn);
  gather.add_page(Asid{1}, vpn);
  return entry.dirty;
}

bool FakeSpace::test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) {
  gather.add_page(Asid{1}, vpn);
  return std::exchange(ptes_.at(vpn.value).accessed, false);
}

bool FakeSpace::clean_page(Vpn vpn, hw::TlbGather& gather) {
  Pte& entry = ptes_.at(vpn.value);
  entry.writable = false;
  gather.add_page(Asid{1}, vpn);
  return std::exchange(entry.dirty, false);
}

bool FakeSpace::evictable(Vpn) const { return !locked_; }

void FakeSpace::zap_file_range(rmap::FileRange range, rmap::Zap what, hw::TlbGather& gather) {
  zapped = range;
  zapped_what = what;
  std::vector<uint64_t> gone;
  for (const auto& [pgoff, entry] : ptes_) {
    if (pgoff >= range.first && pgoff - range.first < range.count) gone.push_back(pgoff);
  }
  for (const uint64_t pgoff : gone) unmap_page(Vpn{pgoff}, {}, gather);
}

CachedMachine::CachedMachine(const CachedMachineOptions& options)
    : frames(PageSize{12}, options.contents),
      allocator(frames, options.frame_count),
      rmap(frames),
      disk(PageSize{12}),
      cache({frames, allocator, rmap, disk}),
      reclaims_(options.reclaims) {}

std::optional<Pfn> CachedMachine::take_frame(cache::PageKey) {
  std::optional<Pfn> taken = allocator.take();
  for (uint64_t tries = 0; !taken && reclaims_ && tries < frames.size(); ++tries) {
    hand_ = (hand_ + 1) % frames.size();
    const Pfn victim{static_cast<uint32_t>(hand_)};
    if ((frames[victim].flags & phys::kFrameFile) != 0) reclaim(victim);
    taken = allocator.take();
  }
  return taken;
}

std::shared_ptr<Backing> CachedMachine::create(const std::string& path, uint64_t size_bytes,
                                               uint64_t seed) {
  const auto file = disk.create(disk.look_up(path).value());
  file->fill_pattern(size_bytes, seed);
  return cache.get_backing(file);
}

cache::CachedPage CachedMachine::get(Backing& backing, uint64_t pgoff) {
  const auto page = cache.get_or_read_page(backing, pgoff, *this);
  FL_CHECK(page.has_value());
  return *page;
}

std::string CachedMachine::picture(const Backing& backing, uint64_t count) const {
  std::string text;
  for (uint64_t pgoff = 0; pgoff < count; ++pgoff) {
    const Pfn pfn = cache.find(backing, pgoff);
    text += pfn == kNoPfn ? '.' : (frames[pfn].flags & phys::kFrameDirty) != 0 ? '#' : 'c';
  }
  return text;
}

void CachedMachine::write_byte(Backing& backing, uint64_t offset_bytes, int value) {
  write(backing, {offset_bytes, 1}, value);
}

void CachedMachine::write(Backing& backing, cache::ByteRange range, int value) {
  while (range.count > 0) {
    cache.prepare_write_at(backing, range.first, *this);
    const auto part = cache.begin_write(backing, range, *this);
    FL_CHECK(part.has_value());
    const std::vector<std::byte> bytes(part->count, static_cast<std::byte>(value));
    FL_CHECK(cache.end_write(backing, *part, bytes) == part->count);
    range = {part->end(), range.count - part->count};
  }
}

std::string CachedMachine::folios(const Backing& backing, uint64_t count) const {
  std::string text;
  for (uint64_t pgoff = 0; pgoff < count; ++pgoff) {
    const Pfn pfn = cache.find(backing, pgoff);
    text += pfn == kNoPfn ? '.' : static_cast<char>('0' + frames[pfn].order);
  }
  return text;
}

int CachedMachine::cached_byte(const Backing& backing, uint64_t offset_bytes) const {
  const Pfn pfn = cache.find(backing, offset_bytes >> 12);
  FL_CHECK(pfn != kNoPfn);
  return static_cast<int>(frames.bytes(pfn)[offset_bytes & 4095]);
}

int CachedMachine::durable_byte(const Backing& backing, uint64_t offset_bytes) const {
  std::vector<std::byte> page(4096);
  backing.file().read_page(offset_bytes >> 12, page);
  return static_cast<int>(page[offset_bytes & 4095]);
}

uint64_t CachedMachine::write_back(Backing& backing, uint64_t first, uint64_t count) {
  hw::TlbGather gather;
  const uint64_t written = cache.write_back(backing, {first, count}, gather);
  gather.clear();
  return written;
}

void CachedMachine::truncate(Backing& backing, uint64_t size_bytes) {
  hw::TlbGather gather;
  cache.truncate(backing, size_bytes, *this, gather);
  gather.clear();
}

cache::Reclaimed CachedMachine::reclaim(Pfn pfn) {
  hw::TlbGather gather;
  const cache::Reclaimed reclaimed = cache.reclaim_page(pfn, gather);
  gather.clear();
  return reclaimed;
}

void CachedMachine::validate() const {
  frames.validate();
  allocator.validate();
  rmap.validate();
  disk.validate();
  cache.validate();
}

}  // namespace faultline::testing
