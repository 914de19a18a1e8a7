#include "tests/fuzz/flt_seal.h"

#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "sim/base/check.h"
#include "sim/trace/flt/bytes.h"
#include "sim/trace/flt/layout.h"

namespace faultline::testing {
namespace {

// Where the numbers stand in the header of a block.
constexpr std::size_t kStoredBytesAt = 12;
constexpr std::size_t kContentBytesAt = 16;
constexpr std::size_t kStoredCrcAt = 60;

uint32_t number_at(const std::string& bytes, std::size_t at) {
  return trace::ByteCursor(std::string_view(bytes).substr(at)).take_number<uint32_t>();
}

void set_number(std::string& bytes, std::size_t at, uint32_t value) {
  std::string number;
  trace::put_number(number, value);
  bytes.replace(at, number.size(), number);
}

uint32_t crc_of(const std::string& bytes, std::size_t begin, std::size_t end) {
  return trace::crc32_of(std::string_view(bytes).substr(begin, end - begin));
}

// Behind the header.
std::size_t first_block(const std::string& bytes) {
  constexpr std::size_t kSizeAt = trace::kFltHeaderBytes - 2;
  if (bytes.size() < trace::kFltHeaderBytes) return bytes.size();
  const auto producer_bytes =
      trace::ByteCursor(std::string_view(bytes).substr(kSizeAt)).take_number<uint16_t>();
  return trace::kFltHeaderBytes + producer_bytes + trace::kCrcBytes;
}

}  // namespace

void seal(std::string& flt) {
  std::size_t at = first_block(flt);
  if (at >= flt.size()) return;
  set_number(flt, at - trace::kCrcBytes, crc_of(flt, 0, at - trace::kCrcBytes));
  while (at + trace::kBlockHeaderBytes <= flt.size() &&
         flt.compare(at, trace::kPartMagicBytes, trace::kBlockMagic) == 0) {
    const std::size_t data = at + trace::kBlockHeaderBytes;
    const std::size_t stored =
        std::min<std::size_t>(number_at(flt, at + kStoredBytesAt), flt.size() - data);
    set_number(flt, at + kStoredBytesAt, static_cast<uint32_t>(stored));
    set_number(flt, at + kStoredCrcAt, crc_of(flt, data, data + stored));
    set_number(flt, data - trace::kCrcBytes, crc_of(flt, at, data - trace::kCrcBytes));
    at = data + stored;
  }
}

std::string first_content(const std::string& flt) {
  const std::size_t at = first_block(flt);
  std::string content(number_at(flt, at + kContentBytesAt), '\0');
  const std::size_t size =
      ZSTD_decompress(content.data(), content.size(), flt.data() + at + trace::kBlockHeaderBytes,
                      number_at(flt, at + kStoredBytesAt));
  FL_CHECK(size == content.size());
  return content;
}

std::string with_content(const std::string& flt, const std::string& content) {
  const std::size_t at = first_block(flt);
  std::string stored(ZSTD_compressBound(content.size()), '\0');
  stored.resize(ZSTD_compress(stored.data(), stored.size(), content.data(), content.size(), 1));
  std::string changed = flt;
  changed.replace(at + trace::kBlockHeaderBytes, number_at(flt, at + kStoredBytesAt), stored);
  set_number(changed, at + kStoredBytesAt, static_cast<uint32_t>(stored.size()));
  set_number(changed, at + kContentBytesAt, static_cast<uint32_t>(content.size()));
  seal(changed);
  return changed;
}

}  // namespace faultline::testing
