#include "sim/record/lackey_call.h"

#include <charconv>

namespace faultline::record {
namespace {

constexpr std::string_view kMark = "SYSCALL[";
constexpr std::string_view kArrow = "-->";

// Takes a number from the front of `text`. Hexadecimal ones begin with 0x, but for a few.
bool take_number(std::string_view& text, int base, uint64_t& value) {
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return false;
  text.remove_prefix(size_t(end - text.data()));
  return true;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

// The end of a string argument, which may hold anything: a parenthesis that the next argument or
// the end of them follows.
size_t end_of_string(std::string_view text) {
  const size_t next = text.rfind("), ");
  return next != std::string_view::npos ? next : text.rfind(") )");
}

// Parses what stands between the parentheses. clone(2)'s flags are hexadecimal without a mark.
void parse_arguments(std::string_view text, LackeyCall& call) {
  constexpr int64_t kClone = 56;
  for (;;) {
    skip_blanks(text);
    uint64_t value = 0;
    const bool marked = text.starts_with("0x");
    const int base = call.number == kClone && !marked ? 16 : 10;
    if (!take_number(text, base, value)) return;
    call.arguments.push_back(value);
    if (text.starts_with('(')) {
      const size_t end = end_of_string(text);
      if (end == std::string_view::npos) return;
      if (call.path.empty()) call.path = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    }
    if (!take_word(text, ",")) return;
  }
}

}  // namespace

std::optional<int64_t> parse_lackey_result(std::string_view text) {
  for (const auto& [word, sign] : {std::pair<std::string_view, int>{"Success(", 1},
                                   std::pair<std::string_view, int>{"Failure(", -1}}) {
    const size_t at = text.rfind(word);
    if (at == std::string_view::npos) continue;
    text.remove_prefix(at + word.size());
    uint64_t value = 0;
    if (!take_number(text, 16, value)) return std::nullopt;
    return sign * int64_t(value);
  }
  return std::nullopt;
}

std::optional<LackeyCall> parse_lackey_call(std::string_view line) {
  LackeyCall call;
  uint64_t pid = 0;
  uint64_t thread = 0;
  uint64_t number = 0;
  if (!take_word(line, kMark) || !take_number(line, 10, pid) || !take_word(line, ",") ||
      !take_number(line, 10, thread) || !take_word(line, "](") || !take_number(line, 10, number) ||
      !take_word(line, ") ")) {
    return std::nullopt;
  }
  call.thread = unsigned(thread);
  call.number = int64_t(number);
  const size_t arrow = line.rfind(kArrow);
  if (arrow != std::string_view::npos) call.result = parse_lackey_result(line.substr(arrow));
  call.continued = line.starts_with("... [async]");
  if (call.continued) return call;
  const std::string_view asked = line.substr(0, arrow);
  const size_t open = asked.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  parse_arguments(asked.substr(open + 1), call);
  return call;
}

}  // namespace faultline::record
