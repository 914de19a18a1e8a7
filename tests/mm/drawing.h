// Drawing: an AddressSpace of a few pages from kBase on, drawn one character a page, so that a test
// is a row of pictures. After each of its calls every validate() has held. For tests.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "tests/mm/simulated_process.h"

namespace faultline::mm {

inline constexpr uint64_t kPage = 4096;
inline constexpr uint64_t kBase = 0x10000000;
inline constexpr uint64_t kFixedAnon = 0x32;

inline VirtAddr page(uint64_t index) { return {kBase + index * kPage}; }
inline Vpn vpn(uint64_t index) { return {kBase / kPage + index}; }

// A picture has one character a page: '.' unmapped, '-' no rights, r, w, x
// for one right, 'A' read and write; '|' where one VMA meets the next.
class Drawing : public SimulatedProcess {
 public:
  void map_pages(uint64_t first, uint64_t count, uint64_t prot, uint64_t flags = kFixedAnon) {
    MapRequest request;
    request.hint = page(first);
    request.length_bytes = count * kPage;
    request.prot = prot;
    request.flags = flags;
    REQUIRE(map(request).ok());
    check();
  }
  void protect_pages(uint64_t first, uint64_t count, uint64_t prot) {
    REQUIRE(space.protect(page(first), count * kPage, prot, gather).ok());
    check();
  }
  void unmap_pages(uint64_t first, uint64_t count) {
    REQUIRE(space.unmap(page(first), count * kPage, gather).ok());
    check();
  }
  void store(uint64_t index) {
    REQUIRE(access(page(index), true) == "ok");
    check();
  }
  // mremap from one page to another; where the mapping is then, in pages from kBase.
  uint64_t remap_pages(uint64_t from, uint64_t old_count, uint64_t new_count, uint64_t flags,
                       uint64_t to = 0) {
    const Result<VirtAddr> address =
        space.remap({page(from), old_count * kPage, new_count * kPage, flags, page(to)}, gather);
    REQUIRE(address.ok());
    check();
    return (*address - page(0)) / kPage;
  }
  void seal_pages(uint64_t first, uint64_t count) {
    REQUIRE(space.seal(page(first), count * kPage, 0).ok());
    check();
  }
  hw::Pte pte(uint64_t index) { return space.page_table().get(vpn(index)); }
  const hw::PteLayout& layout() { return space.page_table().format().pte; }

  std::string picture(uint64_t count) {
    std::string text;
    const Vma* before = nullptr;
    for (uint64_t i = 0; i < count; ++i) {
      const Vma* vma = space.find_vma(page(i));
      if (vma != nullptr && !vma->range().contains(page(i))) vma = nullptr;
      if (vma != nullptr && before != nullptr && vma != before) text += '|';
      text += vma == nullptr ? '.' : "-rwAxXYZ"[vma->flags & kVmAccess];
      before = vma;
    }
    return text;
  }

 private:
  void check() {
    gather.clear();
    space.validate();
    rmap.validate();
    allocator.validate();
  }
};

}  // namespace faultline::mm
