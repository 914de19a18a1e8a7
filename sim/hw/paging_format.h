// PagingFormat: the shape of a processor's page tables, as data, so that one walk loop serves them
// all.
//
// Plain data: any thread may read it. The table of formats lives as long as the program.
// Source: Intel SDM vol. 3A, 4.5 "4-level paging and 5-level paging".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "faultline/types.h"

namespace faultline::hw {

inline constexpr int kLevelsMax = 5;

// Where a page-table entry keeps what. All masks are of single bits but pfn_mask.
struct PteLayout {
  uint64_t present = 0;
  uint64_t write = 0;
  uint64_t user = 0;
  uint64_t accessed = 0;
  uint64_t dirty = 0;
  uint64_t no_execute = 0;
  uint64_t pfn_mask = 0;
  uint8_t pfn_shift = 0;
};

struct PagingFormat {
  std::string_view name;
  std::string_view description;
  uint8_t levels = 0;                   // level 0 is the leaf (PTE)
  uint8_t index_bits[kLevelsMax] = {};  // of each level, leaf first
  uint8_t offset_bits = 0;              // of the page
  // User space is below 2^this; the last page of it is not mappable.
  uint8_t user_address_bits = 0;
  PteLayout pte;

  PageSize page_size() const { return {offset_bits}; }
  // The end of user space: Linux's TASK_SIZE, one page below 2^user_address_bits.
  VirtAddr user_end() const { return {(uint64_t{1} << user_address_bits) - page_size().bytes()}; }
  // How many bits of a page number are translated. Every Vpn given to a PageTable is below 2^this.
  uint8_t page_number_bits() const;
  // Whether the address is canonical: the bits above the top one that is translated equal it.
  bool canonical(VirtAddr a) const;
};

// All formats, in the order in which they are listed to users.
std::span<const PagingFormat> paging_formats();
// Null where no format has that name.
const PagingFormat* find_paging_format(std::string_view name);

}  // namespace faultline::hw
