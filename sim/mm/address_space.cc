#include "sim/mm/address_space.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace faultline::mm {
namespace {

constexpr uint64_t kMinGapBytes = 128 << 20;
constexpr uint64_t kGuardBytes = 1 << 20;
// Four levels map this much; five-level processes are placed within it too, unless they ask.
constexpr uint64_t kWindowBits = 47;

}  // namespace

// Source: Linux arch/x86/mm/mmap.c mmap_base(): the stack's limit and its guard are kept free below
// the stack, at least 128 MB, at most five sixths of user space.
AddressSpaceOptions AddressSpaceOptions::for_format(const hw::PagingFormat& format) {
  const PageSize page = format.page_size();
  AddressSpaceOptions options;
  // Differs from Linux: addresses are chosen in 47 bits for arm64 too, whose window has 48.
  const uint64_t window_end =
      std::min(format.user_end().value, (uint64_t{1} << kWindowBits) - page.bytes());
  uint64_t gap = std::max(options.limits.stack_bytes + kGuardBytes, kMinGapBytes);
  // Differs from Linux: a small space of a course's processor keeps most of itself for mappings.
  gap = std::min(gap, window_end / 6);
  options.window_end = {window_end};
  options.mmap_base = {page.align_up(window_end - gap)};
  options.bottom_up_base = {page.align_up(window_end / 3)};
  options.start_brk = {std::min(uint64_t{0x600000}, page.align_up(window_end / 8))};
  options.fixed_min_address = std::min(uint64_t{4096}, page.bytes());
  options.hint_min_address = std::min(uint64_t{0x10000}, page.align_up(window_end / 16));
  return options;
}

AddressSpace::AddressSpace(const AddressSpaceParts& parts, const AddressSpaceOptions& options)
    : frames_(parts.frames),
      allocator_(parts.allocator),
      rmap_(parts.rmap),
      swap_slots_(parts.swap_slots),
      commit_(parts.commit),
      options_(options),
      page_table_(parts.format),
      vmas_(parts.format.page_size(), parts.format.user_end()),
      brk_(options.start_brk) {}

AddressSpace::~AddressSpace() { FL_CHECK(vmas_.empty()); }

std::vector<AddrRange> AddressSpace::take_populate() { return std::exchange(populate_, {}); }

uint64_t AddressSpace::huge_page_bytes() const {
  const hw::PagingFormat& format = page_table_.format();
  constexpr uint64_t kUserBytesMin = uint64_t{1} << 38;  // of a 64-bit processor
  if (format.user_end().value < kUserBytesMin) return 0;
  return page_size().bytes() << format.index_bits[0];
}

}  // namespace faultline::mm
