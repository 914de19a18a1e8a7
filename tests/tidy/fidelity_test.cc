#include "tests/tidy/fidelity.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "sim/scenario/calls.h"

namespace faultline::tidy {
namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kPage =
    "A1 in prose\n"
    "## A. One\n"
    "| row | rule | |\n"
    "| --- | --- | --- |\n"
    "| A1 | the first | in |\n"
    "| A2, A10 | two more | in |\n"
    "## Rows without a scenario\n"
    "| row | why |\n"
    "| --- | --- |\n"
    "| A2 | no |\n"
    "## Calls that are not simulated\n"
    "| call | why |\n"
    "| --- | --- |\n"
    "| `one`, `two` | no |\n";

SourceTree scenarios(const std::vector<std::string>& names) {
  SourceTree tree;
  for (const std::string& name : names) tree.push_back({"tests/scenarios/linux/" + name, ""});
  return tree;
}

TEST_CASE("fidelity: rows and calls stand in the first cells of tables") {
  const FidelityPage page = read_fidelity(kPage);
  CHECK(page.rows == Texts{"A1", "A2", "A10"});
  CHECK(page.without == Texts{"A2"});
  CHECK(page.not_simulated == Texts{"one", "two"});
}

TEST_CASE("fidelity: a row has a scenario or a reason, and not both") {
  const FidelityPage page = read_fidelity(kPage);
  CHECK(check_rows(page, scenarios({"a1-x.scn", "a1-y.scn", "a10-x.scn"})).empty());
  CHECK(check_rows(page, scenarios({"a10-x.scn"})) ==
        Texts{"A1: has no scenario, and no reason why not"});
  CHECK(check_rows(page, scenarios({"a1-x.scn", "a10-x.scn", "a2-x.scn"})) ==
        Texts{"A2: has a scenario, and stands with those that have none"});
  CHECK(check_rows(page, scenarios({"a1-x.scn", "a10-x.scn", "a3-x.scn"})) ==
        Texts{"tests/scenarios/linux/a3-x.scn: of no row"});
  FidelityPage more = page;
  more.without.push_back("B1");
  CHECK(check_rows(more, scenarios({"a1-x.scn", "a10-x.scn"})) == Texts{"B1: a reason for no row"});
}

FidelityPage real_page(SourceTree& tree) {
  const std::filesystem::path root = std::filesystem::canonical("WORKSPACE").parent_path();
  tree = read_tree(root);
  return read_fidelity(read_file(root / "docs/fidelity.md"));
}

TEST_CASE("docs/fidelity.md: each row has a scenario, or says why not") {
  SourceTree tree;
  const FidelityPage page = real_page(tree);
  CHECK(page.rows.size() > 90);
  std::string list;
  for (const std::string& finding : check_rows(page, tree)) list += "\n" + finding;
  CHECK_MESSAGE(list.empty(), list);
}

TEST_CASE("docs/fidelity.md: names each call that is known and not simulated") {
  SourceTree tree;
  Texts listed = real_page(tree).not_simulated;
  Texts known;
  for (const scenario::Call& call : scenario::all_calls())
    if (call.run == nullptr) known.emplace_back(call.name);
  std::ranges::sort(listed);
  std::ranges::sort(known);
  CHECK(listed == known);
}

}  // namespace
}  // namespace faultline::tidy
