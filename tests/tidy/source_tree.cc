#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace faultline::tidy {
namespace {

namespace fs = std::filesystem;

bool is_skipped_folder(const fs::path& relative) {
  constexpr std::array<std::string_view, 4> kSkipped = {".git", "third_party", "traces",
                                                        "tests/golden"};
  const std::string name = relative.string();
  return name.starts_with("bazel-") || std::ranges::find(kSkipped, name) != kSkipped.end();
}

bool is_text(std::string_view content) { return content.find('\0') == std::string_view::npos; }

}  // namespace

SourceTree read_tree(const fs::path& root) {
  SourceTree tree;
  for (fs::recursive_directory_iterator it(root), end; it != end; ++it) {
    const fs::path relative = it->path().lexically_relative(root);
    if (is_skipped_folder(relative)) it.disable_recursion_pending();
    if (it->is_symlink() || !it->is_regular_file()) continue;
    std::string text = read_file(it->path());
    if (is_text(text)) tree.push_back({relative.string(), std::move(text)});
  }
  std::ranges::sort(tree, {}, &SourceFile::path);
  return tree;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> split_words(std::string_view text) {
  std::istringstream in{std::string(text)};
  return {std::istream_iterator<std::string>(in), {}};
}

}  // namespace faultline::tidy
