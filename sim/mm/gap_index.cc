#include "sim/mm/gap_index.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace faultline::mm {
namespace {

AddrRange cut(AddrRange gap, AddrRange window) {
  return {std::max(gap.start, window.start), std::min(gap.end, window.end)};
}

bool fits(AddrRange gap, uint64_t size_bytes) {
  return !gap.empty() && gap.size_bytes() >= size_bytes;
}

// Moves the entries from `first` on one up, or those behind it one down.
template <class Entries>
void shift_up(Entries& entries, std::size_t first, std::size_t count) {
  std::move_backward(entries.begin() + first, entries.begin() + count, entries.begin() + count + 1);
}
template <class Entries>
void shift_down(Entries& entries, std::size_t first, std::size_t count) {
  std::move(entries.begin() + first + 1, entries.begin() + count, entries.begin() + first);
}

}  // namespace

uint64_t GapIndex::Node::largest() const {
  return *std::max_element(largest_bytes.begin(), largest_bytes.begin() + count);
}

std::size_t GapIndex::Node::first_at_or_above(VirtAddr start) const {
  const std::size_t i = entry_of(start);
  return i < count && starts[i] < start ? i + 1 : i;
}

// The last entry that starts at or below `start`, or else the first one.
std::size_t GapIndex::Node::entry_of(VirtAddr start) const {
  // Which way it goes cannot be foreseen: no branch depends on it.
  std::size_t first = 0;
  for (std::size_t left = count; left > 1;) {
    const std::size_t half = left / 2;
    first += starts[first + half] <= start ? half : 0;
    left -= half;
  }
  return first;
}

void GapIndex::Node::insert(std::size_t i, AddrRange noted, std::unique_ptr<Node> child) {
  shift_up(starts, i, count);
  shift_up(largest_bytes, i, count);
  starts[i] = noted.start;
  largest_bytes[i] = noted.size_bytes();
  if (!leaf) {
    shift_up(children, i, count);
    children[i] = std::move(child);
  }
  ++count;
}

void GapIndex::Node::erase(std::size_t i) {
  shift_down(starts, i, count);
  shift_down(largest_bytes, i, count);
  if (!leaf) {
    shift_down(children, i, count);
    children[count - 1].reset();
  }
  --count;
}

// Moves the entries from `first` on to the end of another node.
void GapIndex::Node::move_entries(std::size_t first, Node& to) {
  const auto move_all = [&](auto& from, auto& into) {
    std::move(from.begin() + first, from.begin() + count, into.begin() + to.count);
  };
  move_all(starts, to.starts);
  move_all(largest_bytes, to.largest_bytes);
  if (!leaf) move_all(children, to.children);
  to.count += count - first;
  count = first;
}

// Notes anew what is below an entry.
void GapIndex::Node::note(std::size_t i) {
  starts[i] = children[i]->starts[0];
  largest_bytes[i] = children[i]->largest();
}

// Notes anew what is below an entry, where a gap of that size is no more. Most often another is.
void GapIndex::Node::note_loss(std::size_t i, uint64_t size_bytes) {
  const Node& child = *children[i];
  starts[i] = child.starts[0];
  if (size_bytes != largest_bytes[i]) return;
  const auto sizes_end = child.largest_bytes.begin() + child.count;
  if (std::find(child.largest_bytes.begin(), sizes_end, size_bytes) == sizes_end)
    largest_bytes[i] = child.largest();
}

// Moves the upper half of a child to a new one behind it. REQUIRES: this node is not full.
void GapIndex::Node::split_child(std::size_t i) {
  auto upper = std::make_unique<Node>(children[i]->leaf);
  children[i]->move_entries(kFanOut / 2, *upper);
  insert(i + 1, {}, std::move(upper));
  note(i);
  note(i + 1);
}

// Makes one child of this one and the next, if there is a next and half a node holds them both.
bool GapIndex::Node::join_children(std::size_t i) {
  if (i + 1 >= count || children[i]->count + children[i + 1]->count > kFanOut / 2) return false;
  const std::size_t seam = children[i]->count - 1;
  children[i + 1]->move_entries(0, *children[i]);
  erase(i + 1);
  // What were cousins are neighbours now.
  if (!children[i]->leaf) children[i]->join_children(seam);
  note(i);
  return true;
}

void GapIndex::add(AddrRange gap) {
  FL_CHECK(!gap.empty());
  if (root_->full()) {
    auto above = std::make_unique<Node>(false);
    above->insert(0, {}, std::move(root_));
    above->split_child(0);
    root_ = std::move(above);
  }
  Node* node = root_.get();
  VirtAddr limit{~uint64_t{0}};  // where the first gap above those of `node` starts
  while (!node->leaf) {
    std::size_t i = node->entry_of(gap.start);
    if (node->children[i]->full()) {
      node->split_child(i);
      if (node->starts[i + 1] <= gap.start) ++i;
    }
    node->starts[i] = std::min(node->starts[i], gap.start);
    node->largest_bytes[i] = std::max(node->largest_bytes[i], gap.size_bytes());
    if (i + 1 < node->count) limit = node->starts[i + 1];
    node = node->children[i].get();
  }
  const std::size_t place = node->first_at_or_above(gap.start);
  FL_CHECK(gap.end <= (place == node->count ? limit : node->starts[place]));
  FL_CHECK(place == 0 || node->gap(place - 1).end <= gap.start);
  node->insert(place, gap, nullptr);
}

void GapIndex::change(VirtAddr start, AddrRange gap) {
  FL_CHECK(!gap.empty());
  root_->change(start, gap);
}

// Returns the size that the gap had.
uint64_t GapIndex::Node::change(VirtAddr start, AddrRange gap) {
  const std::size_t i = entry_of(start);
  if (!leaf) {
    const uint64_t old_bytes = children[i]->change(start, gap);
    largest_bytes[i] = std::max(largest_bytes[i], gap.size_bytes());
    note_loss(i, old_bytes);
    return old_bytes;
  }
  FL_CHECK(i < count && starts[i] == start);
  FL_CHECK(i == 0 || this->gap(i - 1).end <= gap.start);
  FL_CHECK(i + 1 == count || gap.end <= starts[i + 1]);
  const uint64_t old_bytes = largest_bytes[i];
  starts[i] = gap.start;
  largest_bytes[i] = gap.size_bytes();
  return old_bytes;
}

void GapIndex::remove(VirtAddr start) {
  root_->remove(start);
  if (!root_->leaf && root_->count == 1) root_ = std::move(root_->children[0]);
}

// Returns the size of the gap that went.
uint64_t GapIndex::Node::remove(VirtAddr start) {
  const std::size_t i = entry_of(start);
  if (leaf) {
    FL_CHECK(i < count && starts[i] == start);
    const uint64_t size_bytes = largest_bytes[i];
    erase(i);
    return size_bytes;
  }
  Node& child = *children[i];
  const uint64_t size_bytes = child.remove(start);
  if (child.count == 0) {
    erase(i);
    return size_bytes;
  }
  note_loss(i, size_bytes);
  // At most one of the two can be: together they held more than half a node before.
  if (!join_children(i) && i > 0) join_children(i - 1);
  return size_bytes;
}

std::optional<AddrRange> GapIndex::find_highest(uint64_t size_bytes, AddrRange window) const {
  return root_->highest(size_bytes, window);
}

std::optional<AddrRange> GapIndex::find_lowest(uint64_t size_bytes, AddrRange window) const {
  return root_->lowest(size_bytes, window);
}

std::optional<AddrRange> GapIndex::Node::highest(uint64_t size_bytes, AddrRange window) const {
  for (std::size_t i = first_at_or_above(window.end); i-- > 0;) {
    if (largest_bytes[i] >= size_bytes) {
      if (!leaf) {
        if (const auto found = children[i]->highest(size_bytes, window)) return found;
      } else if (const AddrRange inside = cut(gap(i), window); fits(inside, size_bytes)) {
        return inside;
      }
    }
    if (starts[i] <= window.start) break;
  }
  return std::nullopt;
}

std::optional<AddrRange> GapIndex::Node::lowest(uint64_t size_bytes, AddrRange window) const {
  for (std::size_t i = entry_of(window.start); i < count && starts[i] < window.end; ++i) {
    if (largest_bytes[i] < size_bytes) continue;
    if (!leaf) {
      if (const auto found = children[i]->lowest(size_bytes, window)) return found;
    } else if (const AddrRange inside = cut(gap(i), window); fits(inside, size_bytes)) {
      return inside;
    }
  }
  return std::nullopt;
}

std::size_t GapIndex::Node::gap_count() const {
  if (leaf) return count;
  std::size_t gaps = 0;
  for (std::size_t i = 0; i < count; ++i) gaps += children[i]->gap_count();
  return gaps;
}

std::size_t GapIndex::size() const { return root_->gap_count(); }

// Takes where the last gap below ends, returns where the last of these does.
VirtAddr GapIndex::Node::validate(VirtAddr end) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (leaf) {
      FL_CHECK_MSG(!gap(i).empty() && end <= starts[i], "invariant 1: gap {:x}-{:x}",
                   starts[i].value, gap(i).end.value);
      end = gap(i).end;
      continue;
    }
    const Node& child = *children[i];
    FL_CHECK_MSG(child.count != 0, "invariant 2: an empty node at {:x}", starts[i].value);
    FL_CHECK_MSG(i == 0 || children[i - 1]->count + child.count > kFanOut / 2,
                 "invariant 2: nodes of {} and {} gaps", children[i - 1]->count, child.count);
    FL_CHECK_MSG(starts[i] == child.starts[0] && largest_bytes[i] == child.largest(),
                 "invariant 3: {:x}, {} are noted, {:x}, {} are there", starts[i].value,
                 largest_bytes[i], child.starts[0].value, child.largest());
    end = child.validate(end);
  }
  return end;
}

void GapIndex::validate() const { root_->validate({}); }

}  // namespace faultline::mm
