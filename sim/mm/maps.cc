// What /proc/PID/maps shows, row M1.
#include "sim/mm/address_space.h"

namespace faultline::mm {
namespace {

constexpr uint32_t kDiskMajor = 8;
constexpr uint32_t kDiskMinor = 1;
constexpr uint32_t kKernelTmpfsMinor = 1;  // memfd and shared anonymous memory
constexpr uint32_t kTmpfsMinor = 0x1a;     // /dev/shm

}  // namespace

// Source: Linux fs/proc/task_mmu.c show_map_vma(), get_vma_name(), 6.18.
MapsLine AddressSpace::maps_line(const Vma& vma) const {
  MapsLine line;
  line.range = vma.range();
  line.permissions[0] = vma.has(kVmRead) ? 'r' : '-';
  line.permissions[1] = vma.has(kVmWrite) ? 'w' : '-';
  line.permissions[2] = vma.has(kVmExec) ? 'x' : '-';
  line.permissions[3] = vma.has(kVmMayShare) ? 's' : 'p';
  if (vma.backing != nullptr) {
    line.path = vma.file == nullptr ? "/dev/zero (deleted)" : vma.backing->file().display_path();
    const bool kernel = vma.file == nullptr || line.path.starts_with("/memfd:");
    if (!vma.name.empty()) line.path = vma.name.text();
    line.offset_bytes = vma.pgoff << page_size().shift;
    line.inode = vma.backing->file().inode();
    const bool disk = vma.backing->write_notify();
    line.device_major = disk ? kDiskMajor : 0;
    line.device_minor = disk ? kDiskMinor : kernel ? kKernelTmpfsMinor : kTmpfsMinor;
  } else if (vma.has(kVmHugeTlb)) {
    line.path = vma.name.text();
    line.offset_bytes = vma.pgoff << page_size().shift;
  } else if (vma.start() < brk_ && vma.end() > options_.start_brk) {
    line.path = "[heap]";
  } else if (vma.start() <= start_stack_ && start_stack_ <= vma.end() &&
             start_stack_ != VirtAddr{}) {
    line.path = "[stack]";
  } else {
    line.path = vma.name.text();
  }
  return line;
}

std::vector<MapsLine> AddressSpace::maps() const {
  std::vector<MapsLine> lines;
  vmas_.for_each([&](const Vma& vma) { lines.push_back(maps_line(vma)); });
  return lines;
}

}  // namespace faultline::mm
