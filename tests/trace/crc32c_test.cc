// CRC-32C: the values that RFC 3720 gives, and every length of a step.
#include "sim/trace/crc32c.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/trace/trace_support.h"

namespace faultline::trace {
namespace {

// Source: RFC 3720, B.4.
TEST_CASE("crc32c: RFC 3720's examples") {
  std::string rising;
  std::string falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c(rising) == 0x46dd794e);
  CHECK(crc32c(falling) == 0x113fdb5c);
}

TEST_CASE("crc32c: any length is what it is bit by bit") {
  const std::string text = testing::random_lackey(1, 300);
  for (std::size_t size = 0; size < 40; ++size) {
    const std::uint32_t sum = crc32c(std::string_view(text).substr(3, size));
    const std::uint32_t masked = (sum >> 15 | sum << 17) + 0xa282ead8;
    CHECK(testing::snappy_sum(std::string_view(text).substr(3, size)) ==
          testing::little_endian(masked, 4));
  }
}

}  // namespace
}  // namespace faultline::trace
