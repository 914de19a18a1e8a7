#include "sim/mm/vma_tree.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace faultline::mm {

VmaTree::VmaTree(PageSize page_size, VirtAddr user_end)
    : page_size_(page_size), user_end_(user_end) {
  change_gap({}, gap_between(nullptr, nullptr));
}

VmaTree::~VmaTree() { clear(); }

const Vma* VmaTree::find(VirtAddr address) const {
  if (last_found_ != nullptr && is_first_above(*last_found_, address)) return last_found_;
  // The VMA that starts at or below the address contains it, or the next one is the answer.
  auto after = tree_.upper_bound(address);
  if (after != tree_.begin()) {
    const auto before = std::prev(after);
    if (address < before->end()) return last_found_ = &*before;
  }
  return after == tree_.end() ? nullptr : last_found_ = &*after;
}

bool VmaTree::is_first_above(const Vma& vma, VirtAddr address) const {
  if (address >= vma.end()) return false;
  if (address >= vma.start()) return true;
  const Vma* const below = prev(vma);
  return below == nullptr || address >= below->end();
}

Vma* VmaTree::find(VirtAddr address) {
  return const_cast<Vma*>(std::as_const(*this).find(address));
}

const Vma* VmaTree::find_overlap(AddrRange range) const {
  const Vma* vma = find(range.start);
  return vma != nullptr && vma->start() < range.end ? vma : nullptr;
}

Vma* VmaTree::find_overlap(AddrRange range) {
  return const_cast<Vma*>(std::as_const(*this).find_overlap(range));
}

std::size_t VmaTree::tree_steps(VirtAddr address) const {
  std::size_t steps = 0;
  for (auto node = tree_.root(); node != tree_.end();) {
    ++steps;
    if (node->range().contains(address)) break;
    node = address < node->start() ? node.go_left() : node.go_right();
  }
  return steps;
}

std::size_t VmaTree::list_steps(VirtAddr address) const {
  std::size_t steps = 0;
  for (const Vma& vma : list_) {
    ++steps;
    if (address < vma.end()) break;
  }
  return steps;
}

const Vma* VmaTree::next(const Vma& vma) const {
  const auto after = std::next(list_.iterator_to(vma));
  return after == list_.end() ? nullptr : &*after;
}

const Vma* VmaTree::prev(const Vma& vma) const {
  const auto here = list_.iterator_to(vma);
  return here == list_.begin() ? nullptr : &*std::prev(here);
}

Vma* VmaTree::next(const Vma& vma) { return const_cast<Vma*>(std::as_const(*this).next(vma)); }
Vma* VmaTree::prev(const Vma& vma) { return const_cast<Vma*>(std::as_const(*this).prev(vma)); }

Vma* VmaTree::find_before(VirtAddr address) {
  const auto at_or_after = tree_.lower_bound(address);
  return at_or_after == tree_.begin() ? nullptr : &*std::prev(at_or_after);
}

Vma* VmaTree::first() { return list_.empty() ? nullptr : &list_.front(); }
Vma* VmaTree::last() { return list_.empty() ? nullptr : &list_.back(); }

VirtAddr VmaTree::guarded_start(const Vma& vma) const {
  if (!vma.has(kVmGrowsDown)) return vma.start();
  const uint64_t guard_bytes = kStackGuardPages * page_size_.bytes();
  return vma.start().value < guard_bytes ? VirtAddr{0} : vma.start() - guard_bytes;
}

AddrRange VmaTree::gap_between(const Vma* below, const Vma* above) const {
  const VirtAddr start = below == nullptr ? VirtAddr{0} : below->end();
  const VirtAddr end = above == nullptr ? user_end_ : above->start();
  return {start, end};
}

void VmaTree::change_gap(AddrRange from, AddrRange to) {
  if (from.empty()) {
    if (!to.empty()) gaps_.add(to);
  } else if (to.empty()) {
    gaps_.remove(from.start);
  } else if (from != to) {
    gaps_.change(from.start, to);
  }
}

Vma& VmaTree::insert(std::unique_ptr<Vma> vma) {
  FL_CHECK(!vma->range().empty());
  Vma* above = find(vma->start());
  FL_CHECK(above == nullptr || vma->end() <= above->start());
  Vma* below = above == nullptr ? last() : prev(*above);
  change_gap(gap_between(below, above), gap_between(below, vma.get()));
  change_gap({}, gap_between(vma.get(), above));
  Vma& inserted = *vma.release();
  tree_.insert_before(above == nullptr ? tree_.end() : tree_.iterator_to(*above), inserted);
  list_.insert(above == nullptr ? list_.end() : list_.iterator_to(*above), inserted);
  return inserted;
}

void VmaTree::erase(Vma& vma) {
  const Vma* below = prev(vma);
  const Vma* above = next(vma);
  change_gap(gap_between(&vma, above), {});
  change_gap(gap_between(below, &vma), gap_between(below, above));
  if (last_found_ == &vma) last_found_ = nullptr;
  tree_.erase(tree_.iterator_to(vma));
  list_.erase_and_dispose(list_.iterator_to(vma), std::default_delete<Vma>());
}

void VmaTree::resize(Vma& vma, AddrRange range) {
  const Vma* below = prev(vma);
  const Vma* above = next(vma);
  FL_CHECK(!range.empty() && (below == nullptr || below->end() <= range.start) &&
           (above == nullptr || range.end <= above->start()));
  const AddrRange low = gap_between(below, &vma);
  const AddrRange high = gap_between(&vma, above);
  const bool up = vma.start() < range.start;
  // The order among the VMAs stays, so the tree need not be told.
  vma.range_ = range;
  // First the one that does not reach into what the other was.
  if (up) change_gap(high, gap_between(&vma, above));
  change_gap(low, gap_between(below, &vma));
  if (!up) change_gap(high, gap_between(&vma, above));
}

void VmaTree::clear() {
  while (!list_.empty()) erase(list_.back());
}

std::optional<AddrRange> VmaTree::find_gap(uint64_t size_bytes, AddrRange window,
                                           SearchFrom from) const {
  const bool from_top = from == SearchFrom::kTop;
  while (!window.empty()) {
    const auto gap =
        from_top ? gaps_.find_highest(size_bytes, window) : gaps_.find_lowest(size_bytes, window);
    if (!gap) break;
    const Vma* const above = find(gap->start);
    if (above == nullptr || !above->has(kVmGrowsDown)) return gap;
    // As in Linux, the search goes on beyond the whole guard, even where other VMAs lie in it.
    if (from_top) {
      if (gap->end <= guarded_start(*above)) return gap;
      window.end = guarded_start(*above);
    } else {
      if (gap->start + size_bytes <= guarded_start(*above)) return gap;
      window.start = above->end();
    }
  }
  return std::nullopt;
}

void VmaTree::validate() const {
  VirtAddr end{};
  auto in_tree = tree_.begin();
  const Vma* below = nullptr;
  std::size_t gap_count = 0;
  const auto check_gap = [&](const Vma* above) {
    const AddrRange gap = gap_between(below, above);
    if (gap.empty()) return;
    ++gap_count;
    const auto found = gaps_.find_lowest(gap.size_bytes(), gap);
    FL_CHECK_MSG(found == gap, "invariant 3: gap {:x}-{:x}", gap.start.value, gap.end.value);
  };
  for (const Vma& vma : list_) {
    const AddrRange range = vma.range();
    FL_CHECK_MSG(!range.empty() && page_size_.aligned(range.start) &&
                     page_size_.aligned(range.end) && end <= range.start && range.end <= user_end_,
                 "invariant 1: VMA {:x}-{:x} after {:x}", range.start.value, range.end.value,
                 end.value);
    FL_CHECK_MSG(in_tree != tree_.end() && &*in_tree == &vma, "invariant 2: VMA {:x}",
                 range.start.value);
    check_gap(&vma);
    ++in_tree;
    below = &vma;
    end = range.end;
  }
  check_gap(nullptr);
  FL_CHECK_MSG(in_tree == tree_.end(), "invariant 2: the tree has more than the list");
  const auto is_found_last = [this](const Vma& vma) { return &vma == last_found_; };
  FL_CHECK_MSG(last_found_ == nullptr || std::any_of(list_.begin(), list_.end(), is_found_last),
               "invariant 4: the VMA found last is gone");
  FL_CHECK_MSG(gap_count == gaps_.size(), "invariant 3: {} gaps, {} noted", gap_count,
               gaps_.size());
  gaps_.validate();
}

}  // namespace faultline::mm
