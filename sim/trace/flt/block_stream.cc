#include "sim/trace/flt/block_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "sim/base/check.h"
#include "sim/trace/flt/bytes.h"
#include "sim/trace/flt/index_search.h"

namespace faultline::trace {
namespace {

// "accesses 10 to 19", or where there are none, so.
std::string accesses_text(uint64_t first, uint64_t behind) {
  if (first == behind) return "no accesses";
  return fmt::format("accesses {} to {}", first, behind - 1);
}

std::string name_of(const BlockHeader& block) {
  return fmt::format("block {} ({})", block.number,
                     accesses_text(block.first_access, block.first_access + block.accesses()));
}

}  // namespace

BlockStream::BlockStream(Content content, bool salvage)
    : salvage_(salvage), window_(std::move(content)) {
  read_header();
}

void BlockStream::read_header() {
  std::size_t size = 0;
  const std::string_view start = window_.view(kFltHeaderBytes);
  if (start.size() < kFltHeaderBytes) {
    cut_short("within its header");
    return;
  }
  std::string_view wrong = check_header_start(start, size);
  if (wrong.empty()) {
    const std::string_view bytes = window_.view(size);
    if (bytes.size() < size) {
      cut_short("within its header");
      return;
    }
    wrong = decode_header(bytes, header_);
  }
  if (!wrong.empty()) {
    damaged(0, fmt::format("the header is damaged: {}", wrong));
    return;
  }
  kind_known_ = true;
  window_.drop(size);
}

Result<std::optional<StoredBlock>, InputError> BlockStream::next() {
  window_.drop(std::exchange(block_bytes_, 0));
  while (!ended_ && !failure_)
    if (read_part()) return std::optional(block_);
  if (failure_) return *failure_;
  return std::optional<StoredBlock>();
}

uint64_t BlockStream::seek(uint64_t accesses) {
  window_.drop(std::exchange(block_bytes_, 0));
  const SeekableBytes* const file = window_.seekable();
  // With salvage damages count, and calls are never passed over.
  if (file == nullptr || salvage_ || header_.kind.has_calls || failure_ || ended_ || index_offset_)
    return 0;
  const uint64_t goal = accesses_ + std::min(accesses, ~uint64_t{0} - accesses_);
  const std::optional<IndexPlace> place = find_in_index(*file, goal);
  if (!place || place->blocks <= blocks_ || place->accesses < accesses_ ||
      !window_.seek(place->byte_offset))
    return 0;
  blocks_ = place->blocks;
  index_crc_ = place->index_crc;
  return place->accesses - std::exchange(accesses_, place->accesses);
}

bool BlockStream::read_part() {
  const std::string_view magic = window_.view(kPartMagicBytes);
  if (magic.size() < kPartMagicBytes) {
    return cut_short(index_offset_ ? "before its trailer" : "before its index");
  }
  if (magic == kTrailerMagic && (index_offset_ || gaps_)) return read_trailer();
  if (index_offset_) return damaged(0, "the trailer is damaged: it does not begin with its magic");
  if (magic == kBlockMagic) return read_block();
  if (magic == kIndexMagic) return read_index();
  return damaged(0,
                 fmt::format("block {}, or the index in its place, is damaged: it does not begin "
                             "with its magic",
                             blocks_));
}

bool BlockStream::read_block() {
  const std::string_view bytes = window_.view(kBlockHeaderBytes);
  const std::string where = fmt::format("within block {}", blocks_);
  if (bytes.size() < kBlockHeaderBytes) return cut_short(where);
  BlockHeader header;
  std::string wrong(decode_block_header(bytes, header));
  if (wrong.empty()) wrong = check_place(header);
  if (!wrong.empty())
    return damaged(0, fmt::format("the header of block {} is damaged: {}", blocks_, wrong));
  const std::size_t size = kBlockHeaderBytes + header.stored_bytes;
  const std::string_view all = window_.view(size);
  if (all.size() < size) return cut_short(where);
  const std::string_view stored = all.substr(kBlockHeaderBytes);
  if (crc32_of(stored) != header.stored_crc) {
    return damaged(
        kBlockHeaderBytes,
        fmt::format("{} is damaged: its data does not match its CRC-32", name_of(header)));
  }
  if (gaps_ && !damage_.empty() && header.first_access > accesses_) {
    damage_.back().message +=
        fmt::format("; {} are lost", accesses_text(accesses_, header.first_access));
  }
  index_crc_ = crc32_of(encode_index_entry({window_.offset(), header.first_access}), index_crc_);
  block_ = {header, stored};
  block_bytes_ = size;
  blocks_ = uint64_t{header.number} + 1;
  accesses_ = header.first_access + header.accesses();
  return true;
}

std::string BlockStream::check_place(const BlockHeader& block) const {
  if (!(block.kind == header_.kind)) return "it holds something else than the file";
  const bool in_place = block.number == blocks_ && block.first_access == accesses_;
  const bool behind = block.number >= blocks_ && block.first_access >= accesses_;
  if (in_place || (gaps_ && behind)) return {};
  return fmt::format("it is block {} from access {} on, where access {} comes next", block.number,
                     block.first_access, accesses_);
}

bool BlockStream::read_index() {
  const std::string_view bytes = window_.view(kIndexHeaderBytes);
  if (bytes.size() < kIndexHeaderBytes) return cut_short("within its index");
  uint64_t entries = 0;
  std::string wrong(decode_index_header(bytes, entries));
  if (wrong.empty() && entries != blocks_ && !gaps_)
    wrong = fmt::format("it has {} entries, and there are {} blocks", entries, blocks_);
  if (!wrong.empty()) return damaged(0, fmt::format("the index is damaged: {}", wrong));
  index_offset_ = window_.offset();
  window_.drop(kIndexHeaderBytes);
  check_entries(entries);
  return false;
}

void BlockStream::check_entries(uint64_t entries) {
  uint32_t crc = 0;
  for (uint64_t left = entries; left > 0;) {
    const auto count = static_cast<std::size_t>(std::min(left, kIndexEntriesAtOnce));
    const std::string_view bytes = window_.view(count * kIndexEntryBytes);
    if (bytes.size() < count * kIndexEntryBytes) {
      cut_short("within its index");
      return;
    }
    crc = crc32_of(bytes, crc);
    window_.drop(bytes.size());
    left -= count;
  }
  const std::string_view bytes = window_.view(kCrcBytes);
  if (bytes.size() < kCrcBytes) {
    cut_short("within its index");
    return;
  }
  const auto expected = ByteCursor(bytes).take_number<uint32_t>();
  if (crc != expected || (!gaps_ && crc != index_crc_)) {
    damaged(0, "the index is damaged: its entries are not the blocks'");
    return;
  }
  window_.drop(kCrcBytes);
}

bool BlockStream::read_trailer() {
  const std::string_view bytes = window_.view(kTrailerBytes);
  if (bytes.size() < kTrailerBytes) return cut_short("within its trailer");
  Trailer trailer;
  std::string wrong(decode_trailer(bytes, trailer));
  if (wrong.empty() && !gaps_ && trailer != Trailer{*index_offset_, blocks_, accesses_})
    wrong = "it does not tell of this file";
  if (!wrong.empty()) return damaged(0, fmt::format("the trailer is damaged: {}", wrong));
  if (gaps_ && !damage_.empty() && trailer.accesses > accesses_) {
    damage_.back().message +=
        fmt::format("; {} are lost", accesses_text(accesses_, trailer.accesses));
  }
  window_.drop(kTrailerBytes);
  ended_ = true;
  if (!window_.view(1).empty()) return damaged(0, "something follows the trailer");
  if (window_.failure()) return cut_short("");
  return false;
}

void BlockStream::refuse(std::string_view why) {
  const uint64_t offset = window_.offset() + kBlockHeaderBytes;
  InputError error =
      error_at(offset, fmt::format("{} is damaged: {}", name_of(block_.header), why));
  if (salvage_)
    add_damage(std::move(error));
  else
    failure_ = std::move(error);
}

bool BlockStream::damaged(std::size_t at, std::string message) {
  InputError error = error_at(window_.offset() + at, std::move(message));
  if (!salvage_) {
    failure_ = std::move(error);
    return false;
  }
  add_damage(std::move(error));
  search();
  return false;
}

// Errors of the content itself come first.
bool BlockStream::cut_short(std::string_view where) {
  const auto& failure = window_.failure();
  const uint64_t end = window_.offset() + window_.buffered().size();
  InputError error =
      failure ? *failure : error_at(end, fmt::format("it is cut short: it ends {}", where));
  if (!salvage_) {
    failure_ = std::move(error);
    return false;
  }
  add_damage(std::move(error));
  // The part may only seem so long.
  search();
  return false;
}

void BlockStream::add_damage(InputError error) {
  gaps_ = true;
  if (damage_.size() < kDamageMax) {
    damage_.push_back(std::move(error));
  } else if (damage_.size() == kDamageMax) {
    error.message = "there is more damage from here on";
    damage_.push_back(std::move(error));
  }
}

// The next part that is whole as far as one can see, behind the one that is not.
void BlockStream::search() {
  if (kind_known_ && !window_.buffered().empty()) window_.drop(1);
  while (!ended_) {
    const std::string_view bytes = window_.view(kReadBytes);
    ended_ = bytes.empty();
    const std::size_t at = std::min(bytes.find(kBlockMagic.front()), bytes.size());
    window_.drop(at);
    if (at == bytes.size()) continue;
    if (starts_part(window_.view(kBlockHeaderBytes))) return;
    window_.drop(1);
  }
}

bool BlockStream::starts_part(std::string_view bytes) {
  if (bytes.starts_with(kBlockMagic) && bytes.size() == kBlockHeaderBytes) {
    BlockHeader header;
    if (!decode_block_header(bytes, header).empty()) return false;
    if (!std::exchange(kind_known_, true)) header_.kind = header.kind;
    return check_place(header).empty();
  }
  uint64_t entries = 0;
  if (bytes.starts_with(kIndexMagic) && bytes.size() >= kIndexHeaderBytes)
    return !index_offset_ &&
           decode_index_header(bytes.substr(0, kIndexHeaderBytes), entries).empty();
  Trailer trailer;
  return bytes.starts_with(kTrailerMagic) && bytes.size() >= kTrailerBytes &&
         decode_trailer(bytes.substr(0, kTrailerBytes), trailer).empty();
}

InputError BlockStream::error_at(uint64_t offset, std::string message) const {
  InputError error{.file = window_.file(), .message = std::move(message)};
  if (window_.on_disk())
    error.byte_offset = offset;
  else
    error.message = fmt::format("byte {} of what it holds: {}", offset, error.message);
  return error;
}

}  // namespace faultline::trace
