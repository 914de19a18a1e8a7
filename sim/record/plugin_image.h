// The plugin for QEMU, which the program carries with it.
#pragma once

#include <cstddef>
#include <span>

namespace faultline::record {

// A shared object, as it would lie on disk.
std::span<const std::byte> plugin_image();

}  // namespace faultline::record
