// What madvise(2) is told, and what it leaves to be done by those who can: plain data, and pure
// functions of a VMA, rows H1 to H9.
//
// Units: pages of a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "faultline/result.h"
#include "faultline/types.h"
#include "sim/cache/backing.h"
#include "sim/mm/vma.h"

namespace faultline::mm {

// What is to be done once the address space has done its part, in this order; then the answer is
// `error`, or success.
struct AdvicePlan {
  struct FilePages {
    std::shared_ptr<cache::Backing> backing;
    uint64_t first = 0;  // pgoff
    uint64_t count = 0;
  };
  std::vector<FilePages> wanted{};   // MADV_WILLNEED: to be read, as much as may be at once
  std::vector<FilePages> removed{};  // MADV_REMOVE: to become a hole
  // Frames whose large folio is to become pages: MADV_COLD, MADV_PAGEOUT for a part of it.
  std::vector<Pfn> split{};
  std::vector<Pfn> page_out{};  // MADV_PAGEOUT: to be given up, a folio by its first page alone
  // MADV_POPULATE_READ, MADV_POPULATE_WRITE: to be faulted in, page by page up to the first that
  // cannot be, whose error is the answer.
  std::optional<AddrRange> populate{};
  std::optional<Errno> error{};
};

// Whether Linux as built on most machines knows the advice. Memory failures are not simulated: a
// kernel without CONFIG_MEMORY_FAILURE does not know MADV_HWPOISON and MADV_SOFT_OFFLINE.
// Source: Linux mm/madvise.c madvise_behavior_valid().
bool is_known_advice(uint32_t advice);

// Why the advice is refused for the VMA as it is, or nothing: kEPERM (it would discard what a
// sealed VMA holds), kEINVAL (not for this kind of mapping, or not while it is locked), kEACCES
// (MADV_REMOVE of what is not shared and writable).
// Source: Linux mm/madvise.c can_madvise_modify(), and the head of each madvise_...(), 6.18.
std::optional<Errno> refuses_advice(const Vma& vma, uint32_t advice);

// The VMA's flags after the advice; those that it has where the advice is not one about flags.
// Source: Linux mm/madvise.c madvise_vma_behavior(); mm/ksm.c ksm_madvise(); mm/khugepaged.c
// hugepage_madvise(), 6.18.
uint64_t advised_flags(const Vma& vma, uint32_t advice);

}  // namespace faultline::mm
