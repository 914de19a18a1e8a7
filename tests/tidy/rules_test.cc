#include "tests/tidy/rules.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/tidy/cpp_text.h"

namespace faultline::tidy {
namespace {

using Strings = std::vector<std::string>;

std::string lines(std::size_t count, const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line + "\n";
  return text;
}

std::string function(std::size_t line_count) {
  return "int f() {\n" + lines(line_count - 2, "  g();") + "}\n";
}

TEST_CASE("file lengths: 400 lines are the end") {
  CHECK(check_file_lengths({{"sim/a.cc", lines(400, ";")}}).empty());
  CHECK(check_file_lengths({{"sim/a.cc", lines(401, ";")}}) ==
        Strings{"sim/a.cc:401: a file of 401 lines; at most 400"});
  CHECK(check_file_lengths({{"docs/long.md", lines(401, "text")}}).empty());
}

TEST_CASE("function lengths: 60 lines are the end") {
  CHECK(check_function_lengths({{"sim/a.cc", "\n" + function(60)}}).empty());
  CHECK(check_function_lengths({{"sim/a.cc", "\n" + function(61)}}) ==
        Strings{"sim/a.cc:2: a function of 61 lines; at most 60"});
}

TEST_CASE("function lengths: every kind of function is found") {
  const std::string body = " {\n" + lines(60, "  if (x) { y(); }") + "}\n";
  const std::string heads[] = {
      "void f()",
      "TEST_CASE(\"name {\")",
      "template <typename T>\nT C<T>::get(T x) const",
      "bool operator==(const A& a, const B& b)",
      "C::C(int x) : a_(x), b_{x}, c_{}",
      "namespace n {\nclass C {\n  int x_ = 0;\n\n public:\n  C()",
      "const auto f = [](int x)",
      "void f(int x = 3, char c = '{')",
  };
  for (const std::string& head : heads) {
    CAPTURE(head);
    CHECK(check_function_lengths({{"sim/a.cc", head + body}}).size() == 1);
  }
}

TEST_CASE("function lengths: classes, namespaces and tables are not functions") {
  const std::string texts[] = {
      "namespace n {\n" + lines(70, "int f() { return 1; }") + "}\n",
      "class C : public D {\n public:\n" + lines(70, "  int f() { return 1; }") + "};\n",
      "const Row kRows[] = {\n" + lines(70, "    {f(1), {2}},") + "};\n",
      "enum class E : int {\n" + lines(70, "  kName,") + "};\n",
      "/* int f() {\n" + lines(70, "") + "} */\n",
      "const char* s = R\"(int f() {\n" + lines(70, "") + "})\";\n",
      "#define F() { \\\n" + lines(70, "  g(); \\") + "\n",
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(check_function_lengths({{"sim/a.cc", text}}).empty());
  }
}

TEST_CASE("banned words: each where it is banned") {
  const std::vector<BannedWord> banned = {{BannedWord::Where::kText, "LATER", "now"},
                                          {BannedWord::Where::kCode, "goto", "a loop"},
                                          {BannedWord::Where::kName, "zone", "range"}};
  const auto found = [&](const std::string& path, const std::string& text) {
    return check_banned_words({{path, text}}, banned);
  };
  CHECK(found("docs/a.md", "one\ntwo LATER.\n") ==
        Strings{"docs/a.md:2: \"LATER\" is banned: now"});
  CHECK(found("sim/a.cc", "// LATER\n").size() == 1);
  CHECK(found("sim/a.cc", "// LATERAL, later\n").empty());
  CHECK(found("sim/a.cc", "goto end;\n") == Strings{"sim/a.cc:1: \"goto\" is banned: a loop"});
  CHECK(found("sim/a.cc", "// goto\nconst char* s = \"goto\";\n").empty());
  CHECK(found("docs/a.md", "goto\n").empty());
  CHECK(found("sim/a.cc", "int zone_start, VmZone, kZoneMax;\n").size() == 3);
  CHECK(found("sim/a.cc", "int ozone, Zoned; // zone\n").empty());
}

TEST_CASE("header comments: a header begins with one") {
  CHECK(check_header_comments({{"sim/a.h", "// What it is.\n"}, {"sim/a.cc", "int x;\n"}}).empty());
  CHECK(check_header_comments({{"sim/a.h", "#pragma once\n// Too late.\n"}}).size() == 1);
  CHECK(check_header_comments({{"sim/a.h", ""}}).size() == 1);
}

TEST_CASE("layers: an include goes to an allowed, lower layer") {
  Strings errors;
  const LayerTable layers(
      "include/faultline\nsim/base\nsim/low\nsim/mid sim/low\nsim/top sim/mid\n", errors);
  CHECK(errors.empty());
  const auto includes = [&](const std::string& path, const std::string& included) {
    return check_layers({{path, "#include \"" + included + "\"\n"}}, layers).empty();
  };
  CHECK(includes("sim/mid/a.cc", "faultline/types.h"));
  CHECK(includes("sim/mid/a.cc", "sim/base/check.h"));
  CHECK(includes("sim/mid/a.cc", "sim/mid/a.h"));
  CHECK(includes("sim/mid/deeper/a.cc", "sim/low/a.h"));
  CHECK(includes("sim/mid/a.cc", "zlib.h"));
  CHECK(includes("tests/low/a.cc", "sim/top/a.h"));
  CHECK(includes("sim/base/a.cc", "faultline/types.h"));

  CHECK_FALSE(includes("sim/low/a.cc", "sim/mid/a.h"));
  CHECK_FALSE(includes("sim/top/a.cc", "sim/low/a.h"));
  CHECK_FALSE(includes("sim/base/a.h", "sim/low/a.h"));
  CHECK_FALSE(includes("include/faultline/a.h", "sim/base/check.h"));
  CHECK_FALSE(includes("sim/mid/a.cc", "tests/support/death.h"));
  CHECK_FALSE(includes("sim/unknown/a.cc", "sim/base/check.h"));
}

TEST_CASE("layers: the table itself goes down") {
  Strings errors;
  const LayerTable layers("include/faultline\nsim/base\nsim/low sim/top\nsim/top\n", errors);
  CHECK(errors == Strings{"sim/low may not use sim/top, which is no lower layer"});
}

TEST_CASE("banned words: the table's own errors are found") {
  Strings errors;
  parse_banned_words("# comment\ntext one two\nwhere one two\ntext alone\n", errors);
  CHECK(errors == Strings{"not a banned word: where", "not a banned word: text"});
}

TEST_CASE("BUILD files: every C++ file is listed in its package") {
  const SourceTree builds = {{"sim/a/BUILD", "name = \"a\", srcs = [\"x.cc\", \"sub/y.cc\"]"},
                             {"tests/a/BUILD", "srcs = [name + \".cc\"] for name in [\"z_test\"]"},
                             {"tests/c/BUILD", "fl_tests(tests = [\"w_test\"])"}};
  const auto is_listed = [&](const std::string& path) {
    SourceTree tree = builds;
    tree.push_back({path, ""});
    return check_build_files(tree).empty();
  };
  CHECK(is_listed("sim/a/x.cc"));
  CHECK(is_listed("sim/a/sub/y.cc"));
  CHECK(is_listed("sim/a/notes.txt"));
  CHECK(is_listed("tests/a/z_test.cc"));
  CHECK(is_listed("tests/c/w_test.cc"));
  CHECK_FALSE(is_listed("tests/c/v_test.cc"));
  CHECK_FALSE(is_listed("sim/a/new.cc"));
  CHECK_FALSE(is_listed("sim/a/a.cc"));
  CHECK_FALSE(is_listed("sim/a/sub/x.cc"));
  CHECK_FALSE(is_listed("sim/b/x.cc"));
  CHECK_FALSE(is_listed("tests/a/z_test.h"));
}

TEST_CASE("libraries: spdlog in sim/base, heavy headers in .cc files") {
  const auto allows = [](const std::string& path, const std::string& included) {
    return check_libraries({{path, "#include <" + included + ">\n"}}).empty();
  };
  CHECK(allows("sim/base/log.cc", "spdlog/spdlog.h"));
  CHECK(allows("sim/cli/options.cc", "CLI/CLI.hpp"));
  CHECK(allows("sim/report/json.cc", "nlohmann/json.hpp"));
  CHECK_FALSE(allows("sim/hw/tlb.cc", "spdlog/spdlog.h"));
  CHECK_FALSE(allows("sim/cli/options.h", "CLI/CLI.hpp"));
  CHECK_FALSE(allows("sim/report/json.h", "nlohmann/json.hpp"));
}

TEST_CASE("name_parts: snake_case, PascalCase, acronyms") {
  CHECK(name_parts("find_vma") == Strings{"find", "vma"});
  CHECK(name_parts("kPageFrameMax_") == Strings{"k", "page", "frame", "max"});
  CHECK(name_parts("TLBGather") == Strings{"tlb", "gather"});
}

}  // namespace
}  // namespace faultline::tidy
