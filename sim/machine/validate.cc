// Machine::validate: every component's invariants, and those that join several; what a failed check
// prints.
#include <algorithm>
#include <cinttypes>
#include <set>
#include <vector>

#include "sim/base/check.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {

void MachineImpl::validate() {
  base::ScopedCrashContext context(*this);
  FL_CHECK(gather_.empty());  // 1
  frames_.validate();
  allocator_.validate();
  rmap_.validate();
  disk_.validate();
  swap_device_.validate();
  cache_.validate();
  mmu_.validate();
  if (reclaimer_ != nullptr) reclaimer_->validate();
  kernel_files_.validate();
  validate_processes();  // 7
  for (const mm::AddressSpace* const space : spaces()) space->validate();
  for (ProcessImpl* const process : living_) process->task().files->validate();
  validate_tlb();                                            // 2
  validate_frames();                                         // 4
  validate_swap();                                           // 5
  validate_commit();                                         // 6
  FL_CHECK(stats_.replacement.misses <= stats_.references);  // 3
  FL_CHECK(stats_.replacement.cold_misses <= stats_.replacement.misses);
}

// What a TLB entry grants, its PTE grants.
void MachineImpl::validate_tlb() const {
  const hw::PteLayout& layout = format_.pte;
  mmu_.tlb().for_each([&](const hw::TlbEntry& entry) {
    const ProcessImpl* owner = nullptr;
    for (const ProcessImpl* const process : living_)
      if (hw::tlb_tag(process->space().asid(), {}) == (entry.tag >> 48 << 48)) owner = process;
    FL_CHECK(owner != nullptr);
    const Vpn vpn{entry.tag & 0xffffffffffff};
    const hw::Pte pte = owner->space().page_table().get(vpn);
    FL_CHECK_MSG(pte.present(layout) && pte.pfn(layout) == entry.pfn && pte.accessed(layout),
                 "page {:#x}", vpn.value);
    FL_CHECK((entry.rights & hw::kTlbWrite) == 0 || pte.writable(layout));
    FL_CHECK((entry.rights & hw::kTlbDirty) == 0 || pte.dirty(layout));
    FL_CHECK((entry.rights & hw::kTlbExecute) == 0 || pte.executable(layout));
  });
}

// Every reference to a frame is a PTE's or the page cache's.
void MachineImpl::validate_frames() const {
  for (uint32_t i = 1; i < frames_.size(); ++i) {
    const phys::PageFrame& frame = frames_[Pfn{i}];
    if ((frame.flags & phys::kFrameInUse) == 0) continue;
    const uint32_t cached = (frame.flags & phys::kFrameFile) != 0 ? 1 : 0;
    FL_CHECK_MSG(frame.refcount == frame.mapcount + cached, "frame {}", i);
  }
}

void MachineImpl::validate_swap() const {
  uint64_t entries = 0;
  for (const mm::AddressSpace* const space : spaces()) entries += space->counters().swap;
  const uint64_t references = swap_device_.total_references();
  FL_CHECK_MSG(references == entries, "{} references to swap slots, {} swap entries", references,
               entries);
}

void MachineImpl::validate_commit() const {
  uint64_t pages = 0;
  std::set<uint32_t> objects;
  for (const mm::AddressSpace* const space : spaces()) {
    pages += space->counters().accounted_vm;
    space->vmas().for_each([&](const mm::Vma& vma) {
      if (vma.backing != nullptr && objects.insert(vma.backing->number()).second)
        pages += commit_.promised_for(*vma.backing);
    });
  }
  FL_CHECK_MSG(pages == commit_.committed_pages(), "{} pages promised, {} accounted for",
               commit_.committed_pages(), pages);
}

void MachineImpl::validate_processes() const {
  uint32_t last = 0;
  for (const ProcessImpl* const process : living_) {
    FL_CHECK_MSG(process->alive() && last < process->pid().value, "process {} after {}",
                 process->pid().value, last);
    last = process->pid().value;
  }
  const auto living = std::count_if(processes_.begin(), processes_.end(),
                                    [](const auto& process) { return process->alive(); });
  FL_CHECK_MSG(static_cast<size_t>(living) == living_.size(), "{} live, {} are noted", living,
               living_.size());
}

void MachineImpl::print_crash_context(std::FILE* out) const {
  std::fprintf(out, "accesses %" PRIu64 ", references %" PRIu64 ", frames in use %" PRIu64 "\n",
               stats_.accesses.accesses(), stats_.references, allocator_.in_use());
  for (const ProcessImpl* const process : living_) {
    std::fprintf(out, "pid %" PRIu32 ":\n", process->pid().value);
    for (const MapsLine& line : process->maps())
      std::fprintf(out, "  %s\n", line.to_string().c_str());
  }
}

}  // namespace faultline::machine
