// The real traces of //traces, read whole: what the reader counts is what sscanf counts.
#include <doctest/doctest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/content.h"
#include "sim/trace/file_source.h"

namespace faultline {
namespace {

struct Tally {
  std::uint64_t kinds[4] = {};
  std::uint64_t hash = 0;  // of all fields, in order

  void add(AccessKind kind, std::uint64_t address, std::uint64_t size) {
    ++kinds[static_cast<int>(kind)];
    hash = hash * 31 + address * 7 + size + (static_cast<std::uint64_t>(kind) << 60);
  }
  friend bool operator==(const Tally&, const Tally&) = default;
};

// Of the first `limit` accesses; reads to the end in any case.
Tally tally_by_reader(const std::string& file, std::uint64_t limit) {
  Tally tally;
  const auto reader = open_trace({file}, {});
  REQUIRE(reader.ok());
  for (;;) {
    const auto block = (*reader)->next_block();
    REQUIRE(block.ok());
    if (block->end()) return tally;
    for (const Access& access : block->accesses) {
      if (limit == 0) break;
      --limit;
      tally.add(access.kind, access.address.value, access.size_bytes);
    }
  }
}

// False if it is no access.
bool add_by_sscanf(const char* line, Tally& tally) {
  char kind = 0;
  std::uint64_t address = 0;
  unsigned size = 0;
  if (line[0] == '=' || line[0] == '-') return false;
  REQUIRE(std::sscanf(line, " %c %" SCNx64 ",%u", &kind, &address, &size) == 3);
  const std::string kinds = "ILSM";
  tally.add(static_cast<AccessKind>(kinds.find(kind)), address, size);
  return true;
}

Tally tally_by_sscanf(const std::string& file, std::uint64_t limit) {
  Tally tally;
  auto raw = trace::open_file(file);
  REQUIRE(raw.ok());
  const auto content = trace::make_content(file, std::move(raw).value());
  REQUIRE(content.ok());
  std::string rest;
  std::vector<char> buffer(trace::kReadBytes);
  for (;;) {
    const auto got = content->bytes->read(buffer);
    REQUIRE(got.ok());
    if (*got == 0) break;
    rest.append(buffer.data(), *got);
    std::size_t start = 0;
    for (std::size_t end; (end = rest.find('\n', start)) != std::string::npos; start = end + 1) {
      rest[end] = '\0';
      if (add_by_sscanf(rest.data() + start, tally) && --limit == 0) return tally;
    }
    rest.erase(0, start);
  }
  CHECK(rest.empty());
  return tally;
}

std::vector<std::string> real_traces() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator("traces")) {
    const std::string path = entry.path().string();
    if (path.find(".lackey.") != std::string::npos) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("Real traces: the reader sees what sscanf sees") {
  REQUIRE(!real_traces().empty());
  for (const std::string& file : real_traces()) {
    CAPTURE(file);
    constexpr std::uint64_t kSscanfMax = 1'000'000;  // sscanf is slow
    const Tally tally = tally_by_reader(file, kSscanfMax);
    CHECK(tally == tally_by_sscanf(file, kSscanfMax));
    for (const std::uint64_t count : tally.kinds) CHECK(count > 0);
  }
}

TEST_CASE("Real traces: sort's accesses, as counted by awk") {
  const Tally tally = tally_by_reader("traces/sort.lackey.zst", ~std::uint64_t{0});
  CHECK(tally.kinds[0] == 6'607'622);
  CHECK(tally.kinds[1] == 1'908'491);
  CHECK(tally.kinds[2] == 817'694);
  CHECK(tally.kinds[3] == 12'821);
}

}  // namespace
}  // namespace faultline
