// Who waits for whom, as Linux 6.18 answered when it was asked.
#include "sim/proc/family.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "faultline/linux.h"
#include "tests/support/death.h"

namespace faultline::proc {
namespace {

namespace abi = linux_abi;

std::unique_ptr<Task> make_task(uint32_t pid) { return std::make_unique<Task>(Pid{pid}, nullptr); }

void end(Task& task, uint32_t status) {
  task.alive = false;
  become_zombie(task, status);
}

uint64_t pid_of(const Result<Task*>& found) {
  if (!found.ok()) return uint64_t(0) - uint64_t(found.error());
  return *found == nullptr ? 0 : (*found)->pid.value;
}
constexpr uint64_t error(Errno e) { return uint64_t(0) - uint64_t(e); }

struct Parent {
  Parent() {
    add_child(*parent, *first);
    add_child(*parent, *second);
  }
  uint64_t find(int64_t pid, uint64_t options = 0) const {
    return pid_of(find_waited(*parent, pid, options));
  }
  std::unique_ptr<Task> parent = make_task(1);
  std::unique_ptr<Task> first = make_task(2);
  std::unique_ptr<Task> second = make_task(3);
};

TEST_CASE("wait4: errors come in Linux's order") {
  const Parent p;
  CHECK(p.find(-1, 0x100) == error(Errno::kEINVAL));
  CHECK(p.find(INT32_MIN, 0x100) == error(Errno::kEINVAL));
  CHECK(p.find(INT32_MIN) == error(Errno::kESRCH));
  CHECK(p.find(-4) == error(Errno::kENOSYS));
  CHECK(p.find(4) == error(Errno::kECHILD));
  CHECK(p.find(1) == error(Errno::kECHILD));
  CHECK(pid_of(find_waited(*p.first, -1, abi::kWNOHANG)) == error(Errno::kECHILD));
  CHECK(p.find(-1) == error(Errno::kEDEADLK));
  CHECK(p.find(0) == error(Errno::kEDEADLK));
  CHECK(p.find(-1, abi::kWNOHANG) == 0);
}

TEST_CASE("wait4: the oldest zombie first, or the one that is asked for") {
  Parent p;
  end(*p.second, 0x700);
  CHECK(p.find(-1) == 3);
  CHECK(p.find(2) == error(Errno::kEDEADLK));
  end(*p.first, 9);
  CHECK(p.find(-1) == 2);
  CHECK(p.find(0) == 2);
  CHECK(p.find(3) == 3);
  reap(*p.parent, *p.first);
  CHECK(p.find(-1) == 3);
  CHECK(p.find(2) == error(Errno::kECHILD));
}

TEST_CASE("wait4: children that send no SIGCHLD are waited for with __WCLONE or __WALL") {
  Parent p;
  p.first->exit_signal = 0;
  end(*p.first, 0);
  end(*p.second, 0);
  CHECK(p.find(-1) == 3);
  CHECK(p.find(2) == error(Errno::kECHILD));
  CHECK(p.find(-1, abi::kWCLONE) == 2);
  CHECK(p.find(-1, abi::kWALL) == 2);
}

TEST_CASE("wait4: children of a process that has ended are nobody's") {
  Parent p;
  const auto grandchild = make_task(4);
  add_child(*p.first, *grandchild);
  end(*p.first, 0);
  CHECK(grandchild->parent == nullptr);
  CHECK(p.find(4) == error(Errno::kECHILD));
  end(*p.parent, 0);
  CHECK(p.first->parent == nullptr);
}

TEST_CASE("wait4: a zombie's usage has its own faults and those of the children it waited for") {
  Parent p;
  const auto grandchild = make_task(4);
  add_child(*p.first, *grandchild);
  grandchild->faults = {5, 2};
  grandchild->peak_rss_pages = 30;
  end(*grandchild, 0);
  reap(*p.first, *grandchild);
  p.first->faults = {70, 1};
  p.first->peak_rss_pages = 20;
  end(*p.first, 0);
  const auto usage = usage_of(*p.first, 4096);
  uint64_t words[kRusageBytes / 8];
  std::memcpy(words, usage.data(), usage.size());
  CHECK(words[4] == 120);
  CHECK(words[8] == 75);
  CHECK(words[9] == 3);
  CHECK(words[0] == 0);
  reap(*p.parent, *p.first);
  CHECK(p.parent->reaped_faults.minor == 75);
  CHECK(p.parent->reaped_peak_rss_pages == 30);
}

TEST_CASE("reap: who lives is not reaped") {
  CHECK(testing::dies_with(
      [] {
        Parent p;
        reap(*p.parent, *p.first);
      },
      "zombie.alive"));
}

}  // namespace
}  // namespace faultline::proc
