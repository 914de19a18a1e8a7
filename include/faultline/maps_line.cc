#include <cinttypes>
#include <cstdio>

#include "faultline/process.h"

namespace faultline {

std::string MapsLine::to_string() const {
  char prefix[128];
  std::snprintf(prefix, sizeof prefix,
                "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 " ",
                range.start.value, range.end.value, permissions, offset_bytes, device_major,
                device_minor, inode);
  std::string line = prefix;
  if (path.empty()) return line;
  // The kernel pads the numbers to 25 + sizeof(void *) * 6 - 1 columns, and one space.
  constexpr size_t kPathColumn = 73;
  if (line.size() < kPathColumn) line.append(kPathColumn - line.size(), ' ');
  // seq_path() writes a newline of a name as \012.
  for (char c : path) c == '\n' ? line.append("\\012") : line.append(1, c);
  return line;
}

}  // namespace faultline
