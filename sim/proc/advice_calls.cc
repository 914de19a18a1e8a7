#include "sim/proc/advice_calls.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "faultline/linux.h"
#include "sim/mm/advice.h"

namespace faultline::proc {
namespace {

// How many pages mincore looks at before it writes: Linux's temporary page of bytes.
constexpr uint64_t kResidencyPagesMax = 4096;

// Writes the bytes of the pages from `done` on; whether all could be. What an outside vector has no
// room for is left out.
bool write_vector(const UserBuffer& vector, uint64_t done, std::span<const std::byte> bytes,
                  UserMemory& memory) {
  if (vector.outside.empty()) return memory.copy_out(vector.address + done, bytes) == bytes.size();
  const uint64_t room = vector.outside.size() - std::min<uint64_t>(done, vector.outside.size());
  std::copy_n(bytes.begin(), std::min<uint64_t>(room, bytes.size()),
              vector.outside.end() - static_cast<std::ptrdiff_t>(room));
  return true;
}

// Source: Linux arch/x86/include/asm/uaccess_64.h __access_ok().
bool within(VirtAddr start, uint64_t length_bytes, VirtAddr user_end) {
  const VirtAddr end = start + length_bytes;
  return end >= start && end <= user_end;
}

}  // namespace

Result<void> AdviceCalls::madvise(Task& task, const AdviceArgs& args, UserMemory& memory) {
  const mm::AdvicePlan plan =
      task.space->advise(args.address, args.length_bytes, args.advice, s_.gather);
  for (const mm::AdvicePlan::FilePages& pages : plan.wanted)
    s_.cache.will_need(*pages.backing, {pages.first, pages.count}, s_.frames);
  for (const mm::AdvicePlan::FilePages& pages : plan.removed)
    punch(*pages.backing, {pages.first, pages.count});
  for (const Pfn pfn : plan.split) s_.cache.split_folio(pfn, s_.gather);
  for (const Pfn pfn : plan.page_out) s_.page_out.page_out(pfn, s_.gather);
  std::optional<Errno> error = plan.error;
  if (plan.populate) {
    const bool store = static_cast<uint32_t>(args.advice) == linux_abi::kMADV_POPULATE_WRITE;
    error = populate(task, *plan.populate, store ? AccessKind::kStore : AccessKind::kLoad, memory);
  }
  if (error) return *error;
  return {};
}

// As fallocate does. Source: Linux mm/madvise.c madvise_remove().
void AdviceCalls::punch(cache::Backing& backing, cache::PgoffRange pages) {
  const uint32_t shift = backing.file().page_size().shift;
  s_.cache.punch_bytes(backing, {pages.first << shift, pages.count << shift}, s_.frames, s_.gather);
}

// Source: Linux mm/madvise.c madvise_populate().
std::optional<Errno> AdviceCalls::populate(Task& task, AddrRange range, AccessKind kind,
                                           UserMemory& memory) {
  const uint64_t page_bytes = task.space->page_size().bytes();
  for (VirtAddr at = range.start; at < range.end; at = at + page_bytes) {
    if (const auto refused = task.space->refuses_populate(at, kind)) return refused;
    if (task.space->follow_page(at, kind)) continue;
    if (const auto failed = memory.fault_in(at, kind)) return failed;
  }
  return std::nullopt;
}

Result<void> AdviceCalls::mincore(Task& task, const ResidencyArgs& args, UserMemory& memory) {
  const mm::AddressSpace& space = *task.space;
  const VirtAddr user_end = space.vmas().user_end();
  if (!space.page_size().aligned(args.address)) return Errno::kEINVAL;
  if (!within(args.address, args.length_bytes, user_end)) return Errno::kENOMEM;
  const uint64_t pages = space.page_size().pages(space.page_size().align_up(args.length_bytes));
  if (args.vector.outside.empty() && !within(args.vector.address, pages, user_end))
    return Errno::kEFAULT;
  std::array<std::byte, kResidencyPagesMax> bytes;
  for (uint64_t done = 0; done < pages;) {
    const std::span<std::byte> wanted =
        std::span(bytes).first(std::min(pages - done, kResidencyPagesMax));
    const uint64_t count =
        space.residency(args.address + (done << space.page_size().shift), wanted);
    if (count == 0) return Errno::kENOMEM;
    if (!write_vector(args.vector, done, wanted.first(count), memory)) return Errno::kEFAULT;
    done += count;
  }
  return {};
}

}  // namespace faultline::proc
