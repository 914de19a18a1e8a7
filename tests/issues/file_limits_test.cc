// Symptom: setrlimit(RLIMIT_NOFILE) and setrlimit(RLIMIT_FSIZE) succeeded and changed nothing.
#include <doctest/doctest.h>

#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

using linux_abi::kO_CREAT;
using linux_abi::kO_RDWR;

TEST_CASE("issue: limits of descriptors and sizes are obeyed, and each process's own") {
  auto made = make_machine({});
  REQUIRE(made.ok());
  Machine& machine = **made;
  Process& parent = machine.start_process();
  const int fd = parent.open("/a", kO_RDWR | kO_CREAT, 0644).value();
  Process& sharer = **parent.clone(linux_abi::kCLONE_FILES | linux_abi::kSIGCHLD);
  REQUIRE(parent.setrlimit(linux_abi::kRLIMIT_NOFILE, 4).ok());
  REQUIRE(parent.setrlimit(linux_abi::kRLIMIT_FSIZE, 4096).ok());
  CHECK(parent.dup(fd).error() == Errno::kEMFILE);
  CHECK(parent.ftruncate(fd, 4097).error() == Errno::kEFBIG);
  // One table of descriptors, two limits.
  CHECK(sharer.dup(fd).ok());
  CHECK(sharer.ftruncate(fd, 4097).ok());
  // What is inherited is a copy.
  Process& child = **parent.clone(linux_abi::kSIGCHLD);
  CHECK(child.dup(fd).error() == Errno::kEMFILE);
  CHECK(child.setrlimit(linux_abi::kRLIMIT_FSIZE, linux_abi::kRLIM_INFINITY).ok());
  CHECK(child.ftruncate(fd, 5000).ok());
  CHECK(parent.ftruncate(fd, 5001).error() == Errno::kEFBIG);
  machine.validate();
}

TEST_CASE("issue: a limit that nothing would obey is not taken") {
  auto made = make_machine({});
  REQUIRE(made.ok());
  Process& process = (*made)->start_process();
  constexpr uint64_t kRlimitCpu = 0;
  CHECK(process.setrlimit(kRlimitCpu, 1).error() == Errno::kENOSYS);
  CHECK(process.setrlimit(16, 1).error() == Errno::kEINVAL);
  CHECK(process.setrlimit(linux_abi::kRLIMIT_NOFILE, 4097).error() == Errno::kEINVAL);
}

}  // namespace
}  // namespace faultline
