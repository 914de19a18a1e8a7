// Pipe: what the recorded program's side writes into, and the recorder reads.
//
// Units: bytes. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/result.h"
#include "sim/record/child.h"

namespace faultline::record {

class Pipe {
 public:
  // As much as an ordinary user may ask for (/proc/sys/fs/pipe-max-size).
  static constexpr int kBytes = 1 << 20;
  // Errors: there are no descriptors left.
  static Result<Pipe, InputError> make();
  Pipe(Pipe&& other) noexcept;
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe();

  int read_fd() const { return read_fd_; }
  int write_fd() const { return write_fd_; }
  // This process writes nothing: the end is to be noticed.
  void close_write_end();

  // Takes what it can use from the front of the bytes it is given; how many they were.
  using Taker = std::function<Result<size_t, InputError>(std::span<const std::byte>)>;
  // Gives everything that comes to `taker`, until nobody holds the other end and `child` has ended.
  // What the taker leaves it is given again, with more behind it.
  // Errors: the taker's.
  Result<void, InputError> drain(Child& child, const Taker& taker);

 private:
  Pipe(int read_fd, int write_fd) : read_fd_(read_fd), write_fd_(write_fd) {}

  int read_fd_;
  int write_fd_;
};

}  // namespace faultline::record
