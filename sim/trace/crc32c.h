// CRC-32C, the checksum of Castagnoli, as iSCSI and Snappy's frames use it. (zlib's CRC-32 has
// another polynomial.) Pure; any thread may use it.
#pragma once

#include <cstdint>
#include <string_view>

namespace faultline::trace {

// Eight bytes a step by tables. Source: RFC 3720, 12.1 (the polynomial 0x11edc6f41).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace faultline::trace
