#include "sim/scenario/host/settings.h"

#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sim/scenario/host/block_device.h"

namespace faultline::host {
namespace {

constexpr uint64_t kExtMagic = 0xef53;  // ext2 to ext4: statfs(2)
constexpr uint64_t kTmpfsMagic = 0x01021994;
constexpr uint64_t kNobody = 65534;

std::string first_line(const std::string& file) {
  std::string line;
  std::getline(std::ifstream(file) >> std::ws, line);
  return line;
}

// The chosen one of "always [madvise] never", or the whole line.
std::string chosen(const std::string& line) {
  const size_t open = line.find('[');
  const size_t close = line.find(']');
  if (open == std::string::npos || close == std::string::npos) return line;
  return line.substr(open + 1, close - open - 1);
}

uint64_t file_system_of(const std::string& folder) {
  struct statfs found {};
  return statfs(folder.c_str(), &found) == 0 ? static_cast<uint64_t>(found.f_type) : 0;
}

std::string name_of_file_system(uint64_t magic) {
  if (magic == kExtMagic) return "ext4";
  if (magic == kTmpfsMagic) return "tmpfs";
  std::ostringstream text;
  text << "0x" << std::hex << magic;
  return text.str();
}

std::string readahead_kb_of(const std::string& folder) {
  const std::string device = block_device_folder(folder);
  if (device.empty()) return "?";
  const std::string whole = first_line(device + "/queue/read_ahead_kb");
  return whole.empty() ? first_line(device + "/../queue/read_ahead_kb") : whole;
}

// Whether the kernel was built with names of anonymous memory: an aligned range of no length is
// nothing to it then.
std::string names_memory() {
  return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0, 0, 0) == 0 ? "y" : "n";
}

// Whether root can become another user here: in a user namespace it need not be there.
bool can_leave_root() {
  if (getuid() != 0) return true;
  std::ifstream map("/proc/self/uid_map");
  for (uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;) {
    if (inside <= kNobody && kNobody - inside < count) return true;
  }
  return false;
}

std::string memory_kb() {
  return std::to_string(static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * 4);
}

}  // namespace

std::string kernel_version() {
  utsname system{};
  uname(&system);
  const std::string release = system.release;
  return release.substr(0, release.find_first_not_of("0123456789."));
}

std::optional<std::string> missing() {
#ifndef __x86_64__
  return "an x86-64 kernel";
#endif
  if (sysconf(_SC_PAGESIZE) != 4096) return "pages of 4 KiB";
  if (access("/proc/self/stat", R_OK) != 0) return "/proc";
  if (file_system_of("/dev/shm") != kTmpfsMagic) return "a tmpfs at /dev/shm";
  if (!can_leave_root()) return "uid 65534 in this user namespace";
  const std::string scope = first_line("/proc/sys/kernel/yama/ptrace_scope");
  if (scope == "3") return "ptrace(2), which kernel.yama.ptrace_scope = 3 forbids";
  return std::nullopt;
}

std::optional<uint64_t> readahead_bytes(const std::string& disk_folder) {
  const std::string text = readahead_kb_of(disk_folder);
  const uint64_t kilobytes = std::strtoull(text.c_str(), nullptr, 10);
  if (kilobytes == 0) return std::nullopt;
  return kilobytes << 10;
}

std::vector<HostSetting> differing_settings(const std::string& disk_folder,
                                            const MachineOptions& simulated) {
  const HostSetting all[] = {
      {"file system", name_of_file_system(file_system_of(disk_folder)), "ext4"},
      {"read_ahead_kb", readahead_kb_of(disk_folder),
       std::to_string(simulated.readahead_bytes >> 10)},
      {"memory_kb", memory_kb(), std::to_string(uint64_t{24} << 20)},
      {"vm.overcommit_memory", first_line("/proc/sys/vm/overcommit_memory"), "0"},
      {"vm.max_map_count", first_line("/proc/sys/vm/max_map_count"), "65530"},
      {"vm.mmap_min_addr", first_line("/proc/sys/vm/mmap_min_addr"), "4096"},
      {"kernel.numa_balancing", first_line("/proc/sys/kernel/numa_balancing"), "0"},
      {"ksm", first_line("/sys/kernel/mm/ksm/run"), "0"},
      {"shmem transparent huge pages",
       chosen(first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled")), "never"},
      {"CONFIG_ANON_VMA_NAME", names_memory(), "y"},
      {"multi-generational LRU", first_line("/sys/kernel/mm/lru_gen/enabled"), ""},
  };
  std::vector<HostSetting> differing;
  for (const HostSetting& setting : all) {
    if (setting.host != setting.simulated) differing.push_back(setting);
  }
  return differing;
}

}  // namespace faultline::host
