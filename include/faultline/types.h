// The numbers of virtual memory, each a type of its own, so that an address is never taken for a
// page number.
//
// Units: VirtAddr in bytes; Vpn and Pfn in pages and frames; offsets in bytes; pgoff in pages of a
// file. Ranges are half-open. Everything here is a plain value; any thread may use it.
#pragma once

#include <compare>
#include <cstdint>

namespace faultline {

// A virtual address, in bytes.
struct VirtAddr {
  uint64_t value = 0;
  friend constexpr auto operator<=>(VirtAddr, VirtAddr) = default;
};
constexpr VirtAddr operator+(VirtAddr a, uint64_t bytes) { return {a.value + bytes}; }
constexpr VirtAddr operator-(VirtAddr a, uint64_t bytes) { return {a.value - bytes}; }
constexpr uint64_t operator-(VirtAddr a, VirtAddr b) { return a.value - b.value; }

// The number of a virtual page.
struct Vpn {
  uint64_t value = 0;
  friend constexpr auto operator<=>(Vpn, Vpn) = default;
};
constexpr Vpn operator+(Vpn p, uint64_t pages) { return {p.value + pages}; }
constexpr Vpn operator-(Vpn p, uint64_t pages) { return {p.value - pages}; }
constexpr uint64_t operator-(Vpn a, Vpn b) { return a.value - b.value; }

// The number of a frame of physical memory.
struct Pfn {
  uint32_t value = 0;
  friend constexpr auto operator<=>(Pfn, Pfn) = default;
};
inline constexpr Pfn kNoPfn{0xffffffff};

// The tag by which TLB entries of different address spaces are told apart (x86: PCID).
struct Asid {
  uint16_t value = 0;
  friend constexpr auto operator<=>(Asid, Asid) = default;
};

// The process number of a simulated process.
struct Pid {
  uint32_t value = 0;
  friend constexpr auto operator<=>(Pid, Pid) = default;
};

// A half-open range of addresses.
struct AddrRange {
  VirtAddr start;
  VirtAddr end;

  constexpr uint64_t size_bytes() const { return end - start; }
  constexpr bool empty() const { return start >= end; }
  constexpr bool contains(VirtAddr a) const { return start <= a && a < end; }
  constexpr bool contains(AddrRange r) const { return start <= r.start && r.end <= end; }
  constexpr bool overlaps(AddrRange r) const { return start < r.end && r.start < end; }
  friend constexpr bool operator==(AddrRange, AddrRange) = default;
};

// The size of a page and the arithmetic that follows from it. A machine has one.
struct PageSize {
  uint8_t shift = 12;

  constexpr uint64_t bytes() const { return uint64_t{1} << shift; }
  constexpr uint64_t offset_mask() const { return bytes() - 1; }
  constexpr uint64_t offset_in_page(VirtAddr a) const { return a.value & offset_mask(); }
  constexpr bool aligned(VirtAddr a) const { return offset_in_page(a) == 0; }
  constexpr bool aligned(uint64_t bytes_count) const { return (bytes_count & offset_mask()) == 0; }
  constexpr VirtAddr align_down(VirtAddr a) const { return {a.value & ~offset_mask()}; }
  // Wraps to 0 for the last page of the 64-bit space, as Linux's PAGE_ALIGN does.
  constexpr uint64_t align_up(uint64_t bytes_count) const {
    return (bytes_count + offset_mask()) & ~offset_mask();
  }
  constexpr Vpn vpn(VirtAddr a) const { return {a.value >> shift}; }
  constexpr VirtAddr address(Vpn p) const { return {p.value << shift}; }
  constexpr uint64_t pages(uint64_t bytes_count) const { return bytes_count >> shift; }
  constexpr uint64_t pages(AddrRange r) const { return r.size_bytes() >> shift; }
  friend constexpr bool operator==(PageSize, PageSize) = default;
};

}  // namespace faultline
