#include "sim/scenario/json_string.h"

#include <fmt/core.h>

#include <cstdint>

namespace faultline::scenario {
namespace {

struct Utf8Range {
  uint8_t first_low, first_high;    // of the first byte
  uint8_t second_low, second_high;  // of the second; the others are 80..BF
  size_t bytes;
};

// Source: RFC 3629 section 4.
constexpr Utf8Range kUtf8Ranges[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                     {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                                     {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
                                     {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};

bool in(char c, uint8_t low, uint8_t high) {
  const auto byte = static_cast<uint8_t>(c);
  return low <= byte && byte <= high;
}

// The bytes of the character that `text` begins with, 0 when it begins with none beyond ASCII.
size_t utf8_bytes(std::string_view text) {
  for (const Utf8Range& range : kUtf8Ranges) {
    if (!in(text[0], range.first_low, range.first_high)) continue;
    if (text.size() < range.bytes || !in(text[1], range.second_low, range.second_high)) return 0;
    for (size_t i = 2; i < range.bytes; ++i) {
      if (!in(text[i], 0x80, 0xbf)) return 0;
    }
    return range.bytes;
  }
  return 0;
}

void append_ascii_or_byte(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      break;
  }
  if (in(c, 0x20, 0x7f)) {
    out += c;
  } else {
    out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
  }
}

// How many bytes at the beginning stand for themselves.
size_t plain_bytes(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && in(text[count], 0x20, 0x7f) && text[count] != '"' &&
         text[count] != '\\')
    ++count;
  return count;
}

}  // namespace

void append_json_string(std::string& out, std::string_view bytes) {
  out += '"';
  while (!bytes.empty()) {
    size_t length = plain_bytes(bytes);
    if (length == 0) length = utf8_bytes(bytes);
    if (length != 0) {
      out += bytes.substr(0, length);
    } else {
      append_ascii_or_byte(out, bytes.front());
      length = 1;
    }
    bytes.remove_prefix(length);
  }
  out += '"';
}

}  // namespace faultline::scenario
