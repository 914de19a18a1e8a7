#include "sim/scenario/host/block_device.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace faultline::host {

std::string block_device_folder(const std::string& folder) {
  struct stat found {};
  if (stat(folder.c_str(), &found) != 0) return {};
  return fmt::format("/sys/dev/block/{}:{}", major(found.st_dev), minor(found.st_dev));
}

}  // namespace faultline::host
