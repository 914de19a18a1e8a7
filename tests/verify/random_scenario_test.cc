// Random scenarios: well formed, made again from their seed, and of the kinds that their profile
// says.
#include "sim/scenario/verify/random_scenario.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "sim/scenario/parser.h"

namespace faultline::verify {
namespace {

constexpr uint64_t kStatements = 80;

std::string text_of(const Profile& profile, ScenarioSeed seed) {
  std::string text;
  for (const std::string& line : make_random_scenario(profile, seed, kStatements)) {
    (text += line) += '\n';
  }
  return text;
}

TEST_CASE("every profile's scenarios can be parsed") {
  for (const Profile& profile : all_profiles()) {
    for (uint64_t index = 0; index < 60; ++index) {
      const std::string text = text_of(profile, {7, index});
      const auto program = scenario::parse("random", text);
      INFO(profile.about.name << " " << index);
      CHECK_MESSAGE(program.ok(), (program.ok() ? "" : program.error().to_string() + "\n" + text));
    }
  }
}

TEST_CASE("the same profile, seed and index give the same scenario, others another") {
  std::set<std::string> texts;
  for (const Profile& profile : all_profiles()) {
    CHECK(text_of(profile, {1, 2}) == text_of(profile, {1, 2}));
    for (const ScenarioSeed seed : {ScenarioSeed{1, 2}, {1, 3}, {2, 2}, {2, 1}}) {
      texts.insert(text_of(profile, seed));
    }
  }
  CHECK(texts.size() == 4 * all_profiles().size());
}

TEST_CASE("the same seed gives the same bytes with every compiler") {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const Profile& profile : all_profiles())
    for (uint64_t index = 0; index < 20; ++index)
      for (const std::string& line : make_random_scenario(profile, {1, index}, 60))
        for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  CHECK(hash == 3376924817317686871u);
}

TEST_CASE("each call that a profile is for occurs") {
  const struct {
    const char* profile;
    std::vector<const char*> calls;
  } rows[] = {
      {"vma", {"mmap(", "munmap(", "mprotect(", "mremap(", "mseal("}},
      {"fault", {"load(", "store(", "fetch(", "peek(", "poke(", "xadd(", "pagemap(", "smaps("}},
      {"disk", {"msync(", "fsync(", "fallocate(", "ftruncate(", "pread64(", "pwrite64("}},
      {"disk", {"O_DIRECT", "sync_file_range(", "ZERO_RANGE", "COLLAPSE_RANGE", "INSERT_RANGE"}},
      {"tmpfs", {"read(", "write(", "readv(", "writev(", "lseek(", "O_APPEND", "dup(", "dup2("}},
      {"tmpfs", {"close(", "unlink(", "rename(", "truncate(", "remap_file_pages("}},
      {"errno", {"mremap(", "mincore(", "lseek(", "sync_file_range("}},
      {"brk", {"brk(", "MAP_GROWSDOWN", "setrlimit("}},
      {"fork", {"fork()", "[pid 2] ", "exit("}},
      {"lock", {"mlock(", "mlock2(", "munlock(", "mlockall(", "munlockall("}},
      {"madvise",
       {"MADV_PAGEOUT", "MADV_WILLNEED", "MADV_DONTNEED", "MADV_FREE", "MADV_GUARD_INSTALL",
        "MADV_DONTFORK"}},
  };
  for (const auto& row : rows) {
    const Profile* profile = find_profile(row.profile);
    REQUIRE(profile != nullptr);
    std::string text;
    for (uint64_t index = 0; index < 40; ++index) text += text_of(*profile, {3, index});
    for (const char* call : row.calls) {
      INFO(std::string(row.profile) << " " << std::string(call));
      CHECK(text.find(call) != std::string::npos);
    }
  }
  CHECK(find_profile("none") == nullptr);
}

TEST_CASE("writes to the disk are long enough for large folios now and then") {
  uint64_t longest = 0;
  for (uint64_t index = 0; index < 40; ++index) {
    for (const std::string& line :
         make_random_scenario(*find_profile("disk"), {5, index}, kStatements)) {
      const size_t call = line.find("write(");
      if (call == std::string::npos) continue;
      longest = std::max<uint64_t>(longest, std::stoull(line.substr(line.rfind(", ") + 2)));
    }
  }
  CHECK(longest >= 32768);
}

}  // namespace
}  // namespace faultline::verify
