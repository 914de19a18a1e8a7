// Where /sys tells of the disk that a folder lies on.
//
// Threads: any.
#pragma once

#include <string>

namespace faultline::host {

// The disk's, or the partition's, folder; empty: there is no such folder of files.
// Source: Linux Documentation/ABI/stable/sysfs-block, /sys/dev/block.
std::string block_device_folder(const std::string& folder);

}  // namespace faultline::host
