#include "sim/trace/flt/index_search.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "sim/trace/flt/bytes.h"
#include "sim/trace/flt/layout.h"

namespace faultline::trace {
namespace {

// Bytes of the file; empty: they cannot be read.
std::string read_bytes(const SeekableBytes& file, uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  if (!file.read_at(offset, bytes)) bytes.clear();
  return bytes;
}

std::optional<Trailer> read_trailer(const SeekableBytes& file) {
  if (file.size_bytes() < kTrailerBytes) return std::nullopt;
  const std::string bytes = read_bytes(file, file.size_bytes() - kTrailerBytes, kTrailerBytes);
  Trailer trailer;
  if (!bytes.starts_with(kTrailerMagic) || !decode_trailer(bytes, trailer).empty())
    return std::nullopt;
  return trailer;
}

// Whether the index lies where the trailer says, and has an entry for each block.
bool index_fits(const SeekableBytes& file, const Trailer& trailer) {
  constexpr uint64_t kOtherBytes = kIndexHeaderBytes + kCrcBytes + kTrailerBytes;
  if (file.size_bytes() < kOtherBytes || trailer.index_offset > file.size_bytes() - kOtherBytes)
    return false;
  const uint64_t entry_bytes = file.size_bytes() - kOtherBytes - trailer.index_offset;
  if (entry_bytes % kIndexEntryBytes != 0 || entry_bytes / kIndexEntryBytes != trailer.blocks)
    return false;
  const std::string bytes = read_bytes(file, trailer.index_offset, kIndexHeaderBytes);
  uint64_t entries = 0;
  return bytes.starts_with(kIndexMagic) && decode_index_header(bytes, entries).empty() &&
         entries == trailer.blocks;
}

// Goes through the entries, all of them, as their CRC is of all.
class EntryScan {
 public:
  explicit EntryScan(uint64_t goal) : goal_(goal) {}

  // False: the entries do not rise.
  bool add(std::string_view bytes) {
    const IndexEntry entry = decode_index_entry(bytes);
    const bool rises = blocks_ == 0 ? entry.first_access == 0
                                    : entry.byte_offset > before_.byte_offset &&
                                          entry.first_access >= before_.first_access;
    if (entry.first_access <= goal_)
      place_ = {entry.byte_offset, blocks_, entry.first_access, crc_};
    crc_ = crc32_of(bytes, crc_);
    before_ = entry;
    ++blocks_;
    return rises;
  }
  uint32_t crc() const { return crc_; }
  const IndexPlace& place() const { return place_; }

 private:
  const uint64_t goal_;
  uint64_t blocks_ = 0;
  IndexEntry before_{};
  uint32_t crc_ = 0;
  IndexPlace place_{};
};

bool scan_entries(const SeekableBytes& file, const Trailer& trailer, EntryScan& scan) {
  uint64_t offset = trailer.index_offset + kIndexHeaderBytes;
  for (uint64_t left = trailer.blocks; left > 0;) {
    const uint64_t count = std::min(left, kIndexEntriesAtOnce);
    const std::string bytes = read_bytes(file, offset, count * kIndexEntryBytes);
    if (bytes.empty()) return false;
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(kIndexEntryBytes))
      if (!scan.add(rest.substr(0, kIndexEntryBytes))) return false;
    offset += bytes.size();
    left -= count;
  }
  const std::string crc = read_bytes(file, offset, kCrcBytes);
  return !crc.empty() && ByteCursor(crc).take_number<uint32_t>() == scan.crc();
}

bool is_block(const SeekableBytes& file, const IndexPlace& place) {
  const std::string bytes = read_bytes(file, place.byte_offset, kBlockHeaderBytes);
  BlockHeader header;
  return bytes.starts_with(kBlockMagic) && decode_block_header(bytes, header).empty() &&
         header.number == place.blocks && header.first_access == place.accesses;
}

}  // namespace

std::optional<IndexPlace> find_in_index(const SeekableBytes& file, uint64_t goal) {
  const std::optional<Trailer> trailer = read_trailer(file);
  if (!trailer || !index_fits(file, *trailer)) return std::nullopt;
  EntryScan scan(goal);
  if (!scan_entries(file, *trailer, scan)) return std::nullopt;
  if (goal >= trailer->accesses)
    return IndexPlace{trailer->index_offset, trailer->blocks, trailer->accesses, scan.crc()};
  if (trailer->blocks == 0 || !is_block(file, scan.place())) return std::nullopt;
  return scan.place();
}

}  // namespace faultline::trace
