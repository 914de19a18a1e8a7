// What the host is, as far as a comparison depends on it.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "faultline/verify.h"

namespace faultline::host {

// The running kernel, major.minor.patch.
std::string kernel_version();

// What makes every comparison impossible here, in words, or nothing.
std::optional<std::string> missing();

// The settings in which the host is not what the simulator is; `disk_folder` is where the files
// are.
std::vector<HostSetting> differing_settings(const std::string& disk_folder);

}  // namespace faultline::host
