#include "sim/mm/placement.h"

#include <algorithm>
#include <optional>

#include "faultline/linux.h"
#include "sim/base/align.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kMapAbove4G = 0x80;
constexpr AddrRange k32BitWindow{{0x40000000}, {0x80000000}};
constexpr uint64_t k4G = uint64_t{1} << 32;

// One search, or two.
class Placer {
 public:
  Placer(const VmaTree& vmas, const AddressSpaceOptions& options, const PlaceRequest& request)
      : vmas_(vmas), options_(options), request_(request) {}

  std::optional<VirtAddr> top_down(VirtAddr hint, uint64_t length_bytes) const {
    if ((request_.flags & abi::kMAP_FIXED) != 0) return hint;
    if (is_32bit()) return bottom_up(hint, length_bytes);
    if (hint != VirtAddr{} && hint_in_window(hint, length_bytes) && is_free(hint, length_bytes)) {
      return hint;
    }
    uint64_t low = vmas_.page_size().bytes();
    if ((request_.flags & kMapAbove4G) != 0) low = k4G;
    VirtAddr high = options_.mmap_base;
    if (hint > options_.window_end) high = high + (vmas_.user_end() - options_.window_end);
    const AddrRange window{{std::max(low, options_.hint_min_address)}, high};
    const uint64_t padding = padding_bytes();
    const auto gap = vmas_.find_gap(length_bytes + padding, window, SearchFrom::kTop);
    if (!gap) return bottom_up(hint, length_bytes);
    const VirtAddr start = gap->end - length_bytes;
    return padding == 0 ? start : VirtAddr{base::align_down(start.value, alignment())};
  }

 private:
  bool is_32bit() const {
    return (request_.flags & abi::kMAP_32BIT) != 0 && k32BitWindow.end <= vmas_.user_end();
  }
  uint64_t alignment() const {
    return std::max(request_.alignment_bytes, vmas_.page_size().bytes());
  }
  uint64_t padding_bytes() const { return alignment() - vmas_.page_size().bytes(); }

  // A range either lies wholly below the end of the four-level window, or wholly above.
  // Source: Linux arch/x86/mm/mmap.c mmap_address_hint_valid().
  bool hint_in_window(VirtAddr hint, uint64_t length_bytes) const {
    if (vmas_.user_end() - length_bytes < hint) return false;
    return (hint > options_.window_end) == (hint + length_bytes > options_.window_end);
  }

  // The guard of a VMA below that grows up does not matter: there is none on x86.
  bool is_free(VirtAddr start, uint64_t length_bytes) const {
    const Vma* vma = vmas_.find(start);
    return vma == nullptr || start + length_bytes <= vmas_.guarded_start(*vma);
  }

  std::optional<VirtAddr> bottom_up(VirtAddr hint, uint64_t length_bytes) const {
    AddrRange window =
        is_32bit() ? k32BitWindow
                   : AddrRange{options_.bottom_up_base,
                               hint > options_.window_end ? vmas_.user_end() : options_.window_end};
    if (length_bytes > window.end.value) return std::nullopt;
    if (hint != VirtAddr{} && window.end - length_bytes >= hint && is_free(hint, length_bytes)) {
      return hint;
    }
    window.start.value = std::max(window.start.value, options_.hint_min_address);
    const uint64_t padding = padding_bytes();
    const auto gap = vmas_.find_gap(length_bytes + padding, window, SearchFrom::kBottom);
    if (!gap) return std::nullopt;
    return VirtAddr{base::align_up(gap->start.value, alignment())};
  }

  const VmaTree& vmas_;
  const AddressSpaceOptions& options_;
  const PlaceRequest& request_;
};

// An address whose distance to the offset is a multiple of a huge page; nothing where the request
// is too small for one, or no room is found.
// Source: Linux mm/huge_memory.c __thp_get_unmapped_area().
std::optional<VirtAddr> place_for_huge_pages(const Placer& placer, const PlaceRequest& request) {
  const uint64_t size = request.huge_page_bytes;
  const uint64_t offset = request.offset_bytes;
  if (size == 0) return std::nullopt;
  // Signed, as Linux's loff_t, so that an offset just below 2^63 passes.
  const uint64_t offset_end = offset + request.length_bytes;
  const uint64_t offset_aligned = (offset + size - 1) & ~(size - 1);
  if (int64_t(offset_end) <= int64_t(offset_aligned) || offset_end - offset_aligned < size)
    return std::nullopt;
  const uint64_t padded = request.length_bytes + size;
  if (!base::checked_add(offset, padded)) return std::nullopt;
  const std::optional<VirtAddr> found = placer.top_down(request.hint, padded);
  if (!found || *found == request.hint) return found;
  const uint64_t shift = (offset - found->value) & (size - 1);
  return shift == 0 ? *found + size : *found + shift;
}

}  // namespace

Result<VirtAddr> place(const VmaTree& vmas, const AddressSpaceOptions& options,
                       const PlaceRequest& request) {
  const uint64_t user_end = vmas.user_end().value;
  if (request.length_bytes > user_end) return Errno::kENOMEM;
  const Placer placer(vmas, options, request);
  std::optional<VirtAddr> found = place_for_huge_pages(placer, request);
  if (!found) found = placer.top_down(request.hint, request.length_bytes);
  if (!found || found->value > user_end - request.length_bytes) return Errno::kENOMEM;
  if (!vmas.page_size().aligned(*found)) return Errno::kEINVAL;
  if (found->value < options.fixed_min_address && !options.privileged) return Errno::kEPERM;
  return *found;
}

}  // namespace faultline::mm
