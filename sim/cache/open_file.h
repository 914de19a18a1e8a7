// OpenFile: a file as one open() gave it: Linux's struct file. Descriptors and mappings share it;
// two open() calls of one file make two, and their mappings do not merge (linux-semantics C1).
//
// Units: bytes. Ownership: shared by descriptors and VMAs; it keeps its Backing in use. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/cache/backing.h"
#include "sim/cache/readahead.h"

namespace faultline::cache {

struct OpenFile {
  ~OpenFile() {
    if (backing != nullptr) backing->closed();
  }

  std::shared_ptr<Backing> backing{};  // null: a directory, or a descriptor that nothing can use
  std::string path{};                  // as /proc/PID/maps shows it
  bool readable = false;               // FMODE_READ
  bool writable = false;               // FMODE_WRITE
  bool append = false;                 // O_APPEND
  bool path_only = false;              // O_PATH: neither read, written nor mapped
  bool directory = false;
  bool direct = false;  // O_DIRECT
  bool sync = false;    // O_DSYNC or O_SYNC: each write goes to the disk before it returns
  uint64_t position_bytes = 0;
  Readahead readahead{};  // of reads, and of faults of mappings made from it
};

}  // namespace faultline::cache
