// PagingFormat: the shape of a processor's page tables, as data, so that one walk loop serves them
// all.
//
// Plain data: any thread may read it. The table of formats lives as long as the program; others are
// described by a text (paging_description.h).
// Source: Intel SDM vol. 3A, 4.3 "32-bit paging", 4.5 "4-level paging and 5-level paging"; RISC-V
// privileged architecture (20240411), 10.3 to 10.6 (Sv32 to Sv57); Arm ARM D8 "The AArch64 virtual
// memory system architecture". docs/paging.md draws each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "faultline/types.h"

namespace faultline::hw {

inline constexpr int kLevelsMax = 5;

// Where a page-table entry keeps what. All masks are of single bits but leaf, table and pfn_mask; 0
// where a format has no such bit.
struct PteLayout {
  uint64_t present = 0;
  uint64_t write = 0;  // stores are permitted: x86's R/W, RISC-V's W, arm64's DBM
  uint64_t user = 0;
  uint64_t accessed = 0;
  uint64_t dirty = 0;
  // Of arm64, AP[2]: set while a page is clean or may not be stored to; the first store to one that
  // is writable clears it. `dirty` is then software's: of a page that was dirty when it lost its
  // right to be stored to. 0 elsewhere.
  uint64_t read_only = 0;
  // One of them, or none where whatever is present can be executed.
  uint64_t execute = 0;     // set: fetches are permitted
  uint64_t no_execute = 0;  // set: they are not
  uint64_t leaf = 0;        // what else each entry of a user's page has
  uint64_t table = 0;       // what an entry that points to a table has
  // The accessed bit of such an entry, where it has one that the processor sets.
  uint64_t table_accessed = 0;
  uint64_t pfn_mask = 0;
  uint8_t pfn_shift = 0;

  // Whether some pages can be executed and others not.
  constexpr bool checks_execution() const { return (execute | no_execute) != 0; }
};

struct PagingFormat {
  std::string_view name;
  std::string_view description;
  uint8_t levels = 0;                   // level 0 is the leaf (PTE)
  uint8_t index_bits[kLevelsMax] = {};  // of each level, leaf first
  uint8_t offset_bits = 0;              // of the page
  uint8_t entry_bytes = 8;              // of one entry in memory
  // Whether addresses whose upper bits do not repeat the top one that is translated are no page
  // faults but general-protection faults, as on x86-64.
  bool checks_canonical = false;
  VirtAddr task_size{};  // where user space ends, a multiple of the page: Linux's TASK_SIZE
  uint64_t frames_limit = ~uint64_t{0};  // a machine has no more, whatever entries can number
  PteLayout pte{};

  PageSize page_size() const { return {offset_bits}; }
  VirtAddr user_end() const { return task_size; }
  // The pages that a table of the level takes, a part of one as a whole.
  uint64_t table_pages(int level) const {
    return page_size().pages(page_size().align_up(uint64_t{entry_bytes} << index_bits[level]));
  }
  // How many bits of a page number are translated. Every Vpn given to a PageTable is below 2^this.
  uint8_t page_number_bits() const;
  // False where an access is a general-protection fault, whatever the tables say.
  bool canonical(VirtAddr a) const;
  // The most frames that entries can number, besides the zero page; bounded by what a Pfn can.
  constexpr uint64_t frames_max() const {
    return std::min<uint64_t>({pte.pfn_mask >> pte.pfn_shift, kNoPfn.value - 1, frames_limit});
  }
};

// All formats, in the order in which they are listed to users.
std::span<const PagingFormat> paging_formats();
// Null where no format has that name.
const PagingFormat* find_paging_format(std::string_view name);

}  // namespace faultline::hw
