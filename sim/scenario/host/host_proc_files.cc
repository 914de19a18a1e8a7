// What /proc shows of a HostProcess, without what belongs to the worker.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "sim/scenario/host/host_process.h"

namespace faultline::host {
namespace {

constexpr uint64_t kPageBytes = 4096;

// The kernel's line with the scenario's own path.
MapsLine maps_line(const std::string& text, const HostFolders& folders) {
  MapsLine line;
  char permissions[5] = {};
  int path_start = 0;
  std::sscanf(text.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &line.range.start.value,
              &line.range.end.value, permissions, &line.offset_bytes, &line.device_major,
              &line.device_minor, &line.inode, &path_start);
  std::memcpy(line.permissions, permissions, sizeof permissions);
  line.path = text.substr(std::min(text.size(), static_cast<size_t>(path_start)));
  line.path = folders.scenario_path(std::move(line.path));
  return line;
}

bool of_the_worker(const MapsLine& line) {
  const uint64_t start = line.range.start.value;
  return start == Tracee::kText || start == Tracee::kScratch || line.path == "[vsyscall]";
}

// Whether a line of smaps begins a mapping: "7ffff7fd9000-7ffff7fff000 rw-p ..."; the others begin
// with a key.
bool begins_mapping(const std::string& line) {
  const size_t dash = line.find_first_not_of("0123456789abcdef");
  return dash != 0 && dash != std::string::npos && line[dash] == '-';
}

}  // namespace

std::string HostProcess::proc_file(const char* name) const {
  std::stringstream text;
  text << std::ifstream("/proc/" + std::to_string(tracee_.pid()) + "/" + name).rdbuf();
  return text.str();
}

std::vector<MapsLine> HostProcess::maps() const {
  std::vector<MapsLine> lines;
  std::istringstream file(proc_file("maps"));
  for (std::string text; std::getline(file, text);) {
    const MapsLine line = maps_line(text, folders_);
    if (!of_the_worker(line)) lines.push_back(line);
  }
  return lines;
}

Result<std::string> HostProcess::smaps() const {
  std::string text;
  bool shown = true;
  std::istringstream file(proc_file("smaps"));
  for (std::string line; std::getline(file, line);) {
    if (begins_mapping(line)) {
      const MapsLine mapping = maps_line(line, folders_);
      shown = !of_the_worker(mapping);
      line = mapping.to_string();
    }
    if (shown) text += line + "\n";
  }
  return text;
}

Result<std::string> HostProcess::status() const { return proc_file("status"); }

Result<std::vector<uint64_t>> HostProcess::pagemap(AddrRange range) const {
  constexpr uint64_t kFrameBits = (uint64_t{1} << 55) - 1;
  constexpr uint64_t kPresent = uint64_t{1} << 63;
  std::vector<uint64_t> entries(range.size_bytes() / kPageBytes);
  const int file =
      ::open(("/proc/" + std::to_string(tracee_.pid()) + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return static_cast<Errno>(errno);
  const auto offset = static_cast<off_t>(range.start.value / kPageBytes * sizeof entries[0]);
  const ssize_t size = ::pread(file, entries.data(), entries.size() * sizeof entries[0], offset);
  ::close(file);
  if (size < 0) return static_cast<Errno>(errno);
  entries.resize(static_cast<size_t>(size) / sizeof entries[0]);
  for (uint64_t& entry : entries) {
    if ((entry & kPresent) != 0) entry &= ~kFrameBits;
  }
  return entries;
}

}  // namespace faultline::host
