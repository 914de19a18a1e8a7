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

// How far the disk of that folder reads ahead; nothing where it does not, or does not say.
std::optional<uint64_t> readahead_bytes(const std::string& disk_folder);

// The settings in which the host is not what the simulator is; `disk_folder` is where the files
// are.
std::vector<HostSetting> differing_settings(const std::string& disk_folder,
                                            const MachineOptions& simulated);

}  // namespace faultline::host
