// Instead of a fuzz target: writes each input to a file of its own in the folder $FAULTLINE_SEEDS,
// named after its number; libFuzzer takes such a folder as its first corpus.
#include <cstdlib>
#include <fstream>
#include <string>

#include "sim/base/check.h"
#include "tests/fuzz/fuzz_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::size_t number = 0;
  const char* const folder = std::getenv("FAULTLINE_SEEDS");
  FL_CHECK_MSG(folder != nullptr, "FAULTLINE_SEEDS names no folder");
  std::ofstream file(std::string(folder) + '/' + std::to_string(number++), std::ios::binary);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  FL_CHECK_MSG(file.good(), "cannot write to {}", folder);
  return 0;
}
