// Real programs under QEMU, recorded and held against what they are known to do.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "tests/record/recorded.h"

namespace faultline::record::testing {
namespace {

const bool kInstalled = installed(Backend::kQemu);

void check_inside(const Recorded& recorded) {
  CHECK_MESSAGE(recorded.checker.outside() == 0, recorded.checker.first_outside());
  CHECK(recorded.checker.counts().total() > 10000);
  CHECK(recorded.recording.gaps.empty());
}

TEST_CASE("recording by QEMU: every access of a page is there, once, with its kind") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("accesses")});
  check_inside(recorded);
  CHECK(recorded.recording.exit_status == 7);
  const uint64_t page = numbers_of(recorded.output).at(0);
  const AccessCounts counts = recorded.in(page, page + 4096);
  CHECK(counts.of(AccessKind::kLoad) == 12345);
  CHECK(counts.of(AccessKind::kStore) == 777);
  CHECK(counts.of(AccessKind::kModify) == 100);
  CHECK(counts.of(AccessKind::kFetch) == 0);
}

TEST_CASE("recording by QEMU: an instruction is fetched before it accesses data") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("accesses")});
  // Of each instruction that made an access to data, its fetch is the last fetch before.
  const uint64_t page = numbers_of(recorded.output).at(0);
  std::set<uint64_t> makers;
  uint64_t fetched = 0;
  for (const Access& access : recorded.accesses) {
    if (access.kind == AccessKind::kFetch) fetched = access.address.value;
    if (access.address.value - page < 4096) makers.insert(fetched);
  }
  // Three loops, each with one such instruction.
  CHECK(makers.size() == 3);
  const AccessCounts fetches = recorded.in(*makers.begin(), *makers.begin() + 1);
  CHECK(fetches.of(AccessKind::kFetch) > 0);
}

TEST_CASE("recording by QEMU: a fetch for each block instead") {
  if (!kInstalled) return;
  const Recorded whole = run({own_program("accesses")});
  const Recorded blocks = run({own_program("accesses")}, {.fetches = FetchUnit::kBasicBlock});
  check_inside(blocks);
  const AccessCounts& many = whole.checker.counts();
  const AccessCounts& few = blocks.checker.counts();
  CHECK(few.of(AccessKind::kFetch) * 2 < many.of(AccessKind::kFetch));
  const uint64_t page = numbers_of(blocks.output).at(0);
  CHECK(blocks.in(page, page + 4096).of(AccessKind::kModify) == 100);
  CHECK(blocks.in(page, page + 4096).of(AccessKind::kLoad) == 12345);
}

TEST_CASE("recording by QEMU: what a fault cuts short was not fetched") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("faults")});
  check_inside(recorded);
  const std::vector<uint64_t> said = numbers_of(recorded.output);
  const uint64_t load = said.at(0);
  const uint64_t end = said.at(1);
  const uint64_t page = said.at(2);
  const uint64_t rounds = said.at(3);
  // The two instructions before the load are fetched once a round, the load twice, for it is made
  // again, and what follows once.
  CHECK(recorded.in(load - 2, load).of(AccessKind::kFetch) == 2 * rounds);
  CHECK(recorded.in(load, load + 1).of(AccessKind::kFetch) == 2 * rounds);
  for (uint64_t nop = load + 2; nop < end; ++nop)
    CHECK(recorded.in(nop, nop + 1).of(AccessKind::kFetch) == rounds);
  CHECK(recorded.in(page, page + 4096).of(AccessKind::kLoad) == rounds);
}

// A file of three pages.
std::string three_pages() {
  const char* const folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder != nullptr ? folder : "/tmp") + "/three_pages";
  std::ofstream(path, std::ios::binary) << std::string(3 * 4096, 'x');
  return path;
}

TEST_CASE("recording by QEMU: the mapping calls, with the files they map") {
  if (!kInstalled) return;
  const std::string file = three_pages();
  const Recorded recorded = run({own_program("mappings"), file});
  CHECK(recorded.recording.exit_status == 0);
  check_inside(recorded);
  const std::vector<TraceCall>& calls = recorded.checker.calls();
  REQUIRE(!calls.empty());
  CHECK(calls.front().kind == TraceCallKind::kExec);
  CHECK(calls.front().path.ends_with("/tests/record/mappings_program"));
  CHECK(std::any_of(calls.front().maps.begin(), calls.front().maps.end(),
                    [](const MapsLine& line) { return line.path == "[stack]"; }));
  CHECK(calls.back().kind == TraceCallKind::kExit);
  const auto maps_the_file = [&](const TraceCall& call) {
    return call.kind == TraceCallKind::kMmap && call.path == file && call.file_bytes == 3 * 4096;
  };
  CHECK(std::count_if(calls.begin(), calls.end(), maps_the_file) == 1);
  for (const TraceCallKind kind :
       {TraceCallKind::kMunmap, TraceCallKind::kMprotect, TraceCallKind::kMremap,
        TraceCallKind::kBrk, TraceCallKind::kMadvise, TraceCallKind::kMsync}) {
    CAPTURE(trace_call_name(kind));
    CHECK(recorded.checker.count_calls(kind) > 0);
  }
}

TEST_CASE("recording by QEMU: what the kernel reads and writes for the program") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("mappings"), three_pages()});
  // read(2) of two pages to an address that is 100 beyond a page: pieces of three pages.
  uint64_t pieces = 0;
  uint64_t vector_pieces = 0;
  for (const Access& access : recorded.accesses) {
    if (access.by != AccessBy::kKernel || access.kind != AccessKind::kStore) continue;
    const uint64_t in_page = access.address.value % 4096;
    pieces += (in_page == 100 && access.size_bytes == 3996) || access.size_bytes == 4096 ||
              (in_page == 0 && access.size_bytes == 100);
    vector_pieces += in_page == 0 && (access.size_bytes == 10 || access.size_bytes == 20);
  }
  CHECK(pieces == 3);
  CHECK(vector_pieces == 2);
}

TEST_CASE("recording by QEMU: threads that give each other's addresses back and take them") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("threads")});
  check_inside(recorded);
  CHECK(recorded.recording.exit_status == 0);
  CHECK(recorded.checker.count_calls(TraceCallKind::kThread) == 4);
  CHECK(recorded.checker.count_calls(TraceCallKind::kThreadExit) == 4);
  std::set<uint32_t> pids;
  std::set<uint32_t> tids;
  for (const TraceTask& task : recorded.tasks) {
    pids.insert(task.pid);
    tids.insert(task.tid);
  }
  CHECK(pids.size() == 1);
  CHECK(tids.size() == 5);
}

TEST_CASE("recording by QEMU: a fork, and the program that the child executes") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("forks"), own_program("accesses")});
  check_inside(recorded);
  CHECK(recorded.recording.exit_status == 7);
  CHECK(recorded.checker.count_calls(TraceCallKind::kFork) == 1);
  CHECK(recorded.checker.count_calls(TraceCallKind::kExec) == 2);
  CHECK(recorded.checker.count_calls(TraceCallKind::kExit) == 2);
  const uint64_t page = numbers_of(recorded.output).at(0);
  CHECK(recorded.in(page, page + 4096).of(AccessKind::kLoad) >= 12345);
}

TEST_CASE("recording by QEMU: a program that gives up its rights, and then executes another") {
  if (!kInstalled) return;
  if (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) != 0) {
    std::printf("SKIPPED: not root, or setpriv is not installed\n");
    return;
  }
  const Recorded recorded = run({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                                 "--clear-groups", "/bin/sh", "-c", "/usr/bin/id -u; exit 4"});
  check_inside(recorded);
  CHECK(recorded.output == "65534\n");
  CHECK(recorded.recording.exit_status == 4);
  CHECK(recorded.checker.count_calls(TraceCallKind::kExec) == 3);
}

TEST_CASE("recording by QEMU: a shell script, its pipe and the scripts that it starts") {
  if (!kInstalled) return;
  const Recorded recorded = run({"tests/record/programs/script.sh", "one", "two"});
  check_inside(recorded);
  CHECK(recorded.output.ends_with("programs/script.sh one two\n3\nLD_LIBRARY_PATH=/nowhere\n"));
  CHECK(recorded.recording.exit_status == 5);
}

// The rights of each page that QEMU says it has mapped when it has loaded a program.
std::map<uint64_t, std::string> pages_by_qemu(const std::string& program) {
  const std::string log = three_pages() + ".log";
  const std::string command = "qemu-x86_64 -d page -D " + log + " " + program + " >/dev/null";
  CHECK(WEXITSTATUS(std::system(command.c_str())) == 7);
  std::ifstream in(log);
  std::string line;
  while (std::getline(in, line) && line.find("following binary load") == std::string::npos) {
  }
  std::getline(in, line);  // the table's head
  std::map<uint64_t, std::string> pages;
  while (std::getline(in, line) && line.find('-') == 16) {
    const uint64_t end = std::stoull(line.substr(17), nullptr, 16);
    // Not the kernel's own page at the top.
    for (uint64_t page = std::stoull(line, nullptr, 16); page < end && page < 1ULL << 47;
         page += 4096)
      pages[page] = line.substr(line.size() - 3);
  }
  return pages;
}

TEST_CASE("recording by QEMU: the program's first mappings are those that QEMU knows of") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("accesses")});
  const std::map<uint64_t, std::string> expected = pages_by_qemu(own_program("accesses"));
  CHECK(expected.size() > 2048);  // the stack alone
  std::map<uint64_t, std::string> pages;
  for (const MapsLine& line : recorded.checker.calls().front().maps) {
    for (VirtAddr page = line.range.start; page < line.range.end; page = page + 4096)
      pages[page.value] = std::string(line.permissions, 3);
  }
  for (const auto& page : expected) {
    CAPTURE(page.first);
    CHECK(pages[page.first] == page.second);
  }
  // And two of QEMU's own, for the processor's tables of descriptors.
  CHECK(pages.size() == expected.size() + 2);
}

TEST_CASE("recording by QEMU: how the command ended") {
  if (!kInstalled) return;
  CHECK(run({"/bin/sh", "-c", "exit 3"}).recording.exit_status == 3);
  const Recorded killed = run({"/bin/sh", "-c", "kill -9 $$"});
  CHECK(killed.recording.exit_status == 128 + 9);
  check_inside(killed);
  CHECK(killed.checker.calls().back().kind == TraceCallKind::kExit);
  CHECK(killed.checker.calls().back().arguments[0] == 128 + 9);
}

TEST_CASE("recording by QEMU: what a program did just before it died of SIGSEGV") {
  if (!kInstalled) return;
  const Recorded recorded = run({own_program("crash")});
  CHECK(recorded.recording.exit_status == 128 + 11);
  check_inside(recorded);
  const uint64_t page = numbers_of(recorded.output).at(0);
  CHECK(recorded.in(page, page + 4096).of(AccessKind::kStore) == 42);
  CHECK(recorded.accesses.back().kind == AccessKind::kFetch);
}

TEST_CASE("recording by QEMU: commands that cannot be recorded") {
  if (!kInstalled) return;
  Recorded recorded;
  const auto error = [&](const std::string& name) {
    const auto recording = record({.command = {name}, .backend = Backend::kQemu}, recorded);
    return recording ? std::string() : recording.error().to_string();
  };
  CHECK(error("no-such-command-anywhere") == "no-such-command-anywhere: command not found");
  CHECK(error("/etc/passwd") == "/etc/passwd: it cannot be executed");
  CHECK(error("/") == "/: it cannot be executed");
  CHECK(recorded.accesses.empty());
}

}  // namespace
}  // namespace faultline::record::testing
