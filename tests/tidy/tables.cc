#include "tests/tidy/tables.h"

#include <algorithm>

#include "tests/tidy/source_tree.h"

namespace faultline::tidy {
namespace {

// The two layers at the bottom, which every other may use.
constexpr std::size_t kCommonLayers = 2;

// The words of each line that is not a comment.
std::vector<std::vector<std::string>> parse_rows(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string_view line : split_lines(text)) {
    if (line.starts_with('#')) continue;
    if (std::vector<std::string> words = split_words(line); !words.empty()) rows.push_back(words);
  }
  return rows;
}

}  // namespace

LayerTable::LayerTable(std::string_view text, std::vector<std::string>& errors) {
  std::vector<std::string> lower;
  for (const std::vector<std::string>& row : parse_rows(text)) {
    std::vector<std::string>& allowed = allowed_[row.front()];
    allowed = row;
    for (std::size_t i = 0; i < std::min(kCommonLayers, lower.size()); ++i) {
      allowed.push_back(lower[i]);
    }
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (std::ranges::find(lower, row[i]) == lower.end()) {
        errors.push_back(row.front() + " may not use " + row[i] + ", which is no lower layer");
      }
    }
    lower.push_back(row.front());
  }
}

std::string LayerTable::layer_of(std::string_view path) const {
  if (path.starts_with("faultline/")) return "include/faultline";
  if (path.starts_with("include/faultline/")) return "include/faultline";
  if (!path.starts_with("sim/")) return "";
  return std::string(path.substr(0, path.find('/', 4)));
}

bool LayerTable::may_include(const std::string& layer, const std::string& included) const {
  const auto it = allowed_.find(layer);
  return it != allowed_.end() && std::ranges::find(it->second, included) != it->second.end();
}

std::vector<BannedWord> parse_banned_words(std::string_view text,
                                           std::vector<std::string>& errors) {
  const std::map<std::string, BannedWord::Where> places = {{"text", BannedWord::Where::kText},
                                                           {"code", BannedWord::Where::kCode},
                                                           {"name", BannedWord::Where::kName}};
  std::vector<BannedWord> banned;
  for (const std::vector<std::string>& row : parse_rows(text)) {
    const auto place = places.find(row.front());
    if (place == places.end() || row.size() < 3) {
      errors.push_back("not a banned word: " + row.front());
      continue;
    }
    std::string instead = row[2];
    for (std::size_t i = 3; i < row.size(); ++i) instead += " " + row[i];
    banned.push_back({place->second, row[1], instead});
  }
  return banned;
}

}  // namespace faultline::tidy
