#include "sim/replay/maps_file.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace faultline::replay {
namespace {

// Where a line goes wrong.
struct Fault {
  size_t at;  // byte of the line, from 0
  std::string message;
};

// Takes a line apart from left to right; the first thing that does not fit is the fault.
class LineCursor {
 public:
  explicit LineCursor(std::string_view line) : line_(line) {}

  bool failed() const { return fault_.has_value(); }
  const Fault& fault() const { return *fault_; }
  void fail(size_t at, std::string message) {
    if (!failed()) fault_ = Fault{at, std::move(message)};
  }
  size_t at() const { return at_; }

  template <class T>
  T number(int base, std::string_view what) {
    T value = 0;
    if (failed()) return value;
    const char* begin = line_.data() + at_;
    const char* end = line_.data() + line_.size();
    const auto [stop, error] = std::from_chars(begin, end, value, base);
    if (error == std::errc::result_out_of_range) {
      fail(at_, std::string(what) + " is too large");
    } else if (error != std::errc{}) {
      fail(at_, "expected " + std::string(what));
    }
    at_ += size_t(stop - begin);
    return value;
  }

  void expect(char c) {
    if (failed()) return;
    if (at_ >= line_.size() || line_[at_] != c) {
      fail(at_, c == ' ' ? "expected a space" : std::string("expected '") + c + "'");
    }
    ++at_;
  }

  // One of the two characters of `choice`.
  char flag(std::string_view choice) {
    if (failed()) return '-';
    const char c = at_ < line_.size() ? line_[at_] : '\0';
    if (choice.find(c) == std::string_view::npos || c == '\0')
      fail(at_, std::string("expected '") + choice[0] + "' or '" + choice[1] + "'");
    ++at_;
    return c;
  }

  // What is left, behind the spaces that pad it.
  std::string_view rest() {
    if (failed()) return {};
    while (at_ < line_.size() && line_[at_] == ' ') ++at_;
    return line_.substr(at_);
  }

 private:
  std::string_view line_;
  size_t at_ = 0;
  std::optional<Fault> fault_;
};

std::string unescaped(std::string_view path) {
  std::string plain;
  while (!path.empty()) {
    const bool newline = path.starts_with("\\012");
    plain += newline ? '\n' : path[0];
    path.remove_prefix(newline ? 4 : 1);
  }
  return plain;
}

// Reads one line; what is wrong with it stays in the cursor.
MapsLine parse_line(LineCursor& cursor) {
  MapsLine line;
  line.range.start = {cursor.number<uint64_t>(16, "an address in hexadecimal")};
  cursor.expect('-');
  const size_t end_at = cursor.at();
  line.range.end = {cursor.number<uint64_t>(16, "an address in hexadecimal")};
  if (line.range.empty()) cursor.fail(end_at, "the mapping ends where it starts, or before");
  cursor.expect(' ');
  constexpr std::string_view kFlags[] = {"r-", "w-", "x-", "ps"};
  for (size_t i = 0; i < std::size(kFlags); ++i) line.permissions[i] = cursor.flag(kFlags[i]);
  cursor.expect(' ');
  line.offset_bytes = cursor.number<uint64_t>(16, "an offset in hexadecimal");
  cursor.expect(' ');
  line.device_major = cursor.number<uint32_t>(16, "a device number in hexadecimal");
  cursor.expect(':');
  line.device_minor = cursor.number<uint32_t>(16, "a device number in hexadecimal");
  cursor.expect(' ');
  line.inode = cursor.number<uint64_t>(10, "an inode number");
  const size_t inode_end = cursor.at();
  const std::string_view path = cursor.rest();
  if (!path.empty() && cursor.at() == inode_end) cursor.fail(inode_end, "expected a space");
  line.path = unescaped(path);
  return line;
}

}  // namespace

Result<std::vector<MapsLine>, InputError> parse_maps(const std::string& file,
                                                     std::string_view text) {
  std::vector<MapsLine> lines;
  uint64_t number = 0;
  const auto error = [&](size_t at, std::string message) {
    return InputError{
        .file = file, .message = std::move(message), .line = number, .column = at + 1};
  };
  while (!text.empty()) {
    ++number;
    const size_t newline = text.find('\n');
    std::string_view row = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    while (row.ends_with('\r')) row.remove_suffix(1);
    if (row.empty()) continue;
    LineCursor cursor(row);
    MapsLine line = parse_line(cursor);
    if (cursor.failed()) return error(cursor.fault().at, cursor.fault().message);
    if (line.path == "[vsyscall]") continue;
    if (!lines.empty() && line.range.start < lines.back().range.end)
      return error(0, "the mapping does not lie behind the one before it");
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return InputError{.file = file, .message = "no mapping in it"};
  return lines;
}

}  // namespace faultline::replay
