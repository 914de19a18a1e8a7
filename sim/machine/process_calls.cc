// The system calls of a process: each goes to sim/proc, and then the TLB forgets what the call
// gathered.
#include <algorithm>
#include <utility>

#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {

ProcessImpl::ProcessImpl(MachineImpl& machine, std::unique_ptr<proc::Task> task)
    : machine_(machine), task_(std::move(task)) {}

const base::CrashContext& ProcessImpl::crash_context() const { return machine_; }

void ProcessImpl::begin_call() { machine_.cache_.all_arrived(); }

void ProcessImpl::end_system_call() {
  machine_.cache_.flush_replaced(machine_.gather_);
  machine_.balance_dirty();
}

std::vector<MapsLine> ProcessImpl::maps() const {
  return task_->alive ? task_->space->maps() : std::vector<MapsLine>{};
}

Result<std::string> ProcessImpl::smaps() const {
  if (!task_->alive) return Errno::kESRCH;
  return machine_.proc_fs_.smaps(space());
}

Result<std::string> ProcessImpl::status() const {
  if (!task_->alive) return Errno::kESRCH;
  return machine_.proc_fs_.status(space());
}

Result<std::vector<uint64_t>> ProcessImpl::pagemap(AddrRange range) const {
  if (!task_->alive) return Errno::kESRCH;
  return machine_.proc_fs_.pagemap(space(), range);
}

Result<VirtAddr> ProcessImpl::mmap(const MmapArgs& args) {
  return system_call([&] { return machine_.memory_calls_.mmap(*task_, args, *this); });
}

Result<void> ProcessImpl::munmap(VirtAddr address, uint64_t length_bytes) {
  return system_call([&] { return machine_.memory_calls_.munmap(*task_, address, length_bytes); });
}

Result<void> ProcessImpl::mprotect(VirtAddr address, uint64_t length_bytes, uint64_t prot) {
  return system_call(
      [&] { return machine_.memory_calls_.mprotect(*task_, address, length_bytes, prot, *this); });
}

Result<void> ProcessImpl::msync(VirtAddr address, uint64_t length_bytes, uint64_t flags) {
  // An int of C: the kernel does not see the upper half.
  const uint64_t seen = static_cast<uint32_t>(flags);
  return system_call(
      [&] { return machine_.memory_calls_.msync(*task_, address, length_bytes, seen); });
}

Result<VirtAddr> ProcessImpl::mremap(const MremapArgs& args) {
  return system_call([&] { return machine_.memory_calls_.mremap(*task_, args, *this); });
}

Result<void> ProcessImpl::mseal(VirtAddr address, uint64_t length_bytes, uint64_t flags) {
  return system_call(
      [&] { return machine_.memory_calls_.mseal(*task_, address, length_bytes, flags); });
}

Result<void> ProcessImpl::remap_file_pages(const RemapFilePagesArgs& args) {
  return system_call([&] { return machine_.memory_calls_.remap_file_pages(*task_, args, *this); });
}

VirtAddr ProcessImpl::brk(VirtAddr new_break) {
  const Result<VirtAddr> reached = system_call(
      [&]() -> Result<VirtAddr> { return machine_.memory_calls_.brk(*task_, new_break, *this); });
  return reached ? *reached : VirtAddr{};
}

Result<void> ProcessImpl::setrlimit(uint64_t resource, uint64_t soft_limit) {
  return system_call(
      [&] { return machine_.memory_calls_.setrlimit(*task_, resource, soft_limit); });
}

// By write where the mapping is private and writable, else by read; not at all where it grants
// nothing (linux-semantics D7). A fault that read storage has let go of its lock, is not counted,
// and is taken anew: the page is there by then, which is a minor fault. Source: Linux mm/gup.c
// populate_vma_page_range(), __mm_populate(); mm/memory.c mm_account_fault().
std::optional<Errno> ProcessImpl::populate(AddrRange range, WhileReading while_reading) {
  const bool keep_lock = while_reading == WhileReading::kKeepLock;
  const uint64_t page = machine_.page_size_.bytes();
  for (VirtAddr at = range.start; at < range.end; at = at + page) {
    const mm::Vma* vma = space().find_vma(at);
    if (vma == nullptr || !vma->range().contains(at) || !vma->accessible()) return Errno::kEFAULT;
    const bool store = vma->has(mm::kVmWrite) && !vma->shared();
    const AccessKind kind = store ? AccessKind::kStore : AccessKind::kLoad;
    if (space().follow_page(at, kind)) continue;
    const uint64_t major = task_->faults.major;
    fault_may_repeat_ = !keep_lock;
    const auto failed = fault_in(at, kind);
    fault_may_repeat_ = true;
    if (!keep_lock) {
      task_->faults.minor += task_->faults.major - major;
      task_->faults.major = major;
    }
    if (failed) return failed;
  }
  return std::nullopt;
}

}  // namespace faultline::machine
