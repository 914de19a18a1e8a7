// The fixed parts of an flt file, byte by byte: header, headers of blocks, index, trailer. See
// docs/flt.md.
//
// Units: bytes, accesses. Threads: plain values; any thread may use them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "faultline/trace.h"

namespace faultline::trace {

// After PNG's: the first byte is no ASCII, and what changes ends of lines changes these.
inline constexpr std::string_view kFltMagic{
    "\x8f"
    "FLT\r\n\x1a\n",
    8};
inline constexpr uint16_t kFltVersion = 1;
// Up to the producer, which its CRC stands behind.
inline constexpr std::size_t kFltHeaderBytes = 16;
inline constexpr std::size_t kCrcBytes = 4;

inline constexpr std::size_t kPartMagicBytes = 4;
inline constexpr std::string_view kBlockMagic{
    "\xf1"
    "BLK",
    kPartMagicBytes};
inline constexpr std::string_view kIndexMagic{
    "\xf1"
    "IDX",
    kPartMagicBytes};
inline constexpr std::string_view kTrailerMagic{
    "\xf1"
    "END",
    kPartMagicBytes};

inline constexpr std::size_t kBlockHeaderBytes = 68;
inline constexpr std::size_t kIndexHeaderBytes = 16;
inline constexpr std::size_t kIndexEntryBytes = 16;
// How many are read together.
inline constexpr uint64_t kIndexEntriesAtOnce = 4096;
inline constexpr std::size_t kTrailerBytes = 32;

// Bounds of a block: a reader refuses more, and so does not take more memory than that.
inline constexpr uint32_t kBlockRecordsMax = 64 << 10;
inline constexpr uint32_t kBlockContentBytesMax = 32 << 20;
// What does not compress takes a little more.
inline constexpr uint32_t kBlockStoredBytesMax = 33 << 20;

// What an flt file holds; stands in its header and again in that of each block.
struct FltKind {
  TraceFilter filter = TraceFilter::kOff;
  FetchUnit fetch_unit = FetchUnit::kInstruction;
  bool has_calls = false;
  friend constexpr bool operator==(const FltKind&, const FltKind&) = default;
};

struct FltHeader {
  FltKind kind{};
  std::string producer{};
};

struct BlockHeader {
  FltKind kind{};
  uint32_t number = 0;  // of the block, from 0
  uint32_t stored_bytes = 0;
  uint32_t content_bytes = 0;  // decompressed
  uint32_t records = 0;        // runs or accesses
  uint32_t pages = 0;
  uint32_t segments = 0;
  uint32_t calls = 0;
  uint64_t first_access = 0;
  std::array<uint32_t, 4> counts{};  // of accesses, by AccessKind
  uint32_t stored_crc = 0;

  uint64_t accesses() const { return uint64_t{counts[0]} + counts[1] + counts[2] + counts[3]; }
};

struct IndexEntry {
  uint64_t byte_offset = 0;  // of the block, in the file
  uint64_t first_access = 0;
};

struct Trailer {
  uint64_t index_offset = 0;
  uint64_t blocks = 0;
  uint64_t accesses = 0;
  friend constexpr bool operator==(const Trailer&, const Trailer&) = default;
};

uint32_t crc32_of(std::string_view bytes, uint32_t before = 0);

std::string encode_header(const FltHeader& header);
std::string encode_block_header(const BlockHeader& header);
std::string encode_index_header(uint64_t entries);
std::string encode_index_entry(const IndexEntry& entry);
std::string encode_trailer(const Trailer& trailer);

// What is wrong with the bytes of a part; empty: nothing. `bytes` are as many as the part has.
// The header without its producer says how many bytes it has in all: check_header_start().
std::string_view check_header_start(std::string_view bytes, std::size_t& bytes_in_all);
std::string_view decode_header(std::string_view bytes, FltHeader& header);
std::string_view decode_block_header(std::string_view bytes, BlockHeader& header);
IndexEntry decode_index_entry(std::string_view bytes);
// The CRC of the entries stands behind them.
std::string_view decode_index_header(std::string_view bytes, uint64_t& entries);
std::string_view decode_trailer(std::string_view bytes, Trailer& trailer);

}  // namespace faultline::trace
