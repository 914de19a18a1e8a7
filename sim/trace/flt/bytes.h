// The numbers of an flt file: little-endian ones of fixed length, and varints (LEB128: seven bits a
// byte, lowest first, the top bit set in all bytes but the last).
//
// Threads: plain values; any thread may use them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace faultline::trace {

template <typename T>
void put_number(std::string& to, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    to += static_cast<char>(static_cast<uint64_t>(value) >> 8 * i & 0xff);
}

inline constexpr std::size_t kVarintBytesMax = 10;

// Writes to `to`, which has room for kVarintBytesMax; returns the end.
inline char* write_varint(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline void put_varint(std::string& to, uint64_t value) {
  char bytes[kVarintBytesMax];
  to.append(bytes, static_cast<std::size_t>(write_varint(bytes, value) - bytes));
}

// Small magnitudes of either sign as small numbers: 0, -1, 1, -2, ...
constexpr uint64_t zigzag(uint64_t difference) {
  return difference << 1 ^ (uint64_t{0} - (difference >> 63));
}
constexpr uint64_t unzigzag(uint64_t value) { return value >> 1 ^ (uint64_t{0} - (value & 1)); }

// Reads from the front of some bytes. What goes beyond them reads as 0 and is remembered.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes = {}) : rest_(bytes) {}

  // Whether something went beyond the bytes, or was no varint of 64 bits.
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  std::string_view rest() const { return rest_; }

  std::string_view take_bytes(uint64_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
    }
    const std::string_view taken = failed_ ? std::string_view() : rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  template <typename T>
  T take_number() {
    uint64_t value = 0;
    const std::string_view bytes = take_bytes(sizeof(T));
    for (std::size_t i = bytes.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return static_cast<T>(value);
  }

  uint64_t take_varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    rest_ = {};
    return 0;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace faultline::trace
