#include "sim/replay/huge_pages.h"

#include "faultline/page_run.h"

namespace faultline::replay {

HugePages::HugePages(const Options& options) : options_(options), tlb_(options.tlb) {}

void HugePages::on_use(const PageUse& use) {
  if (asid_ == 0 || use.pid != pid_) {
    pid_ = use.pid;
    asid_ = asids_.try_emplace(pid_, static_cast<uint16_t>(asids_.size() + 1)).first->second;
  }
  const uint64_t tag = hw::tlb_tag(Asid{asid_}, Vpn{use.page >> (options_.shift - kPageRunShift)});
  tlb_.add_lookups(use.kind, use.references);
  if (tlb_.front(tag, use.kind) != nullptr) return;
  if (tlb_.lookup(tag, use.kind, hw::CountLookup::kYes) != nullptr) return;
  pages_.insert(tag);
  constexpr uint32_t kAllRights = hw::kTlbRead | hw::kTlbWrite | hw::kTlbExecute | hw::kTlbDirty;
  tlb_.fill_missed({.tag = tag, .pfn = Pfn{0}, .rights = kAllRights}, use.kind);
}

HugePageReport HugePages::report() const {
  return {.page_size = uint64_t{1} << options_.shift, .pages = pages_.size(), .tlb = tlb_.stats()};
}

}  // namespace faultline::replay
