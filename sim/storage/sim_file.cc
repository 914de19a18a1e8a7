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
    : kind_(kind), page_size_(page_size), inode_(inode), pattern_(page_size) {}

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
  pattern_.cut(size_bytes);
  reserved_.remove({page_count(), ~uint64_t{0}});
  promised_.remove({page_count(), ~uint64_t{0}});
  const uint64_t used_bytes = size_bytes & page_size_.offset_mask();
  const auto last = pages_.find(page_size_.pages(size_bytes));
  if (used_bytes == 0 || last == pages_.end() || last->second == nullptr) return;
  std::memset(last->second.get() + used_bytes, 0, page_size_.bytes() - used_bytes);
}

void SimFile::fill_pattern(uint64_t size_bytes, uint64_t seed) {
  pages_.clear();
  pattern_.cut(0);
  set_size(size_bytes);
  pattern_.fill(size_bytes, seed);
}

void SimFile::punch(uint64_t first, uint64_t count) {
  const uint64_t end = first + std::min(count, ~uint64_t{0} - first);
  pages_.erase(pages_.lower_bound(first), pages_.lower_bound(end));
  pattern_.punch(first, count);
  reserved_.remove({first, end});
  promised_.remove({first, end});
}

void SimFile::reserve(uint64_t first, uint64_t count) {
  promised_.remove({first, first + count});
  reserved_.add({first, first + count});
}

void SimFile::promise(uint64_t pgoff) {
  if (!has_page(pgoff) && !reserved(pgoff)) promised_.add({pgoff, pgoff + 1});
}

void SimFile::allocate(uint64_t first, uint64_t count) {
  promised_.remove({first, first + count});
  for (uint64_t pgoff = first; pgoff < first + count; ++pgoff)
    if (!has_page(pgoff)) pages_.emplace(pgoff, nullptr);
}

void SimFile::zero_part(uint64_t offset_bytes, uint64_t length_bytes) {
  const uint64_t pgoff = page_size_.pages(offset_bytes);
  const uint64_t in_page = offset_bytes & page_size_.offset_mask();
  FL_CHECK(in_page + length_bytes <= page_size_.bytes());
  if (!stores_page(pgoff)) {
    if (!pattern_.has(pgoff)) return;
    auto page = std::make_unique<std::byte[]>(page_size_.bytes());
    pattern_.read(pgoff, {page.get(), page_size_.bytes()});
    pages_[pgoff] = std::move(page);
  }
  std::byte* const bytes = pages_[pgoff].get();
  if (bytes != nullptr) std::memset(bytes + in_page, 0, length_bytes);
}

SimFile::Pages SimFile::take_pages_from(uint64_t first) {
  Pages taken;
  for (auto it = pages_.lower_bound(first); it != pages_.end();) taken.insert(pages_.extract(it++));
  return taken;
}

void SimFile::collapse(uint64_t first, uint64_t count) {
  FL_CHECK(((first + count) << page_size_.shift) < size_bytes_);
  punch(first, count);
  for (auto& [pgoff, bytes] : take_pages_from(first + count)) {
    pages_[pgoff - count] = std::move(bytes);
  }
  pattern_.collapse(first, count);
  reserved_.collapse({first, first + count});
  // Source: Linux fs/ext4/extents.c ext4_collapse_range(), ext4_insert_range().
  promised_.remove({first, ~uint64_t{0}});
  size_bytes_ -= count << page_size_.shift;
}

void SimFile::insert(uint64_t first, uint64_t count) {
  FL_CHECK(count << page_size_.shift <= size_bytes_max() - size_bytes_);
  for (auto& [pgoff, bytes] : take_pages_from(first)) pages_[pgoff + count] = std::move(bytes);
  pattern_.insert(first, count);
  reserved_.insert({first, first + count});
  promised_.remove({first, ~uint64_t{0}});
  size_bytes_ += count << page_size_.shift;
}

void SimFile::read_page(uint64_t pgoff, std::span<std::byte> page) const {
  FL_CHECK(page.size() == page_size_.bytes());
  const auto stored = pages_.find(pgoff);
  if (stored == pages_.end()) return pattern_.read(pgoff, page);
  if (stored->second == nullptr) {
    std::fill(page.begin(), page.end(), std::byte{0});
  } else {
    std::memcpy(page.data(), stored->second.get(), page.size());
  }
}

void SimFile::write_page(uint64_t pgoff, std::span<const std::byte> page) {
  FL_CHECK(page.empty() || page.size() == page_size_.bytes());
  FL_CHECK(kind_ != FileKind::kDisk || pgoff < page_count());
  promised_.remove({pgoff, pgoff + 1});
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

bool SimFile::has_page(uint64_t pgoff) const { return pattern_.has(pgoff) || stores_page(pgoff); }

std::optional<uint64_t> SimFile::first_page_from(uint64_t pgoff) const {
  const std::optional<uint64_t> computed = pattern_.first_from(pgoff);
  const auto stored = pages_.lower_bound(pgoff);
  if (stored == pages_.end()) return computed;
  return computed ? std::min(*computed, stored->first) : stored->first;
}

void SimFile::remove_link() {
  FL_CHECK(links_ > 0);
  --links_;
}

void SimFile::validate() const {
  pattern_.validate();
  reserved_.validate();
  promised_.validate();
  for (auto range = promised_.next_from(0); range; range = promised_.next_from(range->end))
    for (uint64_t pgoff = range->first; pgoff < range->end; ++pgoff)
      FL_CHECK_MSG(!has_page(pgoff) && !reserved(pgoff), "inode {}: page {} is promised and there",
                   inode_, pgoff);
  FL_CHECK_MSG(pattern_.end_bytes() <= size_bytes_, "inode {}: the pattern ends beyond the file",
               inode_);
  if (kind_ != FileKind::kDisk || pages_.empty()) return;
  for (auto page = pages_.lower_bound(page_size_.pages(size_bytes_)); page != pages_.end();
       ++page) {
    if (page->second == nullptr) continue;
    const uint64_t start_bytes = page->first << page_size_.shift;
    const uint64_t used_bytes = size_bytes_ - std::min(size_bytes_, start_bytes);
    const std::byte* const bytes = page->second.get();
    const bool tail_is_zero = std::all_of(bytes + used_bytes, bytes + page_size_.bytes(),
                                          [](std::byte b) { return b == std::byte{0}; });
    FL_CHECK_MSG(tail_is_zero, "inode {}: bytes stored past the end of the file", inode_);
  }
}

}  // namespace faultline::storage
