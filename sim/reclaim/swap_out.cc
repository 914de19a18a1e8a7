#include "sim/reclaim/swap_out.h"

#include <cstddef>
#include <span>

#include "sim/base/check.h"

namespace faultline::reclaim {

std::optional<uint32_t> SwapOut::write(Pfn frame) {
  const std::optional<uint32_t> slot = device_.take();
  if (!slot) return std::nullopt;
  device_.write(*slot,
                frames_.has_bytes(frame) ? frames_.bytes(frame) : std::span<const std::byte>{});
  return slot;
}

void SwapOut::read(uint32_t slot, Pfn frame) {
  FL_CHECK(device_.references(slot) > 0);
  // A page without bytes reads as zeros, as a frame without bytes does.
  if (device_.has_bytes(slot)) device_.read(slot, frames_.writable_bytes(frame));
}

bool SwapOut::only_user(uint32_t slot) const {
  FL_CHECK(device_.references(slot) > 0);
  return device_.references(slot) == 1;
}

}  // namespace faultline::reclaim
