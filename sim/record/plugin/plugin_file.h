// PluginFile: the plugin's own file, kept in memory, so that the next program of a process can be
// given it whatever rights the process has by then, and whatever it has closed.
//
// Threads: one at a time.
#pragma once

#include <cstddef>

namespace faultline::record {

class PluginFile {
 public:
  // Reads it. A path into /proc/self/fd is a descriptor that was inherited for this, and is closed.
  void read(const char* path);
  // A descriptor of a copy, inherited by the next program; below 0: it cannot be had.
  int make_copy() const;

 private:
  void* bytes_ = nullptr;  // kept as long as the process lives
  size_t size_ = 0;
};

}  // namespace faultline::record
