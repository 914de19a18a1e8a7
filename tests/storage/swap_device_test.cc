#include "sim/storage/swap_device.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::storage {

struct SwapDeviceTestPeer {
  static void forget_free(SwapDevice& device) { device.first_free_ = SwapDevice::kEnd; }
  static void free_used(SwapDevice& device, uint32_t slot) { device.first_free_ = slot; }
  static void loop(SwapDevice& device, uint32_t slot) {
    device.slots_[slot] = SwapDevice::kFree | slot;
  }
  static void miscount(SwapDevice& device) { ++device.in_use_; }
  static void leave_bytes(SwapDevice& device, uint32_t slot) {
    device.bytes_[slot] = std::make_unique<std::byte[]>(4096);
  }
};

namespace {

using testing::dies_with;
using Bytes = std::vector<std::byte>;

Bytes page_of(uint64_t value) { return Bytes(4096, static_cast<std::byte>(value)); }

TEST_CASE("SwapDevice: fresh slots ascend, and the one freed last comes back first") {
  SwapDevice device({});
  CHECK(device.take() == 0);
  CHECK(device.take() == 1);
  CHECK(device.take() == 2);
  device.put(0);
  device.put(2);
  CHECK(device.in_use() == 1);
  CHECK(device.take() == 2);
  CHECK(device.take() == 0);
  CHECK(device.take() == 3);
  device.validate();
}

TEST_CASE("SwapDevice: a slot is free when the last entry that names it is gone") {
  SwapDevice device({});
  const uint32_t slot = *device.take();
  device.get(slot);
  CHECK(device.references(slot) == 2);
  device.put(slot);
  CHECK(device.in_use() == 1);
  device.put(slot);
  CHECK(device.references(slot) == 0);
  CHECK(device.in_use() == 0);
  CHECK(device.references(1000) == 0);
  const uint32_t other = *device.take();
  device.get(other);
  (void)device.take();
  CHECK(device.total_references() == 3);
}

TEST_CASE("SwapDevice: a full device says so") {
  SwapDevice device({.slots_max = 2});
  CHECK(device.take() == 0);
  CHECK(device.take() == 1);
  CHECK(device.take() == std::nullopt);
  device.put(0);
  CHECK(device.take() == 0);
  device.validate();
}

TEST_CASE("SwapDevice: bytes come back, and a slot taken again holds none") {
  SwapDevice device({});
  const uint32_t slot = *device.take();
  Bytes out = page_of(0xee);
  device.read(slot, out);
  CHECK(out == page_of(0));
  device.write(slot, page_of(7));
  CHECK(device.has_bytes(slot));
  device.read(slot, out);
  CHECK(out == page_of(7));
  device.put(slot);
  CHECK(device.take() == slot);
  CHECK_FALSE(device.has_bytes(slot));
  device.write(slot, page_of(7));
  device.write(slot, {});
  device.read(slot, out);
  CHECK(out == page_of(0));
}

TEST_CASE("SwapDevice: without contents it counts the same and keeps no bytes") {
  SwapDevice device({.contents = Contents::kNone});
  const uint32_t slot = *device.take();
  device.write(slot, page_of(7));
  CHECK_FALSE(device.has_bytes(slot));
  device.put(slot);
  CHECK(device.in_use() == 0);
  device.validate();
}

TEST_CASE("SwapDevice: random calls agree with a plain map") {
  base::Prng prng(3);
  SwapDevice device({.slots_max = 50});
  std::map<uint32_t, std::pair<uint32_t, uint64_t>> model;  // slot -> references, byte
  for (int step = 0; step < 5000; ++step) {
    const uint64_t what = prng.below(4);
    if (what == 0 || model.empty()) {
      const auto slot = device.take();
      REQUIRE(slot.has_value() == (model.size() < 50));
      if (slot) REQUIRE(model.emplace(*slot, std::pair{1, 0}).second);
    } else {
      auto it = std::next(model.begin(), static_cast<std::ptrdiff_t>(prng.below(model.size())));
      auto& [references, byte] = it->second;
      if (what == 1) {
        device.get(it->first);
        ++references;
      } else if (what == 2) {
        byte = prng.below(256);
        device.write(it->first, page_of(byte));
      } else {
        device.put(it->first);
        if (--references == 0) model.erase(it);
      }
    }
    device.validate();
    REQUIRE(device.in_use() == model.size());
    for (const auto& [slot, state] : model) {
      REQUIRE(device.references(slot) == state.first);
      Bytes out(4096);
      device.read(slot, out);
      REQUIRE(out == page_of(state.second));
    }
  }
}

TEST_CASE("SwapDevice: wrong calls stop the program") {
  SwapDevice device({});
  const uint32_t slot = *device.take();
  device.put(slot);
  Bytes page = page_of(1);
  CHECK(dies_with([&] { device.put(slot); }, "used(slot)"));
  CHECK(dies_with([&] { device.get(slot); }, "used(slot)"));
  CHECK(dies_with([&] { device.write(slot, page); }, "used(slot)"));
  CHECK(dies_with([&] { device.read(9, page); }, "used(slot)"));
  CHECK(dies_with([] { SwapDevice too_large({.slots_max = SwapDevice::kSlotsMax + 1}); },
                  "slots_max <= kSlotsMax"));
}

TEST_CASE("SwapDevice: validate sees each broken invariant") {
  SwapDevice device({});
  const uint32_t used = *device.take();
  const uint32_t free = *device.take();
  device.put(free);
  device.validate();
  SUBCASE("1: a free slot is not on the list") {
    SwapDeviceTestPeer::forget_free(device);
    CHECK(dies_with([&] { device.validate(); }, "a free slot is not on the list"));
  }
  SUBCASE("1: a slot with references is on the list") {
    SwapDeviceTestPeer::free_used(device, used);
    CHECK(dies_with([&] { device.validate(); }, "slot 0 is on the free list"));
  }
  SUBCASE("1: a slot stands twice on the list") {
    SwapDeviceTestPeer::loop(device, free);
    CHECK(dies_with([&] { device.validate(); }, "the free list has a loop"));
  }
  SUBCASE("2: the count") {
    SwapDeviceTestPeer::miscount(device);
    CHECK(dies_with([&] { device.validate(); }, "used_count == in_use_"));
  }
  SUBCASE("3: a free slot has bytes") {
    SwapDeviceTestPeer::leave_bytes(device, free);
    CHECK(dies_with([&] { device.validate(); }, "free slot 1 has bytes"));
  }
}

}  // namespace
}  // namespace faultline::storage
