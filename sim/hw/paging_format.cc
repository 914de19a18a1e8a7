#include "sim/hw/paging_format.h"

#include <algorithm>

namespace faultline::hw {
namespace {

// Source: Intel SDM vol. 3A, table 4-20 "Format of a page-table entry that maps a 4-KByte page".
constexpr PteLayout kX86Layout{
    .present = 1,
    .write = 1 << 1,
    .user = 1 << 2,
    .accessed = 1 << 5,
    .dirty = 1 << 6,
    .no_execute = uint64_t{1} << 63,
    .pfn_mask = 0x000f'ffff'ffff'f000,
    .pfn_shift = 12,
};

constexpr PagingFormat kFormats[] = {
    {.name = "x86-64",
     .description = "4 levels of 9 bits, 4 KiB pages, 47 bits of user space",
     .levels = 4,
     .index_bits = {9, 9, 9, 9},
     .offset_bits = 12,
     .user_address_bits = 47,
     .pte = kX86Layout},
    {.name = "x86-64-la57",
     .description = "5 levels of 9 bits, 4 KiB pages, 56 bits of user space",
     .levels = 5,
     .index_bits = {9, 9, 9, 9, 9},
     .offset_bits = 12,
     .user_address_bits = 56,
     .pte = kX86Layout},
};

}  // namespace

uint8_t PagingFormat::page_number_bits() const {
  int bits = 0;
  for (int level = 0; level < levels; ++level) bits += index_bits[level];
  return static_cast<uint8_t>(bits);
}

bool PagingFormat::canonical(VirtAddr a) const {
  const int bits_above = 64 - offset_bits - page_number_bits();
  const uint64_t sign_extended =
      static_cast<uint64_t>(static_cast<int64_t>(a.value << bits_above) >> bits_above);
  return sign_extended == a.value;
}

std::span<const PagingFormat> paging_formats() { return kFormats; }

const PagingFormat* find_paging_format(std::string_view name) {
  const auto* const it = std::ranges::find(kFormats, name, &PagingFormat::name);
  return it == std::end(kFormats) ? nullptr : it;
}

}  // namespace faultline::hw
