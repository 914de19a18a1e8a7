// AccessBuffer: accesses on their way to the sink, as blocks of one task's.
//
// Threads: one. Ownership: the sink outlives it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/access.h"
#include "faultline/page_run.h"
#include "faultline/trace_call.h"
#include "sim/record/trace_sink.h"

namespace faultline::record {

class AccessBuffer {
 public:
  // What add() can be sure of having room for, after make_room().
  static constexpr size_t kRoom = 1024;

  explicit AccessBuffer(TraceSink& sink) : sink_(sink), accesses_(kAccesses + kRoom) {}

  // What is added from now on is `task`'s.
  void set_task(TraceTask task) {
    if (task == task_) return;
    flush(nullptr);
    task_ = task;
  }
  void make_room() {
    if (size_ >= kAccesses) flush(nullptr);
  }
  // REQUIRES: room.
  void add(const Access& access) { accesses_[size_++] = access; }
  void add(std::span<const Access> accesses) {
    std::copy(accesses.begin(), accesses.end(), accesses_.begin() + std::ptrdiff_t(size_));
    size_ += accesses.size();
  }
  // Whether one call can have transferred so much there.
  // Source: Linux include/linux/fs.h, MAX_RW_COUNT.
  static bool can_transfer(uint64_t address, uint64_t bytes) {
    return bytes <= 0x7ffff000 && address + bytes >= address;
  }
  // Adds what the kernel touched for the program, an access for each page. Room is made.
  // REQUIRES: can_transfer(address, bytes).
  void add_kernel_access(uint64_t address, uint64_t bytes, bool is_store) {
    while (bytes > 0) {
      const uint64_t here = std::min(bytes, kPageRunBytes - (address & (kPageRunBytes - 1)));
      make_room();
      add({.address = {address},
           .size_bytes = uint32_t(here),
           .kind = is_store ? AccessKind::kStore : AccessKind::kLoad,
           .by = AccessBy::kKernel});
      address += here;
      bytes -= here;
    }
  }
  bool full() const { return size_ == accesses_.size(); }
  // The last one. REQUIRES: one was added since the last flush().
  Access& last() { return accesses_[size_ - 1]; }
  void remove_last() { --size_; }
  // Gives all of it to the sink, with the call behind it if there is one.
  void flush(const TraceCall* call) {
    if (size_ == 0 && call == nullptr) return;
    if (wanted_) {
      const std::span<const Access> accesses(accesses_.data(), size_);
      wanted_ = sink_.take({accesses, size_ > 0 ? task_ : call->task, call});
    }
    size_ = 0;
  }

 private:
  static constexpr size_t kAccesses = 8192;

  TraceSink& sink_;
  std::vector<Access> accesses_;
  size_t size_ = 0;
  TraceTask task_{};
  bool wanted_ = true;
};

}  // namespace faultline::record
