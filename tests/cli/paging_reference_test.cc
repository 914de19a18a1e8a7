// Every paging format of `faultline replay` on the committed traces, against the naive reference,
// which knows of a format nothing but the bits of its indices, the page and the end of user space.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <ext/stdio_filebuf.h>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"
#include "tests/naive/naive_paging.h"
#include "tests/naive/naive_reference.h"

namespace faultline::testing {
namespace {

using naive::PagedReplay;
using naive::PagingShape;

constexpr uint64_t kHead = kSanitized ? 20'000 : 50'000;  // accesses

const std::vector<PagingShape>& shapes() {
  static const std::vector<PagingShape> all = {
      {"x86-64", {9, 9, 9, 9}, 12, 0x7fff'ffff'f000},
      {"x86-64-la57", {9, 9, 9, 9, 9}, 12, 0xff'ffff'ffff'f000},
      {"x86-32", {10, 10}, 12, 0xc000'0000},
      {"sv32", {10, 10}, 12, 0x9d80'0000},
      {"sv39", {9, 9, 9}, 12, 0x40'0000'0000},
      {"sv48", {9, 9, 9, 9}, 12, 0x8000'0000'0000},
      {"sv57", {9, 9, 9, 9, 9}, 12, 0x100'0000'0000'0000},
      {"arm64-4k", {9, 9, 9, 9}, 12, 0x1'0000'0000'0000},
      {"arm64-16k", {1, 11, 11, 11}, 14, 0x1'0000'0000'0000},
      {"arm64-64k", {6, 13, 13}, 16, 0x1'0000'0000'0000},
  };
  return all;
}

std::vector<naive::Access> head_of(const std::string& trace) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen(unpack_command(trace).c_str(), "re"), &pclose);
  REQUIRE(pipe != nullptr);
  __gnu_cxx::stdio_filebuf<char> buffer(pipe.get(), std::ios::in, size_t{1} << 16);
  std::istream in(&buffer);
  std::vector<naive::Access> head;
  while (head.size() < kHead) {
    const std::optional<naive::Access> access = naive::read_access(in);
    if (!access) break;
    head.push_back(*access);
  }
  return head;
}

void check_as_reference(const std::string& report, const PagedReplay& reference) {
  const naive::Replaced& replaced = reference.memory.counts;
  const std::pair<const char*, uint64_t> rows[] = {
      {"/config/page_size", uint64_t{1} << reference.tables.shape.page_bits},
      {"/trace/references", reference.references},
      {"/trace/pages", replaced.cold_misses},
      {"/walks/count", reference.walks},
      {"/walks/memory_references", reference.entries_read},
      {"/memory/page_table_pages", reference.tables.pages()},
      {"/faults/segv_maperr", reference.faults_beyond},
      {"/faults/minor", replaced.cold_misses},
      {"/replacement/hits", replaced.hits},
      {"/replacement/misses", replaced.misses},
      {"/replacement/evictions", replaced.evictions},
      {"/replacement/dirty_evictions", replaced.dirty_evictions},
  };
  for (const auto& row : rows) {
    const std::string pointer = row.first;
    CAPTURE(pointer);
    CHECK(number(report, row.first) == row.second);
  }
}

// In unlimited memory, and in some where pages come and go.
void check_format(const PagingShape& shape, const std::string& trace,
                  const std::vector<naive::Access>& accesses) {
  struct Memory {
    const char* policy;
    std::optional<size_t> frames;
  };
  for (const Memory& memory : {Memory{"lru", std::nullopt}, Memory{"fifo", 5}}) {
    CAPTURE(shape.name);
    CAPTURE(std::string(memory.policy));
    PagedReplay reference(shape, {naive::make_policy(memory.policy), memory.frames});
    for (const naive::Access& access : accesses) reference.access(access);
    std::vector<std::string> args = {trace,      "--limit",  std::to_string(accesses.size()),
                                     "--tlb",    "none",     "--paging",
                                     shape.name, "--policy", memory.policy};
    if (memory.frames) {
      args.insert(args.end(), {"--memory", std::to_string(*memory.frames) + "p"});
      CHECK(reference.memory.counts.evictions > 0);
    }
    check_as_reference(replay(args), reference);
  }
}

TEST_CASE("paging: tables, walks and pages of each format are as the reference counts them") {
  for (const std::string& trace : committed_traces()) {
    CAPTURE(trace);
    const std::vector<naive::Access> head = head_of(trace);
    REQUIRE(head.size() == kHead);
    for (const PagingShape& shape : shapes()) check_format(shape, trace, head);
  }
}

// Accesses about the end of each user space, and far behind it.
TEST_CASE(
    "paging: beyond each format's user space is SEGV_MAPERR, also where an access runs into it") {
  for (const PagingShape& shape : shapes()) {
    const uint64_t page = uint64_t{1} << shape.page_bits;
    std::vector<naive::Access> accesses;
    for (const uint64_t address :
         {shape.user_end - page, shape.user_end - 1, shape.user_end - 4, shape.user_end,
          shape.user_end + page, ~uint64_t{0} - page, uint64_t{0}, page - 4}) {
      for (const char kind : {'L', 'S', 'I'}) accesses.push_back({kind, address, 8});
    }
    std::string text;
    for (const naive::Access& access : accesses) {
      std::array<char, 64> line{};
      std::snprintf(line.data(), line.size(), "%s%llx,8\n",
                    access.kind == 'I' ? "I  " : std::string({' ', access.kind, ' '}).c_str(),
                    static_cast<unsigned long long>(access.addr));
      text += line.data();
    }
    const std::string trace = write_file("end-of-" + shape.name + ".lackey", text);
    CAPTURE(shape.name);
    PagedReplay reference(shape, {naive::make_policy("lru"), std::nullopt});
    for (const naive::Access& access : accesses) reference.access(access);
    CHECK(reference.faults_beyond == 15);
    check_as_reference(
        replay({trace, "--format", "lackey", "--tlb", "none", "--paging", shape.name}), reference);
  }
}

TEST_CASE("paging: each format of the list is one that is checked here") {
  const ProgramEnd list = run_program({.args = {"replay", "--paging", "list"}});
  REQUIRE(list.status == 0);
  size_t lines = 0;
  for (const char c : list.out) lines += c == '\n' ? 1 : 0;
  CHECK(lines == shapes().size());
  for (const PagingShape& shape : shapes())
    CHECK(("\n" + list.out).find("\n" + shape.name + " ") != std::string::npos);
}

std::string loads_and_stores(const std::vector<naive::Access>& accesses) {
  std::string text;
  for (const naive::Access& access : accesses) {
    std::array<char, 64> line{};
    std::snprintf(line.data(), line.size(), " %c %llx,%llu\n", access.kind,
                  static_cast<unsigned long long>(access.addr),
                  static_cast<unsigned long long>(access.size_bytes));
    text += line.data();
  }
  return text;
}

// Formats of courses: one flat table, and three levels of small pages.
TEST_CASE("paging: a format that a file describes is as the reference counts it") {
  struct Row {
    PagingShape shape;
    std::string description;
  };
  const Row rows[] = {
      {{.index_bits = {8}, .page_bits = 6, .user_end = 0x3fc0, .pages_per_table = 16},
       R"({"levels": [8], "page_bits": 6, "entry_bytes": 4, "user_end": "0x3fc0"})"},
      {{.index_bits = {2, 3, 1}, .page_bits = 8, .user_end = 0x4000},
       R"({"levels": [2, 3, 1], "page_bits": 8})"},
      {{.index_bits = {1, 1}, .page_bits = 13, .user_end = 0x8000},
       R"({"levels": [1, 1], "page_bits": 13})"}};
  std::vector<naive::Access> accesses;
  uint64_t state = 1;
  for (int i = 0; i < 3'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    accesses.push_back({(state >> 60 & 1) != 0 ? 'L' : 'S', state >> 33 & 0x3fff,
                        uint64_t{1} << (state >> 50 & 7)});
  }
  const std::string trace = write_file("course.lackey", loads_and_stores(accesses));
  for (const Row& row : rows) {
    const std::string file = write_file("course.json", row.description);
    CAPTURE(row.description);
    PagedReplay reference(row.shape, {naive::make_policy("fifo"), 3});
    for (const naive::Access& access : accesses) reference.access(access);
    const std::string report = replay({trace, "--format", "lackey", "--tlb", "none", "--policy",
                                       "fifo", "--memory", "3p", "--paging", file});
    check_as_reference(report, reference);
    CHECK(report == replay({trace, "--format", "lackey", "--tlb", "none", "--policy", "fifo",
                            "--memory", "3p", "--paging", file, "--paranoid"}));
    CHECK(report.find("\"paging\":\"" + file + "\"") != std::string::npos);
  }
}

TEST_CASE("paging: what cannot be is refused, and says why") {
  const std::string trace = write_file("few.lackey", " L 1000,8\n L 2000,8\n S 3000,8\n");
  const auto refused = [&](std::vector<std::string> args, const std::string& why) {
    args.insert(args.begin(), {"replay", trace});
    const ProgramEnd end = run_program({.args = std::move(args)});
    CHECK(end.status == 2);
    CHECK(end.out.empty());
    CHECK_MESSAGE(end.err.find(why) != std::string::npos, end.err, " lacks ", why);
  };
  refused({"--paging", "vax"}, "--paging: no format is named 'vax', and no file");
  const std::string toy = write_file("toy.json", R"({"levels": [8]})");
  refused({"--paging", toy}, toy + ": \"page_bits\" is missing");
  refused({"--paging", write_file("cut.json", "{\"levels\"")}, "cut.json: byte 9: is not JSON");
  refused({"--paging", "/"}, "/: ");
  const std::string maps = write_file("maps", "10000-20000 rw-p 00000000 00:00 0\n");
  refused({"--paging", "arm64-64k", "--maps", maps},
          "--paging: arm64-64k has pages of 65536 bytes; a listing of mappings");
  const std::string small = write_file("small.json", R"({"levels": [8, 8], "page_bits": 6})");
  refused({"--paging", small, "--interval", "2"}, "--interval: ");
  refused({"--walk-cache", "pde=4"}, "--walk-cache: 'pde=4' is not of the form");
  refused({"--walk-cache", "pte=4x4"}, "--walk-cache: 'pte=4x4' is not pde=");
  refused({"--walk-cache", "pde=6x4"}, "--walk-cache: walk cache pde: the ways must divide");
  refused({"--walk-cache", "pde=0x0"}, "--walk-cache: ");
  refused({"--paging", "x86-32", "--walk-cache", "pdpte=4x4"},
          "--walk-cache: walk cache pdpte: page tables of 2 levels have no such entry");
}

TEST_CASE("paging: a walk cache is told in the report, and saves what it hits") {
  for (const std::string paging : {"x86-64", "arm64-64k"}) {
    const std::vector<std::string> args = {
        "traces/cg.lackey.gz", "--limit", "100000", "--tlb", "none", "--paging", paging};
    const std::string without = replay(args);
    CHECK(without.find("walk_cache") == std::string::npos);
    std::vector<std::string> cached = args;
    cached.insert(cached.end(), {"--walk-cache", "pde=4x4,pdpte=2x2"});
    const std::string with = replay(cached);
    CHECK(with.find("\"walk_cache\":\"pde=4x4,pdpte=2x2\"") != std::string::npos);
    const uint64_t levels = paging == "x86-64" ? 4 : 3;
    CHECK(number(with, "/walks/count") == number(without, "/walks/count"));
    CHECK(number(without, "/walks/memory_references") - number(with, "/walks/memory_references") ==
          (levels - 1) * number(with, "/walk_cache/pde/hits") +
              (levels - 2) * number(with, "/walk_cache/pdpte/hits"));
    CHECK(number(with, "/walk_cache/pde/hits") + number(with, "/walk_cache/pde/misses") ==
          number(with, "/walks/count"));
  }
}

// 32-bit entries number fewer frames than a machine of 64 bits may have.
TEST_CASE("paging: more memory than a format's entries can number is refused") {
  const std::string trace = write_file("few.lackey", " L 1000,8\n");
  const auto status = [&](const std::string& paging, const std::string& memory) {
    return run_program({.args = {"replay", trace, "--paging", paging, "--memory", memory}});
  };
  CHECK(status("x86-32", "1048575p").status == 0);
  const ProgramEnd refused = status("x86-32", "1048576p");
  CHECK(refused.status == 2);
  CHECK(refused.err.find("--memory: memory must be 1 to 1048575 frames") != std::string::npos);
  CHECK(status("sv32", "4194303p").status == 0);
  CHECK(status("sv32", "4194304p").status == 2);
  CHECK(status("sv39", "4194304p").status == 0);
}

}  // namespace
}  // namespace faultline::testing
