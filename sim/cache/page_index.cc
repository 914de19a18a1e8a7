#include "sim/cache/page_index.h"

#include <bit>

#include "sim/base/check.h"

namespace faultline::cache {

PageIndex::Node* PageIndex::find_node(uint64_t pgoff) const {
  const uint64_t key = pgoff >> kSlotBits;
  if (last_ != nullptr && last_key_ == key) return last_;
  const auto node = nodes_.find(key);
  if (node == nodes_.end()) return nullptr;
  last_ = &node->second;
  last_key_ = key;
  return last_;
}

PageIndex::Node& PageIndex::get_node(uint64_t pgoff) const {
  Node* node = find_node(pgoff);
  FL_CHECK(node != nullptr && (node->present & bit_of(pgoff)) != 0);
  return *node;
}

Pfn PageIndex::find(uint64_t pgoff) const {
  const Node* node = find_node(pgoff);
  if (node == nullptr || (node->present & bit_of(pgoff)) == 0) return kNoPfn;
  return node->frames[pgoff % kSlots];
}

void PageIndex::insert(uint64_t pgoff, Pfn pfn) {
  Node* node = find_node(pgoff);
  if (node == nullptr) node = &nodes_[pgoff >> kSlotBits];
  FL_CHECK((node->present & bit_of(pgoff)) == 0);
  node->present |= bit_of(pgoff);
  node->frames[pgoff % kSlots] = pfn;
  ++count_;
}

void PageIndex::erase(uint64_t pgoff) {
  Node& node = get_node(pgoff);
  if ((node.dirty & bit_of(pgoff)) != 0) --dirty_count_;
  node.dirty &= ~bit_of(pgoff);
  node.present &= ~bit_of(pgoff);
  --count_;
  if (node.present != 0) return;
  last_ = nullptr;
  nodes_.erase(pgoff >> kSlotBits);
}

bool PageIndex::dirty(uint64_t pgoff) const {
  const Node* node = find_node(pgoff);
  return node != nullptr && (node->dirty & bit_of(pgoff)) != 0;
}

bool PageIndex::set_dirty(uint64_t pgoff) {
  Node& node = get_node(pgoff);
  if ((node.dirty & bit_of(pgoff)) != 0) return false;
  node.dirty |= bit_of(pgoff);
  ++dirty_count_;
  return true;
}

bool PageIndex::clear_dirty(uint64_t pgoff) {
  Node& node = get_node(pgoff);
  if ((node.dirty & bit_of(pgoff)) == 0) return false;
  node.dirty &= ~bit_of(pgoff);
  --dirty_count_;
  return true;
}

std::optional<PageIndex::Entry> PageIndex::first_from(uint64_t pgoff) const {
  return first_marked(pgoff, &Node::present);
}

std::optional<PageIndex::Entry> PageIndex::first_dirty_from(uint64_t pgoff) const {
  if (dirty_count_ == 0) return std::nullopt;
  return first_marked(pgoff, &Node::dirty);
}

std::optional<PageIndex::Entry> PageIndex::first_marked(uint64_t pgoff,
                                                        uint64_t Node::*marks) const {
  const uint64_t first_key = pgoff >> kSlotBits;
  for (auto it = nodes_.lower_bound(first_key); it != nodes_.end(); ++it) {
    const auto& [key, node] = *it;
    uint64_t bits = node.*marks;
    if (key == first_key) bits &= ~(bit_of(pgoff) - 1);
    if (bits == 0) continue;
    const auto slot = static_cast<uint64_t>(std::countr_zero(bits));
    return Entry{(key << kSlotBits) + slot, node.frames[slot]};
  }
  return std::nullopt;
}

void PageIndex::validate() const {
  uint64_t count = 0;
  uint64_t dirty_count = 0;
  for (const auto& [key, node] : nodes_) {
    FL_CHECK_MSG(node.present != 0, "node {} is empty", key);
    FL_CHECK_MSG((node.dirty & ~node.present) == 0, "node {} marks a page it does not have", key);
    count += static_cast<uint64_t>(std::popcount(node.present));
    dirty_count += static_cast<uint64_t>(std::popcount(node.dirty));
  }
  FL_CHECK(count == count_);
  FL_CHECK(dirty_count == dirty_count_);
}

}  // namespace faultline::cache
