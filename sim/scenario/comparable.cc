#include "sim/scenario/comparable.h"

#include <algorithm>
#include <array>

namespace faultline::scenario {
namespace {

// Lines of smaps that depend on when they are asked, or on the processor.
constexpr auto kSmapsDropped = std::to_array<std::string_view>({"Referenced", "ProtectionKey"});

// Lines of status that are the process's memory alone.
constexpr auto kStatusKept =
    std::to_array<std::string_view>({"VmSize", "VmLck", "VmRSS", "RssAnon", "RssFile", "RssShmem",
                                     "VmData", "VmStk", "VmLib", "VmPTE", "VmSwap", "THP_enabled"});

std::string_view take_line_of_answer(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// "Rss:   4 kB" -> "Rss"; nothing for a line that begins a mapping.
std::string_view key_of(std::string_view line) {
  const size_t colon = line.find(':');
  const size_t blank = line.find(' ');
  return colon < blank ? line.substr(0, colon) : std::string_view{};
}

template <class Keys>
bool contains(const Keys& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

// "RANGE PERMISSIONS OFFSET DEVICE INODE PATH" without device and inode.
std::string mapping_of(std::string_view line) {
  std::string text(take_word(line));
  for (int i = 0; i < 2; ++i) (text += ' ') += take_word(line);
  take_word(line);
  take_word(line);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (!line.empty()) (text += ' ') += comparable_path(std::string(line));
  return text;
}

std::string squeezed(std::string_view line) {
  std::string text(take_word(line));
  while (!line.empty()) {
    const std::string_view word = take_word(line);
    if (!word.empty()) (text += ' ') += word;
  }
  return text;
}

}  // namespace

std::string comparable_text(std::string_view call, std::string_view text) {
  const bool smaps = call == "smaps";
  if (!smaps && call != "status") return std::string(text);
  std::string kept;
  while (!text.empty()) {
    const std::string_view line = take_line_of_answer(text);
    const std::string_view key = key_of(line);
    if (smaps ? contains(kSmapsDropped, key) : !contains(kStatusKept, key)) continue;
    kept += key.empty() ? mapping_of(line) : squeezed(line);
    kept += '\n';
  }
  return kept;
}

std::string comparable_path(std::string path) {
  constexpr std::string_view kStart = "/#", kEnd = " (deleted)";
  const size_t at = path.rfind(kStart);
  if (at == std::string::npos || !path.ends_with(kEnd)) return path;
  const size_t digits = at + kStart.size();
  const size_t end = path.find_first_not_of("0123456789", digits);
  return end == path.size() - kEnd.size() ? path.erase(digits, end - digits) : path;
}

}  // namespace faultline::scenario
