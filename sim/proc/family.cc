#include "sim/proc/family.h"

#include <algorithm>
#include <limits>

#include "faultline/linux.h"
#include "sim/base/check.h"

namespace faultline::proc {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kKilobyte = 1024;  // ru_maxrss counts these

FaultCounts sum(FaultCounts a, FaultCounts b) { return {a.minor + b.minor, a.major + b.major}; }

// Children that would not send SIGCHLD are waited for with __WCLONE alone, the others without it.
bool eligible(const Task& child, int64_t pid, uint64_t options) {
  if (pid > 0 && child.pid.value != static_cast<uint64_t>(pid)) return false;
  if ((options & abi::kWALL) != 0) return true;
  return (child.exit_signal != abi::kSIGCHLD) == ((options & abi::kWCLONE) != 0);
}

}  // namespace

void add_child(Task& parent, Task& child) {
  FL_CHECK(child.parent == nullptr);
  child.parent = &parent;
  parent.children.push_back(&child);
}

void become_zombie(Task& task, uint32_t wait_status) {
  FL_CHECK(!task.alive);
  task.wait_status = wait_status;
  for (Task* const child : task.children) {
    child->parent = nullptr;
    child->exit_signal = abi::kSIGCHLD;
  }
  task.children.clear();
}

Result<Task*> find_waited(const Task& parent, int64_t pid, uint64_t options) {
  const uint64_t bits = options & 0xffffffff;
  constexpr uint64_t kKnown = abi::kWNOHANG | abi::kWUNTRACED | abi::kWCONTINUED | abi::kWNOTHREAD |
                              abi::kWALL | abi::kWCLONE;
  if ((bits & ~kKnown) != 0) return Errno::kEINVAL;
  if (pid == std::numeric_limits<int32_t>::min()) return Errno::kESRCH;
  if (pid < -1) return Errno::kENOSYS;
  bool any = false;
  for (Task* const child : parent.children) {
    if (!eligible(*child, pid, bits)) continue;
    if (!child->alive) return child;
    any = true;
  }
  if (!any) return Errno::kECHILD;
  if ((bits & abi::kWNOHANG) == 0) return Errno::kEDEADLK;
  return nullptr;
}

std::array<std::byte, kRusageBytes> usage_of(const Task& zombie, uint64_t page_bytes) {
  constexpr size_t kMaxRss = 4, kMinFlt = 8, kMajFlt = 9;  // in words of eight bytes
  const FaultCounts faults = sum(zombie.faults, zombie.reaped_faults);
  const uint64_t peak = std::max(zombie.peak_rss_pages, zombie.reaped_peak_rss_pages);
  std::array<std::byte, kRusageBytes> bytes{};
  const auto put = [&](size_t word, uint64_t value) {
    for (size_t i = 0; i < sizeof value; ++i)
      bytes[word * sizeof value + i] = static_cast<std::byte>(value >> (8 * i));
  };
  put(kMaxRss, peak * page_bytes / kKilobyte);
  put(kMinFlt, faults.minor);
  put(kMajFlt, faults.major);
  return bytes;
}

void reap(Task& parent, Task& zombie) {
  const auto place = std::find(parent.children.begin(), parent.children.end(), &zombie);
  FL_CHECK(place != parent.children.end() && !zombie.alive);
  parent.children.erase(place);
  zombie.parent = nullptr;
  parent.reaped_faults = sum(parent.reaped_faults, sum(zombie.faults, zombie.reaped_faults));
  parent.reaped_peak_rss_pages =
      std::max({parent.reaped_peak_rss_pages, zombie.peak_rss_pages, zombie.reaped_peak_rss_pages});
}

}  // namespace faultline::proc
