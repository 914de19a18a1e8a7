#include "sim/record/plugin/channel.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/record/call_numbers.h"

namespace faultline::record {
namespace {

// Programs that close descriptors one after the other come by one of these numbers at a time.
constexpr int kHighFd = 1000;
constexpr int kLowFd = 100;

int other_number_for(int fd) {
  const int wanted = fd >= kHighFd ? kLowFd : kHighFd;
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, wanted);
  return moved >= 0 ? moved : fcntl(fd, F_DUPFD_CLOEXEC, 3);  // a lower limit of descriptors
}

}  // namespace

bool Channel::open(int fd, const char* path) {
  std::strncpy(path_, path, sizeof path_ - 1);
  if (fd <= 0 || fcntl(fd, F_GETFD) < 0) return reopen();
  const int moved = other_number_for(fd);
  if (moved < 0) return false;
  close(fd);
  fd_.store(moved);
  return true;
}

void Channel::write(MessageHeader header, const Pieces& pieces) {
  header.bytes = uint16_t(sizeof header + pieces.first_bytes + pieces.second_bytes);
  // writev(2) does not change what it writes.
  const iovec parts[] = {{&header, sizeof header},
                         {const_cast<void*>(pieces.first), pieces.first_bytes},
                         {const_cast<void*>(pieces.second), pieces.second_bytes}};
  while (!gone_.load(std::memory_order_relaxed)) {
    if (writev(fd(), parts, 3) >= 0) return;
    if (errno == EINTR) continue;
    // EBADF: the program has closed it this very moment, on another thread.
    if (errno != EBADF || !reopen()) gone_.store(true);
  }
}

void Channel::before(int64_t number, uint64_t first, uint64_t second) {
  const bool taken = (number == kCallClose && int(first) == fd()) ||
                     ((number == kCallDup2 || number == kCallDup3) && int(second) == fd());
  if (taken) move();
}

void Channel::after(int64_t number) {
  if (number == kCallCloseRange && fcntl(fd(), F_GETFD) < 0) reopen();
}

void Channel::set_inherited(bool inherited) { fcntl(fd(), F_SETFD, inherited ? 0 : FD_CLOEXEC); }

void Channel::move() {
  const int moved = other_number_for(fd());
  if (moved >= 0) fd_.store(moved);
}

bool Channel::reopen() {
  const int opened = ::open(path_, O_WRONLY | O_CLOEXEC);
  if (opened < 0) return false;
  const int moved = other_number_for(opened);
  if (moved >= 0) close(opened);
  fd_.store(moved >= 0 ? moved : opened);
  return true;
}

}  // namespace faultline::record
