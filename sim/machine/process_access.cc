// The accesses of a process: page by page through the machine's loop, then the bytes.
#include <algorithm>
#include <cstring>

#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {
namespace {

// Byte after byte in ascending order, as the processor copies (rep movsb), also where read(2)
// copies within one page of a file that is mapped, and reads what it has just written.
void copy_forward(std::byte* to, const std::byte* from, uint64_t count) {
  const auto distance = static_cast<uint64_t>(to - from);
  if (distance >= count) {
    std::memmove(to, from, count);
    return;
  }
  for (uint64_t i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace

template <class Use>
AccessOutcome ProcessImpl::for_each_page(VirtAddr address, uint64_t length_bytes, AccessKind kind,
                                         Use use) {
  base::ScopedCrashContext context(machine_);
  const PageSize page_size = machine_.page_size_;
  AccessOutcome outcome;
  while (outcome.bytes_done < length_bytes) {
    const VirtAddr at = address + outcome.bytes_done;
    const uint64_t offset = page_size.offset_in_page(at);
    const uint64_t length = std::min(length_bytes - outcome.bytes_done, page_size.bytes() - offset);
    const Touch touched = machine_.touch(*this, at, kind);
    outcome.signal = touched.signal;
    outcome.out_of_memory = touched.out_of_memory;
    if (!touched.ok()) break;
    use(Piece{touched.pfn, offset, outcome.bytes_done, length});
    outcome.bytes_done += length;
  }
  return outcome;
}

AccessOutcome ProcessImpl::load(VirtAddr address, std::span<std::byte> out) {
  begin_call();
  return load_bytes(address, out);
}

AccessOutcome ProcessImpl::load_bytes(VirtAddr address, std::span<std::byte> out) {
  return for_each_page(address, out.size(), AccessKind::kLoad, [&](const Piece& piece) {
    const auto bytes = machine_.frames_.bytes(piece.pfn);
    copy_forward(&out[piece.done_bytes], &bytes[piece.offset_bytes], piece.length_bytes);
  });
}

AccessOutcome ProcessImpl::store(VirtAddr address, std::span<const std::byte> in) {
  begin_call();
  return store_bytes(address, in);
}

AccessOutcome ProcessImpl::store_bytes(VirtAddr address, std::span<const std::byte> in) {
  const auto put = [&](const Piece& piece) {
    const auto bytes = machine_.frames_.writable_bytes(piece.pfn);
    if (bytes.empty()) return;  // Contents::kNone
    copy_forward(&bytes[piece.offset_bytes], &in[piece.done_bytes], piece.length_bytes);
  };
  const AccessOutcome outcome = for_each_page(address, in.size(), AccessKind::kStore, put);
  machine_.balance_dirty();
  return outcome;
}

AccessOutcome ProcessImpl::fetch(VirtAddr address, uint64_t length_bytes) {
  begin_call();
  return for_each_page(address, length_bytes, AccessKind::kFetch, [](const Piece&) {});
}

uint64_t ProcessImpl::copy_in(VirtAddr from, std::span<std::byte> to) {
  return load_bytes(from, to).bytes_done;
}

bool ProcessImpl::readable_now(VirtAddr address) const {
  const hw::PageTable& table = space().page_table();
  return address < table.format().user_end() &&
         table.get(space().page_size().vpn(address)).present(table.format().pte);
}

uint64_t ProcessImpl::copy_out(VirtAddr to, std::span<const std::byte> from) {
  return store_bytes(to, from).bytes_done;
}

// A fault for the second page may evict the first: both must be found present with no fault
// between.
AccessOutcome ProcessImpl::touch_whole(VirtAddr address, uint32_t size_bytes, AccessKind kind,
                                       Pfn (&pfns)[2]) {
  constexpr int kRoundsMax = 4;
  base::ScopedCrashContext context(machine_);
  const PageSize page_size = machine_.page_size_;
  const VirtAddr second = page_size.align_down(address + (size_bytes - 1));
  const bool straddles = page_size.vpn(address) != page_size.vpn(second);
  // An address that cannot be, at either end, is a general-protection fault before anything is
  // translated. Source: Intel SDM vol. 1, 3.3.7.1.
  if (straddles && !machine_.format_.canonical(second)) address = second;
  for (int round = 0; round < kRoundsMax; ++round) {
    for (int i = 0; i <= int(straddles); ++i) {
      const FaultCounts before = task_->faults;
      const Touch touched = machine_.touch(*this, i == 0 ? address : second, kind);
      if (!touched.ok()) return {.signal = touched.signal, .out_of_memory = touched.out_of_memory};
      pfns[i] = touched.pfn;
      const FaultCounts grown = task_->faults - before;
      const bool faulted = grown.minor + grown.major != 0;
      if (i == int(straddles) && (i == 0 || !faulted)) return {.bytes_done = size_bytes};
    }
  }
  return {.out_of_memory = true};  // memory does not hold two pages
}

uint64_t ProcessImpl::read_bytes(VirtAddr address, uint32_t size_bytes,
                                 const Pfn (&pfns)[2]) const {
  const uint64_t page = machine_.page_size_.bytes();
  const uint64_t start = machine_.page_size_.offset_in_page(address);
  uint64_t value = 0;
  for (uint32_t i = 0; i < size_bytes; ++i) {
    const uint64_t at = start + i;
    value |= uint64_t(machine_.frames_.bytes(pfns[at / page])[at % page]) << (8 * i);
  }
  return value;
}

void ProcessImpl::write_bytes(VirtAddr address, uint32_t size_bytes, uint64_t value,
                              const Pfn (&pfns)[2]) {
  const uint64_t page = machine_.page_size_.bytes();
  const uint64_t start = machine_.page_size_.offset_in_page(address);
  for (uint32_t i = 0; i < size_bytes; ++i) {
    const uint64_t at = start + i;
    const auto bytes = machine_.frames_.writable_bytes(pfns[at / page]);
    if (bytes.empty()) return;  // Contents::kNone
    bytes[at % page] = std::byte(value >> (8 * i));
  }
}

AccessOutcome ProcessImpl::peek(VirtAddr address, uint32_t size_bytes, uint64_t* value) {
  begin_call();
  Pfn pfns[2];
  const AccessOutcome outcome = touch_whole(address, size_bytes, AccessKind::kLoad, pfns);
  if (outcome.bytes_done != 0) *value = read_bytes(address, size_bytes, pfns);
  return outcome;
}

AccessOutcome ProcessImpl::poke(VirtAddr address, uint32_t size_bytes, uint64_t value) {
  begin_call();
  Pfn pfns[2];
  const AccessOutcome outcome = touch_whole(address, size_bytes, AccessKind::kStore, pfns);
  if (outcome.bytes_done != 0) write_bytes(address, size_bytes, value, pfns);
  machine_.balance_dirty();
  return outcome;
}

AccessOutcome ProcessImpl::xadd(VirtAddr address, uint32_t size_bytes, uint64_t addend) {
  begin_call();
  Pfn pfns[2];
  const AccessOutcome outcome = touch_whole(address, size_bytes, AccessKind::kModify, pfns);
  if (outcome.bytes_done != 0)
    write_bytes(address, size_bytes, read_bytes(address, size_bytes, pfns) + addend, pfns);
  machine_.balance_dirty();
  return outcome;
}

}  // namespace faultline::machine
