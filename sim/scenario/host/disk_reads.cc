#include "sim/scenario/host/disk_reads.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>

#include "sim/scenario/host/block_device.h"

namespace faultline::host {

// Source: Linux Documentation/ABI/stable/sysfs-block, /sys/block/<disk>/inflight: reads, then
// writes.
DiskReads::DiskReads(const std::string& folder) {
  const std::string device = block_device_folder(folder);
  if (!device.empty()) inflight_ = open((device + "/inflight").c_str(), O_RDONLY | O_CLOEXEC);
}

DiskReads::~DiskReads() {
  if (inflight_ >= 0) close(inflight_);
}

bool DiskReads::reading() const {
  char text[64];
  const ssize_t size = pread(inflight_, text, sizeof text, 0);
  if (size <= 0) return false;
  const std::string_view line(text, static_cast<size_t>(size));
  const size_t begin = line.find_first_not_of(' ');
  unsigned reads = 0;
  if (begin != std::string_view::npos)
    std::from_chars(line.data() + begin, line.data() + line.size(), reads);
  return reads > 0;
}

void DiskReads::wait() const {
  using Clock = std::chrono::steady_clock;
  constexpr auto kLongest = std::chrono::milliseconds(20);
  if (inflight_ < 0) return;
  for (const auto end = Clock::now() + kLongest; reading() && Clock::now() < end;)
    std::this_thread::yield();
}

}  // namespace faultline::host
