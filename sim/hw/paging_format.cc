#include "sim/hw/paging_format.h"

namespace faultline::hw {
namespace {

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }
// Bits `top` to `bottom`.
constexpr uint64_t bits(unsigned top, unsigned bottom) {
  return (~uint64_t{0} >> (63 - top)) & (~uint64_t{0} << bottom);
}

// Source: Intel SDM vol. 3A, table 4-20 "Format of a page-table entry that maps a 4-KByte page" and
// 4-19; Linux arch/x86/include/asm/pgtable_types.h _PAGE_TABLE.
constexpr PteLayout kX86Layout{
    .present = bit(0),
    .write = bit(1),
    .user = bit(2),
    .accessed = bit(5),
    .dirty = bit(6),
    .no_execute = bit(63),
    .table = bit(0) | bit(1) | bit(2),
    .table_accessed = bit(5),
    .pfn_mask = bits(51, 12),
    .pfn_shift = 12,
};

// Without PAE an entry has 32 bits, and no right to execute. Source: Intel SDM vol. 3A, tables 4-5
// and 4-6.
constexpr PteLayout without_pae(PteLayout layout) {
  layout.no_execute = 0;
  layout.pfn_mask = bits(31, 12);
  return layout;
}

// The processor sets A and D itself (Svadu), in leaf entries alone: in others they are reserved.
// Source: RISC-V privileged architecture, 10.3.1 and 10.4.1; Linux
// arch/riscv/include/asm/pgtable-bits.h, pgtable.h _PAGE_TABLE.
constexpr PteLayout riscv_layout(uint64_t pfn_mask) {
  return {
      .present = bit(0),
      .write = bit(2),
      .user = bit(4),
      .accessed = bit(6),
      .dirty = bit(7),
      .execute = bit(3),
      .leaf = bit(1),  // R: the kernel makes no page that can be stored to and not be read
      .table = bit(0),
      .pfn_mask = pfn_mask,
      .pfn_shift = 10,
  };
}

// The processor manages the access flag and the dirty state itself (FEAT_HAFDBS), in leaf entries
// alone. Of `leaf`: a page descriptor, inner shareable, not global, not to be executed by the
// kernel. Source: Arm ARM D8.3 "Translation table descriptor formats", D8.4 and D8.5; Linux
// arch/arm64/include/asm/pgtable-hwdef.h, pgtable-prot.h and pgtable.h pte_dirty().
constexpr PteLayout arm64_layout(uint8_t page_bits) {
  return {
      .present = bit(0),
      .write = bit(51),  // DBM
      .user = bit(6),    // AP[1]
      .accessed = bit(10),
      .dirty = bit(55),
      .read_only = bit(7),    // AP[2]
      .no_execute = bit(54),  // UXN
      .leaf = bit(1) | bits(9, 8) | bit(11) | bit(53),
      .table = bit(0) | bit(1) | bit(59),
      .pfn_mask = bits(47, page_bits),
      .pfn_shift = page_bits,
  };
}

constexpr PagingFormat kFormats[] = {
    // The last page of the lower half stays free: behind an instruction at its end no address is
    // canonical. Source: Linux arch/x86/include/asm/page_64_types.h TASK_SIZE_MAX.
    {.name = "x86-64",
     .description = "4 levels of 9 bits, 4 KiB pages, 47 bits of user space",
     .levels = 4,
     .index_bits = {9, 9, 9, 9},
     .offset_bits = 12,
     .checks_canonical = true,
     .task_size{bit(47) - bit(12)},
     .pte = kX86Layout},
    {.name = "x86-64-la57",
     .description = "5 levels of 9 bits, 4 KiB pages, 56 bits of user space",
     .levels = 5,
     .index_bits = {9, 9, 9, 9, 9},
     .offset_bits = 12,
     .checks_canonical = true,
     .task_size{bit(56) - bit(12)},
     .pte = kX86Layout},
    // Source: Linux arch/x86/include/asm/page_32_types.h TASK_SIZE, with VMSPLIT_3G.
    {.name = "x86-32",
     .description = "2 levels of 10 bits, 4 KiB pages, 3 GiB of user space, entries of 4 bytes",
     .levels = 2,
     .index_bits = {10, 10},
     .offset_bits = 12,
     .entry_bytes = 4,
     .task_size{0xc000'0000},
     .pte = without_pae(kX86Layout)},
    // Source: Linux arch/riscv/include/asm/pgtable.h TASK_SIZE; of 32 bits FIXADDR_START, with
    // PAGE_OFFSET 0xc0000000 and a struct page of 32 bytes.
    {.name = "sv32",
     .description = "2 levels of 10 bits, 4 KiB pages, 2.5 GiB of user space, entries of 4 bytes",
     .levels = 2,
     .index_bits = {10, 10},
     .offset_bits = 12,
     .entry_bytes = 4,
     .task_size{0x9d80'0000},
     .pte = riscv_layout(bits(31, 10))},
    {.name = "sv39",
     .description = "3 levels of 9 bits, 4 KiB pages, 38 bits of user space",
     .levels = 3,
     .index_bits = {9, 9, 9},
     .offset_bits = 12,
     .task_size{bit(38)},
     .pte = riscv_layout(bits(53, 10))},
    {.name = "sv48",
     .description = "4 levels of 9 bits, 4 KiB pages, 47 bits of user space",
     .levels = 4,
     .index_bits = {9, 9, 9, 9},
     .offset_bits = 12,
     .task_size{bit(47)},
     .pte = riscv_layout(bits(53, 10))},
    {.name = "sv57",
     .description = "5 levels of 9 bits, 4 KiB pages, 56 bits of user space",
     .levels = 5,
     .index_bits = {9, 9, 9, 9, 9},
     .offset_bits = 12,
     .task_size{bit(56)},
     .pte = riscv_layout(bits(53, 10))},
    // What TTBR0 translates is all user space. Source: Linux arch/arm64/include/asm/processor.h
    // TASK_SIZE_64.
    {.name = "arm64-4k",
     .description = "4 levels of 9 bits, 4 KiB pages, 48 bits of user space",
     .levels = 4,
     .index_bits = {9, 9, 9, 9},
     .offset_bits = 12,
     .task_size{bit(48)},
     .pte = arm64_layout(12)},
    {.name = "arm64-16k",
     .description = "4 levels of 1, 11, 11 and 11 bits, 16 KiB pages, 48 bits of user space",
     .levels = 4,
     .index_bits = {11, 11, 11, 1},
     .offset_bits = 14,
     .task_size{bit(48)},
     .pte = arm64_layout(14)},
    {.name = "arm64-64k",
     .description = "3 levels of 6, 13 and 13 bits, 64 KiB pages, 48 bits of user space",
     .levels = 3,
     .index_bits = {13, 13, 6},
     .offset_bits = 16,
     .task_size{bit(48)},
     .pte = arm64_layout(16)},
};

}  // namespace

uint8_t PagingFormat::page_number_bits() const {
  int sum = 0;
  for (int level = 0; level < levels; ++level) sum += index_bits[level];
  return static_cast<uint8_t>(sum);
}

bool PagingFormat::canonical(VirtAddr a) const {
  if (!checks_canonical) return true;
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
