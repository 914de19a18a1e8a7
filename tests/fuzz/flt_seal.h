// Sets the checksums of an flt file right, and packs the contents of its blocks anew, for damage
// that no checksum hides.
#pragma once

#include <string>

namespace faultline::testing {

// Every CRC-32 of the header and of the blocks that are in their places.
void seal(std::string& flt);

// The content of the first block, and the file with another in its place.
std::string first_content(const std::string& flt);
std::string with_content(const std::string& flt, const std::string& content);

}  // namespace faultline::testing
