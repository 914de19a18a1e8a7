#include "tests/tidy/rules.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "tests/tidy/cpp_text.h"

namespace faultline::tidy {
namespace {

// The table itself has to name them.
constexpr std::string_view kBannedWordsPath = "tests/tidy/banned_words.txt";

std::string finding(const SourceFile& file, std::size_t line, const std::string& message) {
  return file.path + ":" + std::to_string(line) + ": " + message;
}

bool is_banned_here(const BannedWord& banned, const Word& word) {
  if (banned.where != BannedWord::Where::kName) return word.text == banned.word;
  const std::vector<std::string> parts = name_parts(word.text);
  return std::ranges::find(parts, banned.word) != parts.end();
}

void check_words(const SourceFile& file, const std::vector<Word>& words, const BannedWord& banned,
                 Findings& findings) {
  for (const Word& word : words) {
    if (!is_banned_here(banned, word)) continue;
    findings.push_back(
        finding(file, word.line, "\"" + word.text + "\" is banned: " + banned.instead));
  }
}

// The folder of a path, empty at the top.
std::string_view parent(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

// A BUILD file names a file itself, or a list of tests whose sources are `name + ".cc"`.
bool is_listed(std::string_view build, std::string_view name) {
  const auto quotes = [&](std::string_view text) {
    return build.find("\"" + std::string(text) + "\"") != std::string_view::npos;
  };
  const bool adds_ending = quotes(".cc") || build.find("fl_tests(") != std::string_view::npos;
  const bool may_lack_ending = name.ends_with(".cc") && adds_ending;
  return quotes(name) || (may_lack_ending && quotes(name.substr(0, name.rfind('.'))));
}

}  // namespace

Findings check_file_lengths(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    const std::size_t lines = split_lines(file.text).size();
    if (lines <= kFileLinesMax) continue;
    findings.push_back(finding(
        file, lines,
        "a file of " + std::to_string(lines) + " lines; at most " + std::to_string(kFileLinesMax)));
  }
  return findings;
}

Findings check_function_lengths(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    for (const Function& function : find_functions(code_only(file.text))) {
      const std::size_t lines = function.last_line - function.first_line + 1;
      if (lines <= kFunctionLinesMax) continue;
      findings.push_back(finding(file, function.first_line,
                                 "a function of " + std::to_string(lines) + " lines; at most " +
                                     std::to_string(kFunctionLinesMax)));
    }
  }
  return findings;
}

Findings check_banned_words(const SourceTree& tree, const std::vector<BannedWord>& banned) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (file.path == kBannedWordsPath) continue;
    const std::vector<Word> text_words = find_words(file.text);
    const std::vector<Word> code_words =
        file.is_cpp() ? find_words(code_only(file.text)) : std::vector<Word>();
    for (const BannedWord& word : banned) {
      const bool is_text = word.where == BannedWord::Where::kText;
      check_words(file, is_text ? text_words : code_words, word, findings);
    }
  }
  return findings;
}

Findings check_header_comments(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (!file.is_header() || file.text.starts_with("// ")) continue;
    findings.push_back(finding(file, 1, "a header begins with a comment that says what it is"));
  }
  return findings;
}

Findings check_layers(const SourceTree& tree, const LayerTable& layers) {
  Findings findings;
  for (const SourceFile& file : tree) {
    const std::string layer = layers.layer_of(file.path);
    if (!file.is_cpp() || layer.empty()) continue;
    for (const Include& include : find_includes(file.text)) {
      const std::string included = layers.layer_of(include.path);
      const bool is_allowed = included.empty() ? !include.path.starts_with("tests/")
                                               : layers.may_include(layer, included);
      if (is_allowed) continue;
      findings.push_back(finding(file, include.line, layer + " may not include " + include.path));
    }
  }
  return findings;
}

Findings check_build_files(const SourceTree& tree) {
  std::map<std::string_view, std::string_view> builds;  // by package
  for (const SourceFile& file : tree) {
    if (file.path == "BUILD" || file.path.ends_with("/BUILD")) {
      builds[parent(file.path)] = file.text;
    }
  }
  Findings findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    std::string_view package = parent(file.path);
    while (!package.empty() && !builds.contains(package)) package = parent(package);
    const std::string_view name =
        std::string_view(file.path).substr(package.empty() ? 0 : package.size() + 1);
    if (!builds.contains(package) || !is_listed(builds[package], name)) {
      findings.push_back(finding(file, 1, "not listed in a BUILD file"));
    }
  }
  return findings;
}

Findings check_libraries(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    for (const Include& include : find_includes(file.text)) {
      const std::string_view path = include.path;
      const bool is_heavy = path.starts_with("CLI/") || path.starts_with("nlohmann/");
      if (path.starts_with("spdlog/") && !file.path.starts_with("sim/base/")) {
        findings.push_back(finding(file, include.line, "log through sim/base/log.h"));
      }
      if (is_heavy && file.is_header()) {
        findings.push_back(finding(file, include.line, "include this heavy header in a .cc file"));
      }
    }
  }
  return findings;
}

}  // namespace faultline::tidy
