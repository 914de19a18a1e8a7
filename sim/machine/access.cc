// The access loop: the one place where the MMU, the fault handler and the TLB's flushes meet.
#include <algorithm>

#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {
namespace {

// A fetch from a page that is neither present nor executable faults twice, a load and then a store
// to a page of a file three times; nothing needs more.
constexpr int kFaultRetryMax = 8;

// Accesses are counted by kind in four 16-bit fields of one register, and so in blocks that cannot
// overflow a field.
constexpr size_t kBlockMax = 0xffff;
constexpr uint64_t kind_unit(AccessKind kind) { return uint64_t{1} << (16 * unsigned(kind)); }

}  // namespace

bool MachineImpl::access(Process& process, std::span<const Access> block,
                         std::vector<SignalledAccess>* signalled) {
  auto& target = static_cast<ProcessImpl&>(process);
  signalled_ = signalled;  // each call says where to
  first_access_ = block.data();
  base::ScopedCrashContext context(*this);
  while (!block.empty()) {
    const size_t count = std::min(block.size(), kBlockMax);
    const bool watched = reclaimer_ != nullptr && reclaimer_->watches();
    const auto run = sink_ == nullptr ? (watched ? &MachineImpl::access_block<false, true>
                                                 : &MachineImpl::access_block<false, false>)
                                      : (watched ? &MachineImpl::access_block<true, true>
                                                 : &MachineImpl::access_block<true, false>);
    const bool done = (this->*run)(target, block.first(count));
    if (!done) return false;
    block = block.subspan(count);
    if (options_.paranoid_interval != 0 && stats_.accesses.accesses() >= next_validation_) {
      validate();
      next_validation_ = stats_.accesses.accesses() + options_.paranoid_interval;
    }
  }
  return true;
}

// What is inline here is a hit of the first TLB entry looked at; all else is a call. What it counts
// stays in registers: a counter in memory would double the cost of a hit.
template <bool kEvents, bool kWatched>
bool MachineImpl::access_block(ProcessImpl& process, std::span<const Access> block) {
  const Asid asid = process.space().asid();
  const uint64_t user_end = format_.user_end().value;
  const uint8_t shift = page_size_.shift;
  const bool stamp = policy_ != nullptr && policy_->sees() == PolicySees::kLastReference;
  uint64_t hits_by_kind = 0;
  uint64_t references = stats_.references;
  bool done = true;
  for (const Access& access : block) {
    const uint64_t first = access.address.value;
    const uint64_t last = first + access.size_bytes - 1;
    // Wrapping past the top makes `last` small and the pages differ.
    if (((first ^ last) >> shift) == 0 && last < user_end) [[likely]] {
      const hw::TlbEntry* entry = mmu_.front(asid, Vpn{first >> shift}, access.kind);
      if (entry != nullptr) [[likely]] {
        hits_by_kind += kind_unit(access.kind);
        ++references;
        if (stamp) frames_.last_references()[entry->pfn.value] = references;
        if constexpr (kWatched) {
          if (reclaimer_->note_hit(entry->pfn, references)) [[unlikely]] {
            stats_.references = references;
            pass_tick();
          }
        }
        continue;
      }
    }
    stats_.references = references;
    done = access_slowly<kEvents>(process, access);
    references = stats_.references;
    if (!done) break;
  }
  stats_.references = references;
  count_hits(hits_by_kind);
  return done;
}

void MachineImpl::note_signalled(const Access& access, VirtAddr address) {
  if (signalled_ == nullptr) return;
  signalled_->push_back({.index = size_t(&access - first_access_), .address = address});
}

// An access that the fast path left. False: out of memory; it counts as not done then.
template <bool kEvents>
bool MachineImpl::access_slowly(ProcessImpl& process, const Access& access) {
  const VirtAddr first = access.address;
  const VirtAddr last = first + (access.size_bytes - 1);
  if (last < first) {
    count_signal(SignalCode::kSegvMapErr);
    if constexpr (kEvents)
      emit({.kind = EventKind::kSignal,
            .pid = process.pid(),
            .address = first,
            .value = uint64_t(SignalCode::kSegvMapErr)});
    note_signalled(access, first);
    count_accesses(access.kind, 1);
    return true;
  }
  for (Vpn vpn = page_size_.vpn(first); vpn <= page_size_.vpn(last); vpn = vpn + 1) {
    const VirtAddr address = std::max(first, page_size_.address(vpn));
    const Touch touched = touch_page<kEvents>(process, address, access.kind);
    if (touched.out_of_memory) return false;
    if (touched.signal) {
      note_signalled(access, address);
      break;
    }
  }
  count_accesses(access.kind, 1);
  return true;
}

Touch MachineImpl::touch(ProcessImpl& process, VirtAddr address, AccessKind kind) {
  return sink_ == nullptr ? touch_page<false>(process, address, kind)
                          : touch_page<true>(process, address, kind);
}

template <bool kEvents>
Touch MachineImpl::touch_page(ProcessImpl& process, VirtAddr address, AccessKind kind) {
  // Beyond user space nothing is translated: its addresses may not even have a page number.
  if (address >= format_.user_end()) {
    const hw::PageFault beyond{.address = address, .kind = kind};
    return {.signal = handle_fault<kEvents>(process, beyond).signal};
  }
  // A system call may touch memory after it has changed mappings.
  if (!gather_.empty()) flush_tlb();
  if (reclaimer_ != nullptr) reclaimer_->begin_reference();
  mm::AddressSpace& space = process.space();
  const Vpn vpn = page_size_.vpn(address);
  bool walked = false;
  bool missed = false;
  for (int attempt = 0; attempt < kFaultRetryMax; ++attempt) {
    const hw::TranslateResult found =
        mmu_.translate(space.asid(), space.page_table(), vpn, kind,
                       attempt == 0 ? hw::CountLookup::kYes : hw::CountLookup::kNo);
    walked |= found.walked;
    if constexpr (kEvents) {
      if (found.tlb_missed && attempt == 0)
        emit({.kind = EventKind::kTlbMiss, .pid = process.pid(), .address = address});
      if (found.walked)
        emit({.kind = EventKind::kWalk,
              .pid = process.pid(),
              .address = address,
              .pfn = found.pfn,
              .value = found.entries_read});
    }
    if (found.ok()) {
      mmu_.add_lookups(kind, 1);
      note_reference(space.asid(), vpn, {found.pfn, walked, missed});
      if (reclaimer_ != nullptr) {
        reclaimer_->reference_done(found.pfn, gather_);
        flush_tlb();
      }
      return {.pfn = found.pfn};
    }
    missed |= (found.error_code & hw::kFaultProtection) == 0;
    const fault::FaultOutcome outcome = handle_fault<kEvents>(
        process, {.address = address, .error_code = found.error_code, .kind = kind});
    if (outcome.result == fault::FaultResult::kSignal) {
      mmu_.uncount_last_reference();
      return {.signal = outcome.signal};
    }
    if (outcome.result == fault::FaultResult::kOutOfMemory) return {.out_of_memory = true};
  }
  FL_CHECK_MSG(false, "an access to {:#x} faulted {} times in a row", address.value,
               kFaultRetryMax);
  return {};
}

void MachineImpl::pass_tick() {
  reclaimer_->pass_tick(gather_);
  flush_tlb();
}

void MachineImpl::note_reference(Asid asid, Vpn vpn, const Referenced& how) {
  ++stats_.references;
  if (policy_ != nullptr && how.pfn != phys::kZeroPagePfn)
    frames_.last_references()[how.pfn.value] = stats_.references;
  // A page is in the TLB only after a walk: every first reference walks.
  const bool first = how.walked && pages_touched_[asid.value].insert(vpn);
  if (first) ++stats_.pages_touched;
  if (!how.missed) return;
  ++stats_.replacement.misses;
  if (first) ++stats_.replacement.cold_misses;
}

template <bool kEvents>
fault::FaultOutcome MachineImpl::handle_fault(ProcessImpl& process, const hw::PageFault& fault) {
  if constexpr (kEvents)
    emit({.kind = EventKind::kPageFault,
          .pid = process.pid(),
          .address = fault.address,
          .value = fault.error_code});
  process.enter_space();
  const fault::FaultOutcome outcome = fault_handler_.handle(process.space(), fault);
  flush_tlb();
  const bool major = outcome.result == fault::FaultResult::kMajor ||
                     (outcome.result == fault::FaultResult::kMinor && outcome.dropped_lock &&
                      process.repeats_faults());
  if (major || outcome.result == fault::FaultResult::kMinor) {
    ++(major ? stats_.faults.major : stats_.faults.minor);
    ++(major ? process.fault_counts().major : process.fault_counts().minor);
    if constexpr (kEvents)
      emit({.kind = major ? EventKind::kMajorFault : EventKind::kMinorFault,
            .pid = process.pid(),
            .address = fault.address});
  }
  if (outcome.result == fault::FaultResult::kSignal) {
    count_signal(outcome.signal.code);
    if constexpr (kEvents)
      emit({.kind = EventKind::kSignal,
            .pid = process.pid(),
            .address = outcome.signal.address,
            .value = uint64_t(outcome.signal.code)});
  }
  return outcome;
}

// An address that no user mapping can have counts as one that none has.
void MachineImpl::count_signal(SignalCode code) {
  switch (code) {
    case SignalCode::kSegvMapErr:
    case SignalCode::kSiKernel:
      ++stats_.faults.segv_maperr;
      return;
    case SignalCode::kSegvAccErr:
      ++stats_.faults.segv_accerr;
      return;
    case SignalCode::kBusAdrErr:
      ++stats_.faults.bus_adrerr;
      return;
  }
}

void MachineImpl::count_accesses(AccessKind kind, uint64_t count) {
  AccessStats& accesses = stats_.accesses;
  uint64_t* const by_kind[] = {&accesses.fetches, &accesses.loads, &accesses.stores,
                               &accesses.modifies};
  *by_kind[size_t(kind)] += count;
}

void MachineImpl::count_hits(uint64_t by_kind) {
  for (const AccessKind kind :
       {AccessKind::kFetch, AccessKind::kLoad, AccessKind::kStore, AccessKind::kModify}) {
    const uint64_t count = by_kind / kind_unit(kind) & kBlockMax;
    count_accesses(kind, count);
    mmu_.add_lookups(kind, count);
  }
}

// For the benchmark of what events cost.
template bool MachineImpl::access_block<false, false>(ProcessImpl& process,
                                                      std::span<const Access> block);

}  // namespace faultline::machine
