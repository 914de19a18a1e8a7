// The annotated dump in docs/flt.md is what is written, byte for byte.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/trace/flt_support.h"

namespace faultline::testing {
namespace {

// The trace that the page describes.
std::string documented_file() {
  const std::vector<Access> accesses = {{{0x401000}, 3, AccessKind::kFetch},
                                        {{0x401003}, 5, AccessKind::kFetch},
                                        {{0x404ff8}, 16, AccessKind::kStore}};
  const TraceCall call{
      .kind = TraceCallKind::kMunmap, .task = {7, 7}, .arguments = {0x20000, 4096}};
  return write_flt({{.accesses = accesses, .task = {7, 7}, .call = call}},
                   {.filter = TraceFilter::kRuns, .has_calls = true, .producer = "docs"});
}

std::string hex_of(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

// The bytes of the lines `    OFFSET  HH HH ...  | what they are`, whose offsets have to fit.
std::string dump_of(const std::string& page) {
  std::istringstream lines(page);
  std::string dump;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t bar = line.find(" | ");
    if (!line.starts_with("    0x") || bar == std::string::npos) continue;
    std::istringstream words(line.substr(0, bar));
    std::string word;
    words >> word;
    CHECK(word == fmt::format("0x{:02x}", dump.size() / 2));
    while (words >> word) dump += word;
  }
  return dump;
}

TEST_CASE("docs/flt.md: the dump is what is written") {
  const std::filesystem::path root = std::filesystem::canonical("WORKSPACE").parent_path();
  std::ifstream file(root / "docs/flt.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  CHECK(dump_of(page) == hex_of(documented_file()));
}

}  // namespace
}  // namespace faultline::testing
