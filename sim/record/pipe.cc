#include "sim/record/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace faultline::record {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

}  // namespace

Result<Pipe, InputError> Pipe::make() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return InputError{.message = std::string("no pipe can be made: ") + std::strerror(errno)};
  }
  fcntl(ends[1], F_SETPIPE_SZ, kBytes);  // refused: it works with less
  return Pipe(ends[0], ends[1]);
}

Pipe::Pipe(Pipe&& other) noexcept
    : read_fd_(std::exchange(other.read_fd_, -1)), write_fd_(std::exchange(other.write_fd_, -1)) {}

Pipe::~Pipe() {
  if (read_fd_ >= 0) close(read_fd_);
  close_write_end();
}

void Pipe::close_write_end() {
  if (write_fd_ >= 0) close(std::exchange(write_fd_, -1));
}

// The program may close the pipe for a moment (Channel), and then there is nobody at the other end.
Result<void, InputError> Pipe::drain(Child& child, const Taker& taker) {
  constexpr std::chrono::milliseconds kPauseMin{1};
  constexpr std::chrono::milliseconds kPauseMax{100};
  std::vector<std::byte> buffer(kBufferBytes);
  size_t filled = 0;
  auto pause = kPauseMin;
  for (;;) {
    const bool ended = child.ended();
    const ssize_t bytes = read(read_fd_, buffer.data() + filled, buffer.size() - filled);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) {
      if (ended) return {};
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kPauseMax);
      continue;
    }
    pause = kPauseMin;
    filled += size_t(bytes);
    auto taken = taker(std::span(buffer).first(filled));
    if (!taken) return taken.error();
    std::copy(buffer.begin() + std::ptrdiff_t(*taken), buffer.begin() + std::ptrdiff_t(filled),
              buffer.begin());
    filled -= *taken;
    if (filled == buffer.size()) return InputError{.message = "a line of the back end has no end"};
  }
}

}  // namespace faultline::record
