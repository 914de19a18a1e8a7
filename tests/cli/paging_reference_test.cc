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
      {"/memory/page_table_pages", reference.tables.count()},
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
  for (const Memory& memory : {Memory{"lru", std::nullopt}, Memory{"fifo", 9}}) {
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
