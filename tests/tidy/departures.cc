#include "tests/tidy/departures.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace faultline::tidy {
namespace {

constexpr std::string_view kMark = "Differs from Linux:";
constexpr std::string_view kBegin = "<!-- departures: begin -->\n";
constexpr std::string_view kEnd = "<!-- departures: end -->\n";

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// Each row of lines that hold a comment alone, as one line; other lines part them. A comment
// behind code is a comment of one line.
std::vector<std::string> comments(std::string_view text) {
  std::vector<std::string> found;
  bool continues = false;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t slashes = line.find("//");
    if (slashes == std::string_view::npos) {
      continues = false;
      continue;
    }
    const bool alone = std::all_of(line.begin(), line.begin() + std::ptrdiff_t(slashes), is_blank);
    if (!continues || !alone) found.emplace_back();
    for (const std::string& word : split_words(line.substr(slashes + 2)))
      found.back() += found.back().empty() ? word : ' ' + word;
    continues = alone;
  }
  return found;
}

std::string first_sentence(std::string_view text) {
  const std::size_t stop = text.find(". ");
  return std::string(text.substr(0, stop == std::string_view::npos ? stop : stop + 1));
}

struct Marks {
  std::size_t begin;  // of what stands between them
  std::size_t end;
};

std::optional<Marks> find_marks(std::string_view page) {
  const std::size_t begin = page.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = page.find(kEnd, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return Marks{begin + kBegin.size(), end};
}

}  // namespace

std::vector<Departure> find_departures(const SourceTree& tree) {
  std::vector<Departure> departures;
  for (const SourceFile& file : tree) {
    const bool ours = file.path.starts_with("sim/") || file.path.starts_with("include/");
    if (!ours || !file.is_cpp()) continue;
    for (const std::string& comment : comments(file.text)) {
      for (std::size_t at = comment.find(kMark); at != std::string::npos;
           at = comment.find(kMark, at + 1)) {
        const std::size_t begin = std::min(at + kMark.size() + 1, comment.size());
        departures.push_back({file.path, first_sentence(std::string_view(comment).substr(begin))});
      }
    }
  }
  return departures;
}

std::string list_departures(const std::vector<Departure>& departures) {
  std::string list;
  for (const Departure& departure : departures)
    list += "- `" + departure.path + "`: " + departure.text + '\n';
  return list;
}

std::optional<std::string> listed_departures(std::string_view page) {
  const auto marks = find_marks(page);
  if (!marks) return std::nullopt;
  return std::string(page.substr(marks->begin, marks->end - marks->begin));
}

std::string replace_departures(std::string_view page, std::string_view list) {
  const auto marks = find_marks(page);
  std::string replaced(page);
  if (marks) replaced.replace(marks->begin, marks->end - marks->begin, list);
  return replaced;
}

}  // namespace faultline::tidy
