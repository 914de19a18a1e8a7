#include "sim/scenario/lexer.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

namespace faultline::scenario {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr std::string_view kSymbols = "(){}[],=-~*/%+&|?";

constexpr int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr unsigned suffix_shift(char c) {
  return c == 'K' ? 10 : c == 'M' ? 20 : c == 'G' ? 30 : 0;
}

// The byte that a one-letter escape means, or -1.
constexpr int simple_escape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    case '\\':
    case '"':
    case '\'':
    case '?':
      return c;
    default:
      return -1;
  }
}

}  // namespace

std::string clip(std::string_view word) {
  constexpr size_t kWordBytesMax = 80;
  if (word.size() <= kWordBytesMax) return std::string(word);
  return std::string(word.substr(0, kWordBytesMax)) + "...";
}

Lexer::Lexer(std::string_view line) : line_(line) { read_token(); }

void Lexer::advance() {
  previous_end_column_ = static_cast<uint32_t>(position_ + 1);
  read_token();
}

bool Lexer::skip_past(char end) {
  const size_t comment = line_.find('#', token_.column - 1);
  const size_t found = line_.substr(0, comment).find(end, token_.column - 1);
  if (found == std::string_view::npos) return false;
  position_ = found + 1;
  advance();
  return true;
}

void Lexer::fail(size_t position, std::string message) {
  token_.kind = TokenKind::kError;
  token_.column = static_cast<uint32_t>(position + 1);
  token_.text = std::move(message);
}

size_t Lexer::end_of_word() const {
  size_t end = position_;
  while (end < line_.size() && is_word(line_[end])) ++end;
  return end;
}

void Lexer::read_token() {
  while (position_ < line_.size() && is_blank(line_[position_])) ++position_;
  token_ = Token{};
  token_.column = static_cast<uint32_t>(position_ + 1);
  if (position_ == line_.size() || line_[position_] == '#') return;
  const size_t start = position_;
  const char c = line_[start];
  if (is_digit(c)) {
    read_number();
  } else if (is_word(c)) {
    token_.kind = TokenKind::kName;
    position_ = end_of_word();
  } else if (c == '"') {
    read_string();
  } else {
    read_symbol();
  }
  token_.source = line_.substr(start, position_ - start);
}

void Lexer::read_number() {
  const size_t start = position_;
  position_ = end_of_word();
  const std::string_view word = line_.substr(start, position_ - start);
  const unsigned shift = suffix_shift(word.back());
  std::string_view digits = shift == 0 ? word : word.substr(0, word.size() - 1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.front() == '0') {
    base = 8;
  }
  const char* end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, token_.number, base);
  const bool all_digits = stop == end && !digits.empty();
  if (!all_digits || status == std::errc::invalid_argument) {
    const bool octal = base == 8 && stop != end && is_digit(*stop);
    return fail(start, fmt::format("not a number: {}{}", clip(word),
                                   octal ? " (a leading 0 makes it octal)" : ""));
  }
  if (status != std::errc{} || (token_.number << shift >> shift) != token_.number) {
    return fail(start, fmt::format("number does not fit in 64 bits: {}", clip(word)));
  }
  token_.number <<= shift;
  token_.kind = TokenKind::kNumber;
}

void Lexer::read_string() {
  const size_t start = position_++;
  token_.kind = TokenKind::kString;
  while (position_ < line_.size() && line_[position_] != '"') {
    if (line_[position_] != '\\') {
      token_.text += line_[position_++];
      continue;
    }
    const size_t escape = position_++;
    if (position_ == line_.size()) break;
    if (!read_escape()) return fail(escape, "not an escape of C, or not one byte");
  }
  if (position_ >= line_.size()) return fail(start, "string without its closing \"");
  ++position_;
}

bool Lexer::read_escape() {
  const char c = line_[position_];
  if (const int byte = simple_escape(c); byte >= 0) {
    token_.text += static_cast<char>(byte);
    ++position_;
    return true;
  }
  const bool hex = c == 'x';
  if (hex) ++position_;
  // C: an octal escape has three digits at most, a hexadecimal one as many as follow.
  const size_t digits_max = hex ? line_.size() : 3;
  const int base = hex ? 16 : 8;
  int byte = 0;
  size_t digits = 0;
  for (; digits < digits_max && position_ < line_.size(); ++digits, ++position_) {
    const int digit = hex_digit(line_[position_]);
    if (digit < 0 || digit >= base) break;
    byte = byte * base + digit;
    if (byte > 0xff) return false;
  }
  token_.text += static_cast<char>(byte);
  return digits > 0;
}

void Lexer::read_symbol() {
  const size_t start = position_;
  const char c = line_[position_++];
  if (kSymbols.find(c) != std::string_view::npos) {
    token_.kind = TokenKind::kSymbol;
    token_.symbol = c;
    return;
  }
  if ((c == '<' || c == '>') && position_ < line_.size() && line_[position_] == c) {
    ++position_;
    token_.kind = TokenKind::kSymbol;
    token_.symbol = c;
    return;
  }
  if (c == ';') return fail(start, "';' is not used here: a statement ends with its line");
  if (c > ' ' && c < '\x7f') return fail(start, fmt::format("unexpected '{}'", c));
  fail(start, fmt::format("unexpected byte 0x{:02x}", static_cast<unsigned char>(c)));
}

}  // namespace faultline::scenario
