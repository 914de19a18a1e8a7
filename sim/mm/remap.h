// Remapper: one mremap(2) call on an address space, rows F1 to F11. Linux's struct vma_remap_struct
// and the functions that hand it on.
//
// A call works on one piece, a part of one VMA; with MREMAP_FIXED and an unchanged length it works
// on one piece after another, and what was moved before an error stays moved (row F7).
//
// Units: bytes, page-aligned once check_arguments() has passed. Owns nothing; the address space
// makes it for a call, and is the only user. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "faultline/process.h"
#include "faultline/result.h"
#include "sim/hw/tlb_gather.h"
#include "sim/mm/vma.h"

namespace faultline::mm {

class AddressSpace;

class Remapper {
 public:
  Remapper(AddressSpace& space, hw::TlbGather& gather) : s_(space), gather_(gather) {}

  // Errors: AddressSpace::remap()'s. Source: Linux mm/mremap.c do_mremap(), 6.18.
  Result<VirtAddr> run(const MremapArgs& args);

 private:
  static constexpr uint64_t kMapsToSpare = 3;  // for the splits of a move

  enum class Kind : uint8_t { kSameSize, kShrink, kGrow };

  bool has(uint64_t flag) const { return (flags_ & flag) != 0; }
  // The caller said where to, or that it is to be elsewhere.
  bool has_new_address() const;
  std::optional<Errno> check_arguments() const;
  std::optional<Errno> check_vma(const Vma* vma);
  std::optional<Errno> check_growth(const Vma& vma) const;
  bool align_to_huge_pages();
  Vma* find_source();

  Result<VirtAddr> resize();
  Result<VirtAddr> grow();
  bool fits_in_place(const Vma& vma) const;
  Result<VirtAddr> grow_in_place(Vma& vma);

  Result<VirtAddr> move_each();
  Result<VirtAddr> move_to();
  std::optional<Errno> choose_address(const Vma& vma);
  Result<VirtAddr> move(const Vma& vma);
  bool may_charge(const Vma& vma) const;
  void copy(const Vma& vma);
  void remove_source();
  void unlock_source();
  void populate_growth(uint64_t vm_flags);

  AddressSpace& s_;
  hw::TlbGather& gather_;
  uint64_t flags_ = 0;  // MREMAP_...
  // The piece.
  VirtAddr from_{};
  uint64_t old_bytes_ = 0;
  uint64_t new_bytes_ = 0;
  VirtAddr to_{};
  // By how much old_bytes_ and new_bytes_ differed at first: shrinking makes them equal.
  uint64_t delta_bytes_ = 0;
  Kind kind_ = Kind::kSameSize;
};

}  // namespace faultline::mm
