#include "sim/trace/scanner.h"

namespace faultline::trace {

LineError take_address(Scanner& scan, HexPrefix prefix, VirtAddr& address) {
  const std::size_t column = scan.column();
  if (prefix != HexPrefix::kNone && !scan.take("0x") && prefix == HexPrefix::kRequired)
    return {column, "expected 0x and a hexadecimal address"};
  const Number number = take_number<16, ~std::uint64_t{0}>(scan);
  if (number.digits == 0) return {scan.column(), "expected a hexadecimal address"};
  if (number.too_large) return {column, "the address does not fit in 64 bits"};
  address = VirtAddr{number.value};
  return {};
}

LineError take_size(Scanner& scan, std::uint32_t& size_bytes) {
  static_assert(kAccessSizeMax == 65536, "a message names it");
  const std::size_t column = scan.column();
  const Number number = take_number<10, kAccessSizeMax>(scan);
  if (number.digits == 0) return {column, "expected a size in bytes"};
  if (number.too_large) return {column, "the size is above 65536 bytes"};
  if (number.value == 0) return {column, "the size is 0"};
  size_bytes = static_cast<std::uint32_t>(number.value);
  return {};
}

LineError take_end(Scanner& scan) {
  scan.take_blanks();
  if (!scan.at_end()) return {scan.column(), "unexpected text at the end of the record"};
  return {};
}

}  // namespace faultline::trace
