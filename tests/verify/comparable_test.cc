// Text of /proc as far as it must be the same everywhere.
#include "sim/scenario/comparable.h"

#include <doctest/doctest.h>

namespace faultline::scenario {
namespace {

TEST_CASE("smaps loses device, inode, padding and what depends on the moment") {
  const char* text =
      "7ffff7fd9000-7ffff7fff000 rw-s 00001000 08:01 2                          /data/log mmap2\n"
      "Size:                152 kB\n"
      "Rss:                   4 kB\n"
      "Referenced:            4 kB\n"
      "ProtectionKey:         0\n"
      "VmFlags: rd wr sh mr mw me ms \n"
      "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n";
  CHECK(comparable_text("smaps", text) ==
        "7ffff7fd9000-7ffff7fff000 rw-s 00001000 /data/log mmap2\n"
        "Size: 152 kB\n"
        "Rss: 4 kB\n"
        "VmFlags: rd wr sh mr mw me ms\n"
        "7ffffffde000-7ffffffff000 rw-p 00000000 [stack]\n");
}

TEST_CASE("a path loses the number of an inode, and nothing else") {
  CHECK(comparable_path("rw-p 0 /d/#40402 (deleted)") == "rw-p 0 /d/# (deleted)");
  for (const char* path : {"/d/#40402", "/d/#4x (deleted)", "/d/#4/f (deleted)", "", " (deleted)"})
    CHECK(comparable_path(path) == path);
}

TEST_CASE("status keeps the process's own memory") {
  CHECK(comparable_text("status", "Name:\tx\nVmSize:\t   136 kB\nThreads:\t1\nVmLck:\t 0 kB\n") ==
        "VmSize:\t 136 kB\nVmLck:\t 0 kB\n");
}

TEST_CASE("other texts stay as they are") {
  CHECK(comparable_text("pagemap", "81000000  00000000\n") == "81000000  00000000\n");
}

}  // namespace
}  // namespace faultline::scenario
