// libFuzzer: bazel build --config=fuzz //tests/fuzz:scenario_fuzz, then run it with a directory.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/scenario_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  faultline::fuzz::fuzz_scenario({reinterpret_cast<const char*>(data), size});
  return 0;
}
