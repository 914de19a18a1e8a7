// CachedMachine: a page cache with all that is below it, and FakeSpace, a page table of one kind of
// mapping, for tests.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faultline/options.h"
#include "faultline/types.h"
#include "sim/cache/page_cache.h"
#include "sim/rmap/mapping_space.h"

namespace faultline::testing {

// Maps pages of one Backing, page n of it at page n of the space. Its PTEs have a dirty and a write
// bit; pages copied on write are only counted.
class FakeSpace final : public rmap::MappingSpace {
 public:
  struct Pte {
    Pfn pfn{};
    bool writable = false;
    bool dirty = false;
    bool accessed = true;
  };

  FakeSpace(phys::FrameTable& frames, phys::FrameAllocator& allocator, rmap::ReverseMap& rmap)
      : frames_(frames), allocator_(allocator), rmap_(rmap) {}
  ~FakeSpace() override;
  FakeSpace(const FakeSpace&) = delete;
  FakeSpace& operator=(const FakeSpace&) = delete;

  // Says that it maps `backing`: truncation reaches it then.
  void map_backing(const cache::Backing& backing);
  void map(uint64_t pgoff, Pfn pfn);
  // What a store through the mapping does to a page that is mapped: sets the bits and the byte.
  // REQUIRES: the page is dirty already, or its file needs no notice.
  void store(uint64_t pgoff, uint64_t offset_in_page, int value);
  int load(uint64_t pgoff, uint64_t offset_in_page) const;

  bool maps(uint64_t pgoff) const { return ptes_.contains(pgoff); }
  Pte& pte(uint64_t pgoff) { return ptes_.at(pgoff); }
  void lock() { locked_ = true; }

  bool unmap_page(Vpn vpn, hw::Pte replacement, hw::TlbGather& gather) override;
  bool test_and_clear_accessed(Vpn vpn, hw::TlbGather& gather) override;
  bool page_dirty(Vpn vpn) const override { return ptes_.at(vpn.value).dirty; }
  bool clean_page(Vpn vpn, hw::TlbGather& gather) override;
  bool evictable(Vpn vpn) const override;
  void zap_file_range(rmap::FileRange range, rmap::Zap what, hw::TlbGather& gather) override;

  // What the last truncation asked for.
  std::optional<rmap::FileRange> zapped{};
  std::optional<rmap::Zap> zapped_what{};

 private:
  phys::FrameTable& frames_;
  phys::FrameAllocator& allocator_;
  rmap::ReverseMap& rmap_;
  std::map<uint64_t, Pte> ptes_;
  std::vector<uint32_t> backings_;
  bool locked_ = false;
};

struct CachedMachineOptions {
  Contents contents = Contents::kBytes;
  std::optional<uint64_t> frame_count = 1000;
  bool reclaims = false;  // take_frame() evicts when no frame is free
};

class CachedMachine : public cache::FrameSource {
 public:
  explicit CachedMachine(const CachedMachineOptions& options = {});

  // When it reclaims, the file pages go one after the other, by the number of their frame.
  std::optional<Pfn> take_frame(cache::PageKey page) override;

  std::shared_ptr<cache::Backing> create(const std::string& path, uint64_t size_bytes,
                                         uint64_t seed = 0);
  // The page, which has to be had, and whether that cost I/O.
  cache::CachedPage get(cache::Backing& backing, uint64_t pgoff);
  // The pages of [0, count) that are cached, '#' dirty, 'c' clean, '.' not there.
  std::string picture(const cache::Backing& backing, uint64_t count) const;
  // Writes one byte as write(2) does, the file growing if need be.
  void write_byte(cache::Backing& backing, uint64_t offset_bytes, int value);
  // The same for many alike.
  void write(cache::Backing& backing, cache::ByteRange range, int value);
  // The orders of the folios that the pages of [0, count) belong to, '.' where none is cached.
  std::string folios(const cache::Backing& backing, uint64_t count) const;
  // The byte in the cache, which has to hold its page; and the byte that the file holds.
  int cached_byte(const cache::Backing& backing, uint64_t offset_bytes) const;
  int durable_byte(const cache::Backing& backing, uint64_t offset_bytes) const;
  uint64_t write_back(cache::Backing& backing, uint64_t first, uint64_t count);
  void truncate(cache::Backing& backing, uint64_t size_bytes);
  cache::Reclaimed reclaim(Pfn pfn);
  uint64_t writes() const { return disk.stats().page_writes; }
  uint64_t reads() const { return disk.stats().page_reads; }
  void validate() const;

  phys::FrameTable frames;
  phys::FrameAllocator allocator;
  rmap::ReverseMap rmap;
  storage::Disk disk;
  cache::PageCache cache;

 private:
  bool reclaims_;
  uint64_t hand_ = 0;
};

}  // namespace faultline::testing
