// BlockTable: the blocks of instructions that QEMU has translated for one process.
//
// A child of fork(2) begins with its parent's: the table is copied, the instructions are shared.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "faultline/access.h"

namespace faultline::record {

class BlockTable {
 public:
  // The fetches of a block, in order; empty for an unknown one.
  std::span<const Access> find(uint32_t id) const {
    return id < blocks_.size() ? blocks_[id] : std::span<const Access>{};
  }
  // Whether a block may have this number. They are given out one after the other, but threads tell
  // of theirs when they come to it.
  bool can_add(uint32_t id) const { return id < blocks_.size() + kAhead; }
  // Adds a block whose instructions, of `sizes`, lie one behind the other from `address` on.
  // REQUIRES: can_add(id).
  void add(uint32_t id, uint64_t address, std::span<const uint8_t> sizes) {
    std::vector<Access>& fetches = fetches_->emplace_back();
    fetches.reserve(sizes.size());
    for (const uint8_t size : sizes) {
      fetches.push_back({.address = {address}, .size_bytes = size, .kind = AccessKind::kFetch});
      address += size;
    }
    put(id, fetches);
  }
  // Adds it as one fetch.
  void add_whole(uint32_t id, uint64_t address, std::span<const uint8_t> sizes) {
    uint32_t size_bytes = 0;
    for (const uint8_t size : sizes) size_bytes += size;
    put(id, fetches_->emplace_back(std::vector<Access>{
                {.address = {address}, .size_bytes = size_bytes, .kind = AccessKind::kFetch}}));
  }

 private:
  static constexpr size_t kAhead = 1 << 16;

  void put(uint32_t id, std::span<const Access> fetches) {
    if (id >= blocks_.size()) blocks_.resize(size_t{id} + 1);
    blocks_[id] = fetches;
  }

  std::vector<std::span<const Access>> blocks_{};
  // What the spans are of; a deque does not move its elements.
  std::shared_ptr<std::deque<std::vector<Access>>> fetches_ =
      std::make_shared<std::deque<std::vector<Access>>>();
};

}  // namespace faultline::record
