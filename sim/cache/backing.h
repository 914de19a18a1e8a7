// Backing: what a VMA maps: a file of the disk or of tmpfs, or the nameless object behind a shared
// anonymous mapping. Linux's struct address_space (not our AddressSpace, which is Linux's
// mm_struct): the page cache of one file.
//
// A Backing is shared by all that map or open the file, and lives as long as one of them, or its
// file, does. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "faultline/types.h"
#include "sim/storage/sim_file.h"

namespace faultline::cache {

class Backing {
 public:
  Backing(uint32_t number, std::shared_ptr<storage::SimFile> file);

  // Names it in PageFrame::owner and rmap::FileRange; never used twice.
  uint32_t number() const { return number_; }
  storage::SimFile& file() const { return *file_; }
  uint64_t size_bytes() const { return file_->size_bytes(); }
  // Whether the first store to a clean page faults, so that dirty pages are known: disk files, not
  // tmpfs (Linux vma_wants_writenotify()).
  bool write_notify() const { return file_->kind() == storage::FileKind::kDisk; }

 private:
  friend class PageCache;
  uint32_t number_;
  std::shared_ptr<storage::SimFile> file_;
  std::map<uint64_t, Pfn> pages_;  // pgoff -> frame
  std::set<uint64_t> dirty_;       // pgoff
};

}  // namespace faultline::cache
