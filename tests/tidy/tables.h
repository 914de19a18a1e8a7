// The two tables of tests/tidy: layers.txt and banned_words.txt.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace faultline::tidy {

// Which layer may include which.
class LayerTable {
 public:
  // Reads a table in the format of layers.txt. An error in it is added to `errors`.
  LayerTable(std::string_view text, std::vector<std::string>& errors);

  // The layer that a source file lies in, or that the path in an #include leads to; empty if none.
  std::string layer_of(std::string_view path) const;

  bool may_include(const std::string& layer, const std::string& included) const;

 private:
  // By folder: the folders that its files may include.
  std::map<std::string, std::vector<std::string>, std::less<>> allowed_;
};

struct BannedWord {
  enum class Where { kText, kCode, kName };
  Where where;
  std::string word;
  std::string instead;
};

// Reads a table in the format of banned_words.txt. An error in it is added to `errors`.
std::vector<BannedWord> parse_banned_words(std::string_view text, std::vector<std::string>& errors);

}  // namespace faultline::tidy
