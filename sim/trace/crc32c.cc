#include "sim/trace/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace faultline::trace {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected, without its highest bit
constexpr std::size_t kStepBytes = 8;

// Of each row i: what a byte does to the sum when i more bytes follow it in the step.
using Tables = std::array<std::array<std::uint32_t, 256>, kStepBytes>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = sum;
  }
  for (std::size_t row = 1; row < kStepBytes; ++row) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[row - 1][byte];
      tables[row][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::uint32_t sum = ~std::uint32_t{0};
  for (; bytes.size() >= kStepBytes; bytes.remove_prefix(kStepBytes)) {
    std::uint64_t step = 0;
    std::memcpy(&step, bytes.data(), kStepBytes);
    step ^= sum;
    sum = 0;
    for (std::size_t i = 0; i < kStepBytes; ++i)
      sum ^= kTables[kStepBytes - 1 - i][step >> 8 * i & 0xff];
  }
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    sum = sum >> 8 ^ kTables[0][(sum ^ value) & 0xff];
  }
  return ~sum;
}

}  // namespace faultline::trace
