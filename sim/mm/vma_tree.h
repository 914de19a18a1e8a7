// VmaTree: the VMAs of one address space, found by address and walked in order. The article's
// mm_struct: the same nodes in a tree, for the search, and in a list by address, for
// /proc/PID/maps. Linux had both until 6.1 and has a maple tree since.
//
// Invariants, checked by validate():
//   1. VMAs are page-aligned, not empty, ascending and disjoint, and end at or before user_end
//   2. the tree in order and the list agree, and size() equals a recount
//   3. the gap index holds exactly the gaps between the VMAs
//   4. the VMA found last is one of the VMAs
// Owns: the VMAs, which it disposes of. Not thread-safe.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <memory>
#include <optional>

#include "sim/mm/gap_index.h"
#include "sim/mm/vma.h"

namespace faultline::mm {

// Pages that placement keeps free below a VMA that grows down. Linux's stack_guard_gap.
inline constexpr uint64_t kStackGuardPages = 256;

// Which end of the address space a search for a gap begins at.
enum class SearchFrom : bool { kTop, kBottom };

class VmaTree {
 public:
  VmaTree(PageSize page_size, VirtAddr user_end);
  ~VmaTree();
  VmaTree(const VmaTree&) = delete;
  VmaTree& operator=(const VmaTree&) = delete;

  // The first VMA that ends above `address`, which need not contain it; null: none does. O(log n);
  // O(1) where it is the one found last, as for the searches of one call about one address.
  // Source: Linux find_vma(); it too remembered the last one, as mmap_cache, until 3.14.
  Vma* find(VirtAddr address);
  const Vma* find(VirtAddr address) const;
  // The first VMA that overlaps `range`, or null.
  Vma* find_overlap(AddrRange range);
  const Vma* find_overlap(AddrRange range) const;
  // How many nodes a search for `address` visits, in the tree and in the list: the price that the
  // article talks of.
  std::size_t tree_steps(VirtAddr address) const;
  std::size_t list_steps(VirtAddr address) const;

  // The neighbours in order of address, null at the ends. O(1).
  Vma* next(const Vma& vma);
  Vma* prev(const Vma& vma);
  const Vma* next(const Vma& vma) const;
  const Vma* prev(const Vma& vma) const;
  // The last VMA that starts below `address`; null: none does.
  Vma* find_before(VirtAddr address);
  Vma* first();
  Vma* last();

  // Takes the VMA. REQUIRES: it overlaps none. O(log n).
  Vma& insert(std::unique_ptr<Vma> vma);
  // Disposes of it.
  void erase(Vma& vma);
  // Moves its ends; pgoff is the caller's. REQUIRES: not empty and overlapping no other.
  void resize(Vma& vma, AddrRange range);
  void clear();

  // The highest (or lowest) free range of `size_bytes` within `window`, cut to the window. A gap
  // below a VMA that grows down is not taken where it would touch the guard pages, and then nothing
  // else within the guard is.
  // O(log n), for each VMA passed that grows down.
  // Source: Linux mm/vma.c unmapped_area_topdown(), unmapped_area(), 6.18.
  std::optional<AddrRange> find_gap(uint64_t size_bytes, AddrRange window, SearchFrom from) const;
  // Where placement may reach up to below `vma`: its start, less the guard if it grows down.
  // Linux's vm_start_gap().
  VirtAddr guarded_start(const Vma& vma) const;

  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  PageSize page_size() const { return page_size_; }
  VirtAddr user_end() const { return user_end_; }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Vma& vma : list_) visit(vma);
  }

  void validate() const;

 private:
  friend struct VmaTreeTestPeer;
  struct StartOf {
    using type = VirtAddr;
    VirtAddr operator()(const Vma& vma) const { return vma.start(); }
  };
  using Tree = boost::intrusive::set<
      Vma, boost::intrusive::member_hook<Vma, Vma::TreeHook, &Vma::tree_hook_>,
      boost::intrusive::key_of_value<StartOf>, boost::intrusive::constant_time_size<false>>;
  using List =
      boost::intrusive::list<Vma,
                             boost::intrusive::member_hook<Vma, Vma::ListHook, &Vma::list_hook_>>;

  // Whether it is what find(address) gives.
  bool is_first_above(const Vma& vma, VirtAddr address) const;
  // The gap between two neighbours (null: the ends of user space); empty where there is none.
  AddrRange gap_between(const Vma* below, const Vma* above) const;
  // Tells the gap index; either may be empty.
  void change_gap(AddrRange from, AddrRange to);

  PageSize page_size_;
  VirtAddr user_end_;
  Tree tree_;
  List list_;
  GapIndex gaps_;
  mutable const Vma* last_found_ = nullptr;  // by find(): most often the answer again
};

}  // namespace faultline::mm
