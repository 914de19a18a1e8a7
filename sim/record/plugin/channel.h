// Channel: the plugin's end of the pipe to the recorder.
//
// The descriptor lies among those of the traced program, which may close it, or every descriptor
// it finds: before() and after() a system call see to it that the pipe stays open under another
// number. Once the recorder has closed its end, nothing is written any more.
//
// Threads: write() any, without a lock (wire.h); the others the thread whose call it is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim/record/wire.h"

namespace faultline::record {

// What there is to write, in two pieces.
struct Pieces {
  const void* first = nullptr;
  size_t first_bytes = 0;
  const void* second = nullptr;
  size_t second_bytes = 0;
};

class Channel {
 public:
  // Takes over `fd`, inherited from whoever started this program. `path` leads to the pipe too.
  // False: neither can be opened.
  bool open(int fd, const char* path);
  // Writes one message; of the header, `bytes` is filled in here.
  // REQUIRES: kPayloadBytesMax bytes at most.
  void write(MessageHeader header, const Pieces& pieces);
  // A system call that may close descriptors is about to be made, or has been.
  void before(int64_t number, uint64_t first, uint64_t second);
  void after(int64_t number);
  // Whether the next program of this process inherits the descriptor.
  void set_inherited(bool inherited);
  int fd() const { return fd_.load(std::memory_order_relaxed); }
  const char* path() const { return path_; }

 private:
  // Has the pipe under another number.
  void move();
  bool reopen();

  std::atomic<int> fd_ = 0;  // 0: none, it is never standard input
  std::atomic<bool> gone_ = false;
  char path_[64] = {};
};

}  // namespace faultline::record
