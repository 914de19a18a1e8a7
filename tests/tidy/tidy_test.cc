#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/tidy/rules.h"
#include "tests/tidy/source_tree.h"
#include "tests/tidy/tables.h"

namespace faultline::tidy {
namespace {

namespace fs = std::filesystem;

// Bazel runs a test in the root of its runfiles, where WORKSPACE is a link to the real one.
fs::path workspace() { return fs::canonical("WORKSPACE").parent_path(); }

// Read once for all rules.
const SourceTree& tree() {
  static const SourceTree tree = read_tree(workspace());
  return tree;
}

void check_none(const std::vector<std::string>& findings) {
  std::string list;
  for (const std::string& finding : findings) list += "\n" + finding;
  CHECK_MESSAGE(findings.empty(), list);
}

TEST_CASE("the tree is the real one") {
  const auto has = [](std::string_view path) {
    for (const SourceFile& file : tree()) {
      if (file.path == path) return true;
    }
    return false;
  };
  CHECK(has("tests/tidy/tidy_test.cc"));
  CHECK(has("sim/base/check.h"));
  CHECK(has(".bazelrc"));
  CHECK_FALSE(has("third_party/debian/doctest/doctest/main.cc"));
}

TEST_CASE("no file is too long") { check_none(check_file_lengths(tree())); }

TEST_CASE("no function is too long") { check_none(check_function_lengths(tree())); }

TEST_CASE("no banned word is used") {
  std::vector<std::string> errors;
  const auto banned = parse_banned_words(read_file("tests/tidy/banned_words.txt"), errors);
  check_none(errors);
  CHECK_FALSE(banned.empty());
  check_none(check_banned_words(tree(), banned));
}

TEST_CASE("every header begins with a comment") { check_none(check_header_comments(tree())); }

TEST_CASE("every include goes down, to a layer it may use") {
  std::vector<std::string> errors;
  const LayerTable layers(read_file("tests/tidy/layers.txt"), errors);
  check_none(errors);
  check_none(check_layers(tree(), layers));
}

TEST_CASE("every file is in a BUILD file") { check_none(check_build_files(tree())); }

TEST_CASE("libraries are included where they belong") { check_none(check_libraries(tree())); }

}  // namespace
}  // namespace faultline::tidy
