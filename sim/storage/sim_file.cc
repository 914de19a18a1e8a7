#include "sim/storage/sim_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/check.h"

namespace faultline::storage {
namespace {

constexpr uint64_t kDiskSizeMax = (uint64_t{1} << 44) - 4096;
constexpr uint64_t kTmpfsSizeMax = (uint64_t{1} << 63) - 1;

}  // namespace

SimFile::SimFile(FileKind kind, PageSize page_size, uint64_t inode)
    : kind_(kind), page_size_(page_size), inode_(inode) {}

uint64_t SimFile::page_count() const {
  // The size is below 2^63, so that rounding up cannot wrap.
  return page_size_.pages(page_size_.align_up(size_bytes_));
}

uint64_t SimFile::size_bytes_max() const {
  return kind_ == FileKind::kDisk ? kDiskSizeMax : kTmpfsSizeMax;
}

void SimFile::set_size(uint64_t size_bytes) {
  FL_CHECK(size_bytes <= size_bytes_max());
  const bool grows = size_bytes > size_bytes_;
  size_bytes_ = size_bytes;
  if (grows) return;
  pages_.erase(pages_.lower_bound(page_count()), pages_.end());
  pattern_end_bytes_ = std::min(pattern_end_bytes_, size_bytes);
  const uint64_t used_bytes = size_bytes & page_size_.offset_mask();
  const auto last = pages_.find(page_size_.pages(size_bytes));
  if (used_bytes == 0 || last == pages_.end() || last->second == nullptr) return;
  std::memset(last->second.get() + used_bytes, 0, page_size_.bytes() - used_bytes);
}

void SimFile::fill_pattern(uint64_t size_bytes, uint64_t seed) {
  pages_.clear();
  pattern_end_bytes_ = 0;
  set_size(size_bytes);
  pattern_seed_ = seed;
  pattern_end_bytes_ = size_bytes;
}

std::byte SimFile::pattern_byte(uint64_t offset_bytes) const {
  return static_cast<std::byte>((offset_bytes * 31 + (offset_bytes >> 12) * 7 + pattern_seed_) &
                                0xff);
}

void SimFile::fill_from_pattern(uint64_t pgoff, std::span<std::byte> page) const {
  const uint64_t start_bytes = pgoff << page_size_.shift;
  const uint64_t end_bytes =
      std::clamp(pattern_end_bytes_, start_bytes, start_bytes + page_size_.bytes());
  for (uint64_t i = start_bytes; i < end_bytes; ++i) page[i - start_bytes] = pattern_byte(i);
  std::fill(page.begin() + static_cast<std::ptrdiff_t>(end_bytes - start_bytes), page.end(),
            std::byte{0});
}

void SimFile::read_page(uint64_t pgoff, std::span<std::byte> page) const {
  FL_CHECK(page.size() == page_size_.bytes());
  const auto stored = pages_.find(pgoff);
  if (stored == pages_.end()) return fill_from_pattern(pgoff, page);
  if (stored->second == nullptr) {
    std::fill(page.begin(), page.end(), std::byte{0});
  } else {
    std::memcpy(page.data(), stored->second.get(), page.size());
  }
}

void SimFile::write_page(uint64_t pgoff, std::span<const std::byte> page) {
  FL_CHECK(page.empty() || page.size() == page_size_.bytes());
  FL_CHECK(kind_ != FileKind::kDisk || pgoff < page_count());
  std::unique_ptr<std::byte[]>& stored = pages_[pgoff];
  if (page.empty()) return;
  if (stored == nullptr) stored = std::make_unique<std::byte[]>(page_size_.bytes());
  uint64_t kept_bytes = page.size();
  if (kind_ == FileKind::kDisk) {
    kept_bytes = std::min(kept_bytes, size_bytes_ - (pgoff << page_size_.shift));
  }
  std::memcpy(stored.get(), page.data(), kept_bytes);
  std::memset(stored.get() + kept_bytes, 0, page.size() - kept_bytes);
}

bool SimFile::has_page(uint64_t pgoff) const {
  return pgoff < page_size_.pages(page_size_.align_up(pattern_end_bytes_)) || stores_page(pgoff);
}

std::optional<uint64_t> SimFile::first_page_from(uint64_t pgoff) const {
  if (has_page(pgoff)) return pgoff;
  const auto stored = pages_.lower_bound(pgoff);
  if (stored == pages_.end()) return std::nullopt;
  return stored->first;
}

void SimFile::remove_link() {
  FL_CHECK(links_ > 0);
  --links_;
}

void SimFile::validate() const {
  FL_CHECK(pattern_end_bytes_ <= size_bytes_);
  if (kind_ != FileKind::kDisk || pages_.empty()) return;
  const auto& [last_pgoff, bytes] = *pages_.rbegin();
  FL_CHECK_MSG(last_pgoff < page_count(), "inode {}: page {} beyond the end of the file", inode_,
               last_pgoff);
  if (bytes == nullptr) return;
  const uint64_t start_bytes = last_pgoff << page_size_.shift;
  const uint64_t used_bytes = std::min(page_size_.bytes(), size_bytes_ - start_bytes);
  const bool tail_is_zero = std::all_of(bytes.get() + used_bytes, bytes.get() + page_size_.bytes(),
                                        [](std::byte b) { return b == std::byte{0}; });
  FL_CHECK_MSG(tail_is_zero, "inode {}: bytes stored past the end of the file", inode_);
}

}  // namespace faultline::storage
