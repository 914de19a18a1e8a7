// VmSettings: the settings of write-back, /proc/sys/vm/dirty_*, with the values that a Linux
// machine starts with. Those of overcommit are mm::CommitSettings.
//
// Units: per cent, bytes, hundredths of a second. A plain value.
// Source: Linux mm/page-writeback.c, Documentation/admin-guide/sysctl/vm.rst, 6.18.
#pragma once

#include <cstdint>

namespace faultline::machine {

// Of a ratio and the bytes beside it the one that was set last holds; the other is 0.
struct VmSettings {
  uint64_t dirty_background_ratio = 10;
  uint64_t dirty_background_bytes = 0;
  uint64_t dirty_ratio = 20;
  uint64_t dirty_bytes = 0;
  uint64_t dirty_expire_centisecs = 3000;
  uint64_t dirty_writeback_centisecs = 500;
};

}  // namespace faultline::machine
