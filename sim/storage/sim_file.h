// SimFile: one file's durable side: what the disk holds of it, or, for tmpfs, what memory holds.
// Linux's inode.
//
// Files are sparse: a page never written reads as zeros, or as the pattern that create() asked for.
// Units: pages of `page_size`. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faultline/types.h"

namespace faultline::storage {

enum class FileKind : uint8_t {
  kDisk,       // ext4-like: page cache over a disk, write-notify
  kTmpfs,      // memory alone: files under /dev/shm and memfd_create
  kSharedAnon  // the nameless tmpfs file behind MAP_SHARED|MAP_ANONYMOUS
};

class SimFile {
 public:
  SimFile(FileKind kind, PageSize page_size, uint64_t inode);

  FileKind kind() const { return kind_; }
  uint64_t inode() const { return inode_; }
  uint64_t size_bytes() const { return size_bytes_; }
  // Cut pages are gone; pages added read as zeros.
  void set_size(uint64_t size_bytes);
  // Fills bytes 0 .. size with (i*31 + (i>>12)*7 + seed) & 0xff, without storing them.
  void fill_pattern(uint64_t size_bytes, uint64_t seed);

  // Copies page `pgoff` into `page`, zeros past the end of the file. REQUIRES: page.size() is a
  // page.
  void read_page(uint64_t pgoff, std::span<std::byte> page) const;
  void write_page(uint64_t pgoff, std::span<const std::byte> page);

  bool unlinked() const { return links_ == 0; }
  void add_link() { ++links_; }
  void remove_link() { --links_; }

 private:
  FileKind kind_;
  PageSize page_size_;
  uint64_t inode_;
  uint64_t size_bytes_ = 0;
  uint32_t links_ = 0;
  std::optional<uint64_t> pattern_seed_;
  uint64_t pattern_end_bytes_ = 0;
  std::map<uint64_t, std::unique_ptr<std::byte[]>> pages_;
};

}  // namespace faultline::storage
