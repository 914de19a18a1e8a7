// Vma: one mapped range of an address space with one set of attributes. Linux's vm_area_struct.
//
// Units: addresses in bytes, page-aligned; pgoff in pages: of the backing, or, for a private
// anonymous mapping, the virtual page that its first page had when the VMA was made.
// A Vma belongs to a VmaTree, which alone changes its range, because the tree is ordered by it.
// Memory: 120 bytes, 128 with what malloc adds: a trace that comes to its pages in no order has
// very many for a while. Not thread-safe.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>
#include <memory>
#include <utility>

#include "faultline/types.h"
#include "sim/cache/backing.h"
#include "sim/cache/open_file.h"
#include "sim/mm/vm_flags.h"
#include "sim/mm/vma_name.h"

namespace faultline::mm {

// The family of anonymous pages that a VMA belongs to: Linux's struct anon_vma, of which merging
// asks only whether two are the same, and its chain, of which it asks only whether it is singular:
// fork makes the child's longer.
struct AnonVma {
  uint32_t number = 0;  // 0: none yet
  uint32_t chain = 0;   // anon_vmas in the chain: own and inherited
  explicit operator bool() const { return number != 0; }
  bool inherited() const { return chain > 1; }
  friend bool operator==(const AnonVma&, const AnonVma&) = default;
};

// What a VMA is, apart from where.
struct VmaAttributes {
  uint64_t flags = 0;                         // kVm...
  uint64_t pgoff = 0;                         // of the first page
  std::shared_ptr<cache::OpenFile> file{};    // null: anonymous
  std::shared_ptr<cache::Backing> backing{};  // the file's, or a shared anonymous mapping's object;
                                              // null: private anonymous
  AnonVma anon_vma{};
  VmaName name{};
};

class Vma : public VmaAttributes {
 public:
  Vma(AddrRange range, VmaAttributes attributes)
      : VmaAttributes(std::move(attributes)), range_(range) {}
  Vma(const Vma&) = delete;
  Vma& operator=(const Vma&) = delete;

  AddrRange range() const { return range_; }
  VirtAddr start() const { return range_.start; }
  VirtAddr end() const { return range_.end; }

  bool has(uint64_t wanted) const { return (flags & wanted) == wanted; }
  // Private and without a file: Linux's vma_is_anonymous().
  bool anonymous() const { return backing == nullptr; }
  bool shared() const { return has(kVmShared); }
  // Any of read, write, execute: Linux's vma_is_accessible().
  bool accessible() const { return (flags & kVmAccess) != 0; }
  // The pgoff of the page that lies at `address`. REQUIRES: range().contains(address).
  uint64_t pgoff_of(VirtAddr address, PageSize page_size) const {
    return pgoff + page_size.pages(address - range_.start);
  }

 private:
  friend class VmaTree;
  friend struct VmaTreeTestPeer;
  // The colour of the node lies in a pointer to its parent.
  using TreeHook = boost::intrusive::set_member_hook<boost::intrusive::optimize_size<true>>;
  using ListHook = boost::intrusive::list_member_hook<>;

  AddrRange range_;
  TreeHook tree_hook_;
  ListHook list_hook_;
};

}  // namespace faultline::mm
