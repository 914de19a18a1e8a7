// What /proc shows of a HostProcess, without what belongs to the worker.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "sim/base/check.h"
#include "sim/scenario/host/host_process.h"

namespace faultline::host {
namespace {

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

// What the lines of status that count memory say of the process that a scenario starts in, in kB.
struct StatusLine {
  std::string_view key;
  int64_t kilobytes_at_start;
};
constexpr StatusLine kStatusLines[] = {
    {"VmSize:", 132}, {"VmLck:", 0},    {"VmRSS:", 8},  {"RssAnon:", 8},
    {"RssFile:", 0},  {"RssShmem:", 0}, {"VmData:", 0}, {"VmStk:", 132},
    {"VmExe:", 0},    {"VmLib:", 0},    {"VmPTE:", 12}, {"VmSwap:", 0},
};

// The number behind `key`, which begins a line of `text`; 0 where there is none.
int64_t number_behind(const std::string& text, std::string_view key) {
  const size_t at = ("\n" + text).find("\n" + std::string(key));
  if (at == std::string::npos) return 0;
  return std::strtoll(text.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

std::string HostProcess::proc_file(const char* name) const {
  std::stringstream text;
  text << std::ifstream("/proc/" + std::to_string(tracee_->pid()) + "/" + name).rdbuf();
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

int64_t HostProcess::worker_kilobytes(std::string_view key) const {
  const auto* line = std::find_if(std::begin(kStatusLines), std::end(kStatusLines),
                                  [&](const StatusLine& l) { return l.key == key; });
  FL_CHECK(line != std::end(kStatusLines));
  return number_behind(status_at_start_, key) - line->kilobytes_at_start;
}

// Counted from the start, so that the worker's own memory is not in it. (Its own page tables stand
// for those of mappings below 512 GiB.)
Result<std::string> HostProcess::status() const {
  std::string text;
  std::istringstream file(proc_file("status"));
  for (std::string line; std::getline(file, line);) {
    const std::string_view key = std::string_view(line).substr(0, line.find(':') + 1);
    for (const StatusLine& counted : kStatusLines) {
      if (key != counted.key) continue;
      const int64_t kilobytes = number_behind(line, key) - worker_kilobytes(key);
      char number[32];
      std::snprintf(number, sizeof number, "\t%8lld kB", static_cast<long long>(kilobytes));
      line = std::string(key) + number;
      break;
    }
    text += line + "\n";
  }
  return text;
}

Result<std::vector<uint64_t>> HostProcess::pagemap(AddrRange range) const {
  constexpr uint64_t kFrameBits = (uint64_t{1} << 55) - 1;
  std::vector<uint64_t> entries(range.size_bytes() / kPageBytes);
  const int file = ::open(("/proc/" + std::to_string(tracee_->pid()) + "/pagemap").c_str(),
                          O_RDONLY | O_CLOEXEC);
  if (file < 0) return static_cast<Errno>(errno);
  const auto offset = static_cast<off_t>(range.start.value / kPageBytes * sizeof entries[0]);
  const ssize_t size = ::pread(file, entries.data(), entries.size() * sizeof entries[0], offset);
  ::close(file);
  if (size < 0) return static_cast<Errno>(errno);
  entries.resize(static_cast<size_t>(size) / sizeof entries[0]);
  // The frame's number, and where a page that is not present is.
  for (uint64_t& entry : entries) entry &= ~kFrameBits;
  return entries;
}

}  // namespace faultline::host
