// The fast path works in two steps over a few KiB at a time: first the places of all newlines, then
// each line on its own. No line waits for the one before it, so the processor works on several at
// once. A line that is not exactly a record of the common form (`I  `, ` L `, ` S ` or ` M `, up to
// 14 hexadecimal digits, a comma, one or two decimal digits that are not 0) goes to the strict
// parser, which alone knows what it is.
#include "sim/trace/formats/lackey_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>

#include "sim/base/check.h"
#include "sim/trace/formats/lackey_line.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace faultline::trace {

ParsedBlock parse_lackey_portable(std::string_view lines, Access* out) {
  return parse_each_line<parse_lackey_line>(lines, out);
}

BlockParser choose_lackey_parser() {
  return has_lackey_avx2() ? parse_lackey_avx2 : parse_lackey_portable;
}

#if defined(__x86_64__)

#define FL_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

namespace {

constexpr std::size_t kPieceBytes = 8 << 10;
constexpr std::size_t kChunkBytes = 64;
// A chunk of ordinary records has four or five newlines; the first six cost no branch.
constexpr unsigned kNewlinesAtOnce = 6;
static_assert(kChunkBytes <= kBlockPadding);

// The places of a piece's newlines. A chunk may write some it does not count.
struct Newlines {
  std::uint32_t places[kPieceBytes + kChunkBytes];
};

FL_AVX2 std::uint64_t newline_bits(const char* chunk) {
  const __m256i newline = _mm256_set1_epi8('\n');
  const auto* vectors = reinterpret_cast<const __m256i_u*>(chunk);
  const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(vectors), newline);
  const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(vectors + 1), newline);
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << 32;
}

// Returns how many newlines [piece, piece + size) has. Reads whole chunks.
FL_AVX2 std::size_t find_newlines(const char* piece, std::size_t size, Newlines& newlines) {
  std::size_t found = 0;
  for (std::size_t start = 0; start < size; start += kChunkBytes) {
    std::uint64_t bits = newline_bits(piece + start);
    if (size - start < kChunkBytes) bits = _bzhi_u64(bits, static_cast<unsigned>(size - start));
    const auto count = static_cast<std::size_t>(_mm_popcnt_u64(bits));
    std::uint32_t* place = newlines.places + found;
    const auto take = [&bits, start] {
      const auto at =
          static_cast<std::uint32_t>(start) + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
      return at;
    };
    for (unsigned i = 0; i < kNewlinesAtOnce; ++i) *place++ = take();
    while (bits != 0) *place++ = take();
    found += count;
  }
  return found;
}

// What stands before the address; three bits of the second column tell the kinds apart.
struct Prefix {
  std::uint32_t bytes;  // little-endian: nothing, and three columns
  std::uint32_t kind;
};
constexpr Prefix make_prefix(const char* text, AccessKind kind) {
  std::uint32_t bytes = 0;
  for (int i = 0; i < 3; ++i) bytes |= static_cast<std::uint32_t>(text[i]) << (8 + 8 * i);
  return {bytes, static_cast<std::uint32_t>(kind)};
}
constexpr Prefix kNoPrefix{1, 0};
constexpr Prefix kPrefixes[8] = {
    make_prefix("I  ", AccessKind::kFetch),
    kNoPrefix,
    kNoPrefix,
    make_prefix(" S ", AccessKind::kStore),
    make_prefix(" L ", AccessKind::kLoad),
    make_prefix(" M ", AccessKind::kModify),
    kNoPrefix,
    kNoPrefix,
};
static_assert((' ' & 7) == 0 && ('S' & 7) == 3 && ('L' & 7) == 4 && ('M' & 7) == 5);

// Where an Access, seen as two words, has its kind: in the second, above the size.
constexpr unsigned kKindShift = 32;
static_assert(offsetof(Access, size_bytes) == 8 && offsetof(Access, kind) == 12);

std::uint32_t load32(const char* bytes) {
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The bytes from the address on: 16 of them hold its digits, the comma and the size.
constexpr unsigned kFieldBytes = 16;
constexpr unsigned kHexDigitsMax = kFieldBytes - 2;

// Puts the fields in order: bytes 0 to 13 are the address, its last digit first; bytes 14 and 15
// the size, its last digit first. What is missing is 0 (a negative index). Without an address, byte
// 0 takes the comma, which is no digit.
struct FieldOrder {
  std::int8_t index[kFieldBytes];
};
constexpr auto make_orders() {
  std::array<FieldOrder, 2 * (kHexDigitsMax + 1)> orders{};
  for (unsigned hex = 0; hex <= kHexDigitsMax; ++hex) {
    for (unsigned two = 0; two < 2; ++two) {
      FieldOrder& order = orders[2 * hex + two];
      for (std::int8_t& index : order.index) index = -1;
      order.index[0] = 0;
      for (unsigned i = 0; i < hex; ++i) order.index[i] = static_cast<std::int8_t>(hex - 1 - i);
      order.index[14] = static_cast<std::int8_t>(hex + 1 + two);
      if (two != 0) order.index[15] = static_cast<std::int8_t>(hex + 1);
    }
  }
  return orders;
}
alignas(16) constexpr auto kOrders = make_orders();

FL_AVX2 inline __m128i each(int value) { return _mm_set1_epi8(static_cast<char>(value)); }

// The value of each hexadecimal digit; above 15 where there is none.
FL_AVX2 inline __m128i digit_values(__m128i text) {
  // '0' to '9' go to 0xf6 to 0xff; subtraction stops at 0, so that only they stay above 0xef.
  const __m128i number =
      _mm_sub_epi8(_mm_subs_epu8(_mm_add_epi8(text, each(0xff - '9')), each(6)), each(0xf0));
  const __m128i letter =
      _mm_adds_epu8(_mm_sub_epi8(_mm_or_si128(text, each(0x20)), each('a')), each(10));
  return _mm_min_epu8(number, letter);
}

// Parses the record [line, end); false if it is not one of the common form.
FL_AVX2 inline bool parse_record(const char* line, const char* end, Access* out) {
  constexpr std::size_t kShortest = 3 + 3;  // so that there are three bytes of fields
  constexpr std::size_t kLongest = 3 + kFieldBytes;
  const auto length = static_cast<std::size_t>(end - line);
  if (length - kShortest > kLongest - kShortest) return false;

  const std::uint32_t head = load32(line);
  const Prefix& prefix = kPrefixes[head >> 8 & 7];
  if (head << 8 != prefix.bytes) return false;

  const char* const fields = line + 3;
  const auto two_digits = static_cast<std::size_t>(end[-2] != ',');
  const std::size_t hex_digits = length - 5 - two_digits;
  if (fields[hex_digits] != ',') return false;

  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(fields));
  const auto* order = reinterpret_cast<const __m128i*>(kOrders[2 * hex_digits + two_digits].index);
  const __m128i digits = _mm_shuffle_epi8(digit_values(text), _mm_load_si128(order));
  // The sign bit is set where an address's digit is above 15, or a size's above 9.
  constexpr char kHexMargin = 127 - 15;
  constexpr char kDecimalMargin = 127 - 9;
  const __m128i margins =
      _mm_setr_epi8(kHexMargin, kHexMargin, kHexMargin, kHexMargin, kHexMargin, kHexMargin,
                    kHexMargin, kHexMargin, kHexMargin, kHexMargin, kHexMargin, kHexMargin,
                    kHexMargin, kHexMargin, kDecimalMargin, kDecimalMargin);
  if (_mm_movemask_epi8(_mm_adds_epu8(digits, margins)) != 0) return false;

  // Pairs of digits become bytes: seven of the address, one of the size.
  const __m128i weights = _mm_setr_epi8(1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 10);
  const __m128i pairs = _mm_maddubs_epi16(digits, weights);
  const auto value = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs)));
  const std::uint64_t size = value >> 56;
  if (size == 0) return false;
  // Two stores, where the members of an Access would be five.
  const std::uint64_t words[2] = {value & (~std::uint64_t{0} >> 8),
                                  size | std::uint64_t{prefix.kind} << kKindShift};
  std::memcpy(static_cast<void*>(out), words, sizeof words);
  return true;
}

// Lines of a piece, and the places of their newlines.
struct Lines {
  const char* piece;
  std::span<const std::uint32_t> ends;
};

// Parses records from `line` on, up to the first that is not of the common form. Returns how many.
// Calls nothing, so that its constants stay in registers.
FL_AVX2 std::size_t parse_records(const char* line, const Lines& lines, Access* out) {
  const std::uint32_t* const begin = lines.ends.data();
  const std::uint32_t* const stop = begin + lines.ends.size();
  const std::uint32_t* place = begin;
  for (; place != stop; ++place) {
    const char* const end = lines.piece + *place;
    if (!parse_record(line, end, out)) break;
    ++out;
    line = end + 1;
  }
  return static_cast<std::size_t>(place - begin);
}

}  // namespace

bool has_lackey_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

FL_AVX2 ParsedBlock parse_lackey_avx2(std::string_view lines, Access* out) {
  ParsedBlock block;
  Newlines newlines;
  const char* line = lines.data();
  for (std::size_t start = 0; start < lines.size(); start += kPieceBytes) {
    const char* const piece = lines.data() + start;
    const std::size_t size = std::min(kPieceBytes, lines.size() - start);
    Lines rest{piece, {newlines.places, find_newlines(piece, size, newlines)}};
    while (!rest.ends.empty()) {
      const std::size_t records = parse_records(line, rest, out + block.accesses);
      block.accesses += records;
      block.lines += records;
      if (records > 0) line = piece + rest.ends[records - 1] + 1;
      rest.ends = rest.ends.subspan(records);
      if (rest.ends.empty()) break;
      const char* const end = piece + rest.ends.front();
      if (!parse_into<parse_lackey_line>(block, line, end, out)) return block;
      line = end + 1;
      rest.ends = rest.ends.subspan(1);
    }
  }
  return block;
}

#undef FL_AVX2

#else

bool has_lackey_avx2() { return false; }

ParsedBlock parse_lackey_avx2(std::string_view, Access*) {
  FL_CHECK(has_lackey_avx2());
  return {};
}

#endif

}  // namespace faultline::trace
