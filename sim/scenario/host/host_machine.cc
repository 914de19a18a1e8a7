#include "sim/scenario/host/host_machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace faultline::host {

Process& HostMachine::start_process() {
  processes_.push_back(std::make_unique<HostProcess>(*this, folders_, limits_));
  return *processes_.back();
}

HostProcess& HostMachine::add_child(std::unique_ptr<HostProcess> child) {
  processes_.push_back(std::move(child));
  return *processes_.back();
}

bool HostMachine::full() const {
  const auto living = std::count_if(processes_.begin(), processes_.end(),
                                    [](const auto& process) { return process->alive(); });
  return static_cast<size_t>(living) >= kProcessesMax;
}

HostProcess* HostMachine::find_process(int64_t pid) const {
  for (const auto& process : processes_) {
    if (!process->forgotten() && static_cast<int64_t>(process->pid().value) == pid) {
      return process.get();
    }
  }
  return nullptr;
}

HostProcess* HostMachine::find_reaped(const HostProcess& parent) const {
  for (const auto& process : processes_)
    if (process->reaped_from(parent)) return process.get();
  return nullptr;
}

bool HostMachine::lost_worker() const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [](const auto& process) { return process->lost(); });
}

std::string_view HostMachine::why_not_asked() const {
  for (const auto& process : processes_)
    if (!process->why_not_asked().empty()) return process->why_not_asked();
  return {};
}

// Written, and put out of the cache.
Result<void> HostMachine::create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) {
  const int fd = open(folders_.host_path(path).c_str(), O_RDWR | O_CREAT | O_TRUNC, 0666);
  if (fd < 0) return static_cast<Errno>(errno);
  fchmod(fd, 0666);
  unsigned char page[4096];
  for (uint64_t at = 0; at < size_bytes; at += sizeof page) {
    for (uint64_t i = 0; i < sizeof page; ++i) {
      page[i] = static_cast<unsigned char>((at + i) * 31 + (at >> 12) * 7 + seed);
    }
    const uint64_t length_bytes = std::min(uint64_t{sizeof page}, size_bytes - at);
    if (write(fd, page, length_bytes) != static_cast<ssize_t>(length_bytes)) return Errno::kEIO;
  }
  fsync(fd);
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  close(fd);
  return {};
}

}  // namespace faultline::host
