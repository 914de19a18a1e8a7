// /proc/PID/smaps, whole: the mappings of tests/differential/probes/smaps.c, made in the same
// order, have the text that the kernel gave them.
#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/proc/smaps_sizes.h"
#include "tests/support/one_process.h"

namespace faultline {
namespace {

using linux_abi::kMAP_ANONYMOUS;
using linux_abi::kMAP_GROWSDOWN;
using linux_abi::kMAP_HUGETLB;
using linux_abi::kMAP_LOCKED;
using linux_abi::kMAP_NORESERVE;
using linux_abi::kMAP_POPULATE;
using linux_abi::kMAP_PRIVATE;
using linux_abi::kMAP_SHARED;
using linux_abi::kMAP_STACK;
using linux_abi::kO_CREAT;
using linux_abi::kO_RDWR;
using linux_abi::kO_TRUNC;
using linux_abi::kPROT_EXEC;
using linux_abi::kPROT_NONE;
using linux_abi::kPROT_READ;
using testing::kPage;
using testing::kRw;

constexpr uint64_t kPrivate = kMAP_PRIVATE | kMAP_ANONYMOUS;
constexpr uint64_t kDroppable = 8 | kMAP_ANONYMOUS;

// The recorded blocks by the names of their cases.
std::map<std::string, std::string> recorded_blocks() {
  std::map<std::string, std::string> blocks;
  std::ifstream file("tests/golden/smaps.txt");
  std::string line;
  std::string* block = nullptr;
  std::getline(file, line);  // the kernel's version
  while (std::getline(file, line)) {
    if (line.starts_with("case ")) {
      block = &blocks[line.substr(5)];
      continue;
    }
    REQUIRE(block != nullptr);
    *block += line + "\n";
  }
  return blocks;
}

// The block of the mapping that starts at `at`, without addresses, device and inode.
std::string block_at(const std::string& smaps, VirtAddr at) {
  std::ostringstream key;
  key << std::hex << at.value << '-';
  const size_t start = smaps.find(key.str());
  REQUIRE(start != std::string::npos);
  const size_t end_of_header = smaps.find('\n', start);
  std::istringstream header(smaps.substr(start, end_of_header - start));
  std::string range, permissions, offset, device, inode, path;
  header >> range >> permissions >> offset >> device >> inode >> std::ws;
  std::getline(header, path);
  const size_t flags = smaps.find("VmFlags", start);
  const size_t end = smaps.find('\n', flags);
  return permissions + " " + offset + " " + path.substr(path.rfind('/') + 1) +
         smaps.substr(end_of_header, end - end_of_header) + "\n";
}

struct Trial : testing::OneProcess {
  void check(const std::string& name, VirtAddr at) {
    CAPTURE(name);
    seen.insert(name);
    CHECK(block_at(process->smaps().value(), at) == recorded[name]);
    machine->validate();
  }

  std::map<std::string, std::string> recorded = recorded_blocks();
  std::set<std::string> seen{};
};

void anonymous(Trial& t) {
  VirtAddr p = t.map(64, kRw, kPrivate);
  t.store(p), t.store(p + kPage), t.load(p + 2 * kPage);
  t.check("anonymous memory, two pages stored to, one read", p);
  REQUIRE(t.process->mprotect(p, 64 * kPage, kPROT_NONE).ok());
  t.check("the same without rights", p);
  t.check("locked", t.map(16, kRw, kPrivate | kMAP_LOCKED));
  p = t.map(8, kRw, kPrivate | kMAP_NORESERVE);
  t.load(p);
  t.check("not reserved, read", p);
  p = t.map(8, kRw, kPrivate | kMAP_GROWSDOWN);
  t.store(p + 4 * kPage);
  t.check("growing down", p);
  t.check("for a stack", t.map(8, kRw, kPrivate | kMAP_STACK));
  t.check("executable", t.map(8, kPROT_READ | kPROT_EXEC, kPrivate));
  p = t.map(8, kRw, kDroppable);
  t.store(p), t.load(p + kPage);
  t.check("droppable", p);
  t.check("huge pages that there are not",
          t.map(512, kRw, kPrivate | kMAP_HUGETLB | kMAP_NORESERVE));
  p = t.map(8, kRw, kMAP_SHARED | kMAP_ANONYMOUS);
  t.load(p), t.store(p + kPage);
  t.check("shared anonymous memory, a page read, one stored to", p);
}

void tmpfs(Trial& t) {
  const int fd = t.process->memfd_create("memfd", 0).value();
  REQUIRE(t.process->ftruncate(fd, 8 * kPage).ok());
  VirtAddr p = t.map(8, kRw, kMAP_SHARED, fd);
  t.load(p);
  t.check("a hole of a memfd, read", p);
  t.store(p), t.store(p + kPage);
  std::byte byte{};
  REQUIRE(t.process->pwrite(fd, {.outside = {&byte, 1}}, 2 * kPage).ok());
  t.load(p + 2 * kPage);
  t.check("then stored to, the next too, a third one by pwrite", p);
  const VirtAddr q = t.map(8, kPROT_READ, kMAP_SHARED, fd);
  t.load(q);
  t.check("another mapping that only reads", q);
  t.check("the first one meanwhile", p);
  REQUIRE(t.process->munmap(p, 8 * kPage).ok());
  t.check("the other one when the first is gone", q);
  p = t.map(8, kRw, kMAP_PRIVATE, fd);
  t.load(p), t.store(p + kPage);
  t.check("a private one, a page read, one copied", p);
}

void disk(Trial& t) {
  const int fd = t.process->open("/data/file", kO_RDWR | kO_CREAT | kO_TRUNC, 0600).value();
  std::byte page[kPage] = {};
  for (int i = 0; i < 32; ++i) REQUIRE(t.process->write(fd, {.outside = page}).ok());
  const VirtAddr p = t.map(32, kRw, kMAP_SHARED, fd);
  t.load(p);
  t.check("a file just written, read", p);
  REQUIRE(t.process->fsync(fd).ok());
  t.check("after fsync", p);
  t.store(p);
  t.check("a page stored to", p);
  const VirtAddr q = t.map(32, kRw, kMAP_PRIVATE, fd);
  t.load(q), t.store(q + kPage);
  t.check("a private mapping of the file, a page copied", q);
  t.check("the shared one meanwhile", p);
  t.check("all pages mapped at once", t.map(32, kPROT_READ, kMAP_PRIVATE | kMAP_POPULATE, fd));
  t.check("all pages locked", t.map(3, kPROT_READ, kMAP_SHARED | kMAP_LOCKED, fd));
}

TEST_CASE("smaps: every block is the kernel's") {
  Trial t;
  anonymous(t);
  tmpfs(t);
  disk(t);
  CHECK(t.seen.size() == t.recorded.size());
}

TEST_CASE("smaps: a block for each line of maps, in that order") {
  Trial t;
  t.map(1, kRw, kPrivate);
  t.map(1, kPROT_READ, kPrivate);
  const std::string smaps = t.process->smaps().value();
  size_t at = 0;
  for (const MapsLine& line : t.process->maps()) {
    at = smaps.find(line.to_string() + "\nSize: ", at);
    REQUIRE(at != std::string::npos);
    ++at;
  }
  CHECK(smaps.ends_with("VmFlags: rd wr mr mw me gd ac \n"));
}

TEST_CASE("SmapsSizes: three users of a page, and what MADV_FREE gave up") {
  proc::SmapsSizes sizes;
  sizes.add_page({.size_bytes = kPage, .mapcount = 3, .anonymous = true, .dirty = true});
  sizes.add_page({.size_bytes = kPage, .mapcount = 3, .dirty = true, .locked = true});
  sizes.add_page({.size_bytes = kPage, .mapcount = 3, .locked = true});
  CHECK((sizes.pss_shares >> 22) == 3);  // three thirds of 4 kB, rounded down
  CHECK((sizes.pss_dirty_shares >> 22) == 2);
  CHECK((sizes.pss_locked_shares >> 22) == 2);
  CHECK(sizes.shared_dirty == 2 * kPage);
  CHECK(sizes.shared_clean == kPage);
  CHECK(sizes.private_clean + sizes.private_dirty == 0);
  CHECK(sizes.anonymous == kPage);
  sizes.add_page({.size_bytes = kPage, .anonymous = true, .lazy_free = true});
  sizes.add_page({.size_bytes = kPage, .anonymous = true, .dirty = true, .lazy_free = true});
  CHECK(sizes.lazy_free == kPage);
  CHECK(sizes.private_clean == kPage);
  sizes.add_swapped(kPage, 1);
  sizes.add_swapped(kPage, 2);
  CHECK(sizes.swap == 2 * kPage);
  CHECK((sizes.swap_pss_shares >> 22) == 6);
}

}  // namespace
}  // namespace faultline
