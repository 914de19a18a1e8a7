// ThreadEvents: what one thread of the traced program did and the recorder has not been told yet,
// and the system call that it is in.
//
// Its own thread appends without a lock. Whoever holds the plugin's lock may write to the pipe what
// lies between `written` and `next`; only the owner, with the lock, starts the buffer anew.
#pragma once

#include <atomic>
#include <cstdint>

#include "sim/record/wire.h"

namespace faultline::record {

struct ThreadEvents {
  static constexpr size_t kEvents = kPayloadBytesMax / sizeof(uint64_t);

  uint32_t tid = 0;
  // Of the block that it runs: how many instructions it will have begun at the block's end.
  uint64_t instructions_expected = 0;
  std::atomic<uint64_t*> next{events};
  uint64_t* written = events;
  uint64_t arguments[6] = {};  // of the system call
  bool holds_lock = false;     // until the call returns
  uint64_t events[kEvents];

  bool full() const { return next.load(std::memory_order_relaxed) == events + kEvents; }
  // REQUIRES: not full; the caller is the owner.
  void append(uint64_t event) {
    uint64_t* const at = next.load(std::memory_order_relaxed);
    *at = event;
    next.store(at + 1, std::memory_order_release);
  }
};

}  // namespace faultline::record
