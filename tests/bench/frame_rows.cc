// Frames taken and given back.

#include <cstdint>
#include <optional>

#include "sim/phys/frame_allocator.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr uint32_t kFrames = 1 << 18;  // 1 GiB

struct Memory {
  phys::FrameTable frames{{12}, Contents::kNone};
  phys::FrameAllocator allocator{frames, kFrames};
};

void take_new(benchmark::State& state) {
  for (auto _ : state) {
    Memory memory;
    for (uint32_t i = 0; i < kFrames; ++i) benchmark::DoNotOptimize(memory.allocator.take());
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
}

// Memory is full: each frame is given back and taken again, as eviction does.
void recycle(benchmark::State& state) {
  Memory memory;
  while (memory.allocator.take()) continue;
  for (auto _ : state) {
    for (uint32_t i = 0; i < kFrames; ++i) {
      // An odd multiplier visits every frame, in an order that is not ascending.
      memory.allocator.put({1 + (i * 40503) % kFrames});
      benchmark::DoNotOptimize(memory.allocator.take());
    }
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
}

constexpr Row kRows[] = {
    {.what = "FrameAllocator::take, 1 GiB never used", .body = take_new, .iterations = 5},
    {.what = "FrameAllocator::put and take, 1 GiB in use", .body = recycle, .iterations = 5},
};

}  // namespace

std::span<const Row> frame_rows() { return kRows; }

}  // namespace faultline::bench
