// UPDATE_GOLDEN=1 bazel run //tests/tidy:departures_test writes the list in docs/fidelity.md anew.
#include "tests/tidy/departures.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace faultline::tidy {
namespace {

std::vector<std::string> texts(const char* path, const char* source) {
  std::vector<std::string> found;
  for (const Departure& departure : find_departures({{path, source}})) {
    CHECK(departure.path == path);
    found.push_back(departure.text);
  }
  return found;
}

TEST_CASE("departures: a sentence is found whole, whatever lines it runs over") {
  using Texts = std::vector<std::string>;
  CHECK(texts("sim/a.h", "// Differs from Linux: one.\n") == Texts{"one."});
  CHECK(texts("sim/a.cc",
              "  // It maps. Differs from Linux: 1.5 of\n  // two (K.x). More.\nint i;\n") ==
        Texts{"1.5 of two (K.x)."});
  CHECK(texts("include/a.h",
              "// Differs from\n// Linux: a. Differs from Linux: b;\n// c. Units.\n") ==
        Texts{"a.", "b; c."});
  CHECK(texts("sim/a.cc", "int i;  // Differs from Linux: one\n// another comment\n") ==
        Texts{"one"});
  CHECK(texts("sim/a.cc", "// Differs from Linux:\nint i;\n") == Texts{""});
}

TEST_CASE("departures: tests, documents and comments of another kind have none") {
  CHECK(texts("tests/a.h", "// Differs from Linux: one.\n").empty());
  CHECK(texts("sim/a.md", "// Differs from Linux: one.\n").empty());
  CHECK(texts("sim/a.cc", "// differs from the file.\n").empty());
}

TEST_CASE("departures: the list stands between its marks") {
  const std::string page = "a\n<!-- departures: begin -->\nold\n<!-- departures: end -->\nb\n";
  CHECK(listed_departures(page) == "old\n");
  const std::string list = list_departures({{"sim/a.h", "one."}, {"sim/b.cc", "two."}});
  CHECK(list == "- `sim/a.h`: one.\n- `sim/b.cc`: two.\n");
  CHECK(listed_departures(replace_departures(page, list)) == list);
  CHECK(replace_departures(page, "old\n") == page);
  CHECK_FALSE(listed_departures("a\n<!-- departures: begin -->\nold\n").has_value());
  CHECK_FALSE(listed_departures("a\nold\n<!-- departures: end -->\n").has_value());
}

TEST_CASE("docs/fidelity.md lists every departure that the code owns up to") {
  const std::filesystem::path root = std::filesystem::canonical("WORKSPACE").parent_path();
  const std::filesystem::path page = root / "docs/fidelity.md";
  const auto departures = find_departures(read_tree(root));
  CHECK_FALSE(departures.empty());
  for (const Departure& departure : departures)
    CHECK_MESSAGE(!departure.text.empty(), departure.path);
  const std::string list = list_departures(departures);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    const std::string replaced = replace_departures(read_file(page), list);
    std::ofstream(page, std::ios::binary) << replaced;
  }
  const auto listed = listed_departures(read_file(page));
  REQUIRE(listed.has_value());
  CHECK_MESSAGE(*listed == list,
                "write the list anew: UPDATE_GOLDEN=1 bazel run //tests/tidy:departures_test");
}

}  // namespace
}  // namespace faultline::tidy
