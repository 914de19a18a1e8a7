#include "sim/trace/flt/layout.h"

#include <zlib.h>

#include <cstddef>

#include "faultline/trace_writer.h"
#include "sim/base/check.h"
#include "sim/trace/flt/bytes.h"

namespace faultline::trace {
namespace {

constexpr uint8_t kHasCalls = 1;

constexpr std::string_view kCrcDiffers = "its bytes do not match its CRC-32";
constexpr std::string_view kTooNew = "it holds what this version does not know";

void put_kind(std::string& to, const FltKind& kind) {
  put_number(to, static_cast<uint8_t>(kind.filter));
  put_number(to, static_cast<uint8_t>(kind.fetch_unit));
  put_number(to, kind.has_calls ? kHasCalls : uint8_t{0});
  put_number(to, uint8_t{0});
}

// False: a value that is not known.
bool take_kind(ByteCursor& cursor, FltKind& kind) {
  const auto filter = cursor.take_number<uint8_t>();
  const auto fetch_unit = cursor.take_number<uint8_t>();
  const auto flags = cursor.take_number<uint8_t>();
  const auto reserved = cursor.take_number<uint8_t>();
  if (filter > 1 || fetch_unit > 1 || flags > kHasCalls || reserved != 0) return false;
  kind = {static_cast<TraceFilter>(filter), static_cast<FetchUnit>(fetch_unit), flags == kHasCalls};
  return true;
}

void put_crc(std::string& part) { put_number(part, crc32_of(part)); }

// Whether the last bytes of the part are the CRC of the others.
bool crc_matches(std::string_view part) {
  ByteCursor cursor(part);
  const uint32_t expected = crc32_of(cursor.take_bytes(part.size() - kCrcBytes));
  return cursor.take_number<uint32_t>() == expected;
}

}  // namespace

uint32_t crc32_of(std::string_view bytes, uint32_t before) {
  return static_cast<uint32_t>(
      crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string encode_header(const FltHeader& header) {
  FL_CHECK(header.producer.size() <= kProducerBytesMax);
  std::string part(kFltMagic);
  put_number(part, kFltVersion);
  put_kind(part, header.kind);
  put_number(part, static_cast<uint16_t>(header.producer.size()));
  part += header.producer;
  put_crc(part);
  return part;
}

std::string_view check_header_start(std::string_view bytes, std::size_t& bytes_in_all) {
  ByteCursor cursor(bytes);
  if (cursor.take_bytes(kFltMagic.size()) != kFltMagic) return "it does not begin with flt's magic";
  cursor.take_number<uint16_t>();
  cursor.take_number<uint32_t>();
  const auto producer_bytes = cursor.take_number<uint16_t>();
  if (producer_bytes > kProducerBytesMax) return kCrcDiffers;
  bytes_in_all = kFltHeaderBytes + producer_bytes + kCrcBytes;
  return {};
}

std::string_view decode_header(std::string_view bytes, FltHeader& header) {
  if (!crc_matches(bytes)) return kCrcDiffers;
  ByteCursor cursor(bytes.substr(kFltMagic.size()));
  if (cursor.take_number<uint16_t>() != kFltVersion) return "it is of a version that is not known";
  if (!take_kind(cursor, header.kind)) return kTooNew;
  header.producer = cursor.take_bytes(cursor.take_number<uint16_t>());
  return {};
}

std::string encode_block_header(const BlockHeader& header) {
  std::string part(kBlockMagic);
  put_kind(part, header.kind);
  for (const uint32_t number : {header.number, header.stored_bytes, header.content_bytes,
                                header.records, header.pages, header.segments, header.calls})
    put_number(part, number);
  put_number(part, header.first_access);
  for (const uint32_t count : header.counts) put_number(part, count);
  put_number(part, header.stored_crc);
  put_crc(part);
  FL_CHECK(part.size() == kBlockHeaderBytes);
  return part;
}

std::string_view decode_block_header(std::string_view bytes, BlockHeader& header) {
  if (!crc_matches(bytes)) return kCrcDiffers;
  ByteCursor cursor(bytes.substr(kPartMagicBytes));
  if (!take_kind(cursor, header.kind)) return kTooNew;
  for (uint32_t* number : {&header.number, &header.stored_bytes, &header.content_bytes,
                           &header.records, &header.pages, &header.segments, &header.calls})
    *number = cursor.take_number<uint32_t>();
  header.first_access = cursor.take_number<uint64_t>();
  for (uint32_t& count : header.counts) count = cursor.take_number<uint32_t>();
  header.stored_crc = cursor.take_number<uint32_t>();
  if (header.records > kBlockRecordsMax || header.pages > header.records ||
      header.content_bytes > kBlockContentBytesMax || header.stored_bytes > kBlockStoredBytesMax)
    return "it is larger than a block may be";
  return {};
}

std::string encode_index_header(uint64_t entries) {
  std::string part(kIndexMagic);
  put_number(part, entries);
  put_crc(part);
  return part;
}

std::string encode_index_entry(const IndexEntry& entry) {
  std::string part;
  put_number(part, entry.byte_offset);
  put_number(part, entry.first_access);
  return part;
}

IndexEntry decode_index_entry(std::string_view bytes) {
  ByteCursor cursor(bytes);
  IndexEntry entry;
  entry.byte_offset = cursor.take_number<uint64_t>();
  entry.first_access = cursor.take_number<uint64_t>();
  return entry;
}

std::string_view decode_index_header(std::string_view bytes, uint64_t& entries) {
  if (!crc_matches(bytes)) return kCrcDiffers;
  entries = ByteCursor(bytes.substr(kPartMagicBytes)).take_number<uint64_t>();
  return {};
}

std::string encode_trailer(const Trailer& trailer) {
  std::string part(kTrailerMagic);
  put_number(part, trailer.index_offset);
  put_number(part, trailer.blocks);
  put_number(part, trailer.accesses);
  put_crc(part);
  FL_CHECK(part.size() == kTrailerBytes);
  return part;
}

std::string_view decode_trailer(std::string_view bytes, Trailer& trailer) {
  if (!crc_matches(bytes)) return kCrcDiffers;
  ByteCursor cursor(bytes.substr(kPartMagicBytes));
  trailer.index_offset = cursor.take_number<uint64_t>();
  trailer.blocks = cursor.take_number<uint64_t>();
  trailer.accesses = cursor.take_number<uint64_t>();
  return {};
}

}  // namespace faultline::trace
