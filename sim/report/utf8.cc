#include "sim/report/utf8.h"

#include <cstddef>
#include <cstdint>

namespace faultline::report {
namespace {

// The length of the UTF-8 sequence at `text[at]`, or 0 where there is no valid one.
// Source: The Unicode Standard 15.0, table 3-7.
size_t utf8_length(const std::string& text, size_t at) {
  const auto byte = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t{0}; };
  const uint8_t first = byte(at);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const uint8_t second = byte(at + 1);
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (size_t i = at + 2; i < at + length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return length;
}

}  // namespace

std::string utf8_name(const std::string& name) {
  std::string valid;
  for (size_t at = 0; at < name.size();) {
    const size_t length = utf8_length(name, at);
    if (length > 0) {
      valid.append(name, at, length);
    } else {
      const uint8_t byte = uint8_t(name[at]);
      valid += char(0xc0 | byte >> 6);
      valid += char(0x80 | (byte & 0x3f));
    }
    at += length > 0 ? length : 1;
  }
  return valid;
}

}  // namespace faultline::report
