// The calls that an implementation need not have.
#include "faultline/process.h"

namespace faultline {

Result<VirtAddr> Process::mremap(const MremapArgs&) { return Errno::kENOSYS; }
Result<void> Process::madvise(VirtAddr, uint64_t, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::mincore(VirtAddr, uint64_t, const UserBuffer&) { return Errno::kENOSYS; }
Result<void> Process::mlock(VirtAddr, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::mlock2(VirtAddr, uint64_t, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::munlock(VirtAddr, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::mlockall(uint64_t) { return Errno::kENOSYS; }
Result<void> Process::munlockall() { return Errno::kENOSYS; }
Result<void> Process::mseal(VirtAddr, uint64_t, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::remap_file_pages(const RemapFilePagesArgs&) { return Errno::kENOSYS; }
Result<uint64_t> Process::prctl(uint64_t, const std::array<uint64_t, 4>&, std::string_view) {
  return Errno::kENOSYS;
}
Result<uint64_t> Process::personality(uint64_t) { return Errno::kENOSYS; }
Result<uint64_t> Process::readv(int64_t, VirtAddr, uint64_t) { return Errno::kENOSYS; }
Result<uint64_t> Process::writev(int64_t, VirtAddr, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::fallocate(int64_t, uint64_t, uint64_t, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::sync_file_range(int64_t, uint64_t, uint64_t, uint64_t) {
  return Errno::kENOSYS;
}
Result<void> Process::fadvise(int64_t, uint64_t, uint64_t, uint64_t) { return Errno::kENOSYS; }
Result<void> Process::sync() { return Errno::kENOSYS; }
Result<Process*> Process::clone(uint64_t) { return Errno::kENOSYS; }
Result<Process*> Process::clone3(VirtAddr, uint64_t) { return Errno::kENOSYS; }
Result<uint64_t> Process::wait4(const Wait4Args&) { return Errno::kENOSYS; }
Result<void> Process::kill(int64_t, uint64_t) { return Errno::kENOSYS; }
Result<std::string> Process::smaps() const { return Errno::kENOSYS; }
Result<std::string> Process::status() const { return Errno::kENOSYS; }
Result<std::vector<uint64_t>> Process::pagemap(AddrRange) const { return Errno::kENOSYS; }

}  // namespace faultline
