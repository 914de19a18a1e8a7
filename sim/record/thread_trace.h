// ThreadTrace: makes the accesses of one thread from its events (wire.h): between the accesses to
// data it puts the fetches of the instructions that led there.
//
// Threads: one. A load and a store of the same bytes by one instruction, one after the other, are
// one access, a modify.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/record/access_buffer.h"
#include "sim/record/block_table.h"

namespace faultline::record {

class ThreadTrace {
 public:
  // Adds what `events` tell to `out`. What is not certain yet (the rest of the block, a load that
  // may be half of a modify) is kept for the next call.
  // False: the events make no sense.
  bool add(std::span<const uint64_t> events, const BlockTable& blocks, AccessBuffer& out);
  // Adds what was kept: the thread makes a system call, with which its block ends.
  void finish(AccessBuffer& out);

 private:
  bool begin_block(uint64_t event, const BlockTable& blocks, AccessBuffer& out);
  bool add_access(uint64_t event, AccessBuffer& out);
  void resume(AccessBuffer& out);
  void suspend(AccessBuffer& out);

  std::span<const Access> fetches_{};  // of the block that it runs
  size_t fetched_ = 0;                 // of them are in the trace
  size_t end_ = 0;                     // of them will be at the block's end
  bool left_ = false;                  // before its end: end_ is where
  uint64_t load_ = 0;                  // the event of the access added last, if it was a load
  bool load_held_ = false;             // and it was taken out again
};

}  // namespace faultline::record
