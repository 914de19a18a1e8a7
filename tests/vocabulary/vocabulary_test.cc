#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "faultline/errno.h"
#include "faultline/input_error.h"
#include "faultline/linux.h"
#include "faultline/process.h"
#include "faultline/types.h"

namespace faultline {
namespace {

TEST_CASE("Errno: names, numbers and texts are the C library's") {
  int known = 0;
  for (int number = 1; number < 134; ++number) {
    const char* name = strerrorname_np(number);
    if (name == nullptr) continue;
    std::optional<Errno> error = find_errno(name);
    if (!error) continue;
    ++known;
    CHECK(int(*error) == number);
    CHECK(errno_name(*error) == name);
    CHECK(errno_text(*error) == strerrordesc_np(number));
  }
  CHECK(known == 38);
  CHECK_FALSE(find_errno("EWRONG"));
}

TEST_CASE("linux_abi: constants are those of the system's headers") {
  CHECK(linux_abi::find_constant("PROT_EXEC") == uint64_t{PROT_EXEC});
  CHECK(linux_abi::find_constant("MAP_FIXED_NOREPLACE") == uint64_t{MAP_FIXED_NOREPLACE});
  CHECK(linux_abi::find_constant("MAP_POPULATE") == uint64_t{MAP_POPULATE});
  CHECK(linux_abi::find_constant("MS_SYNC") == uint64_t{MS_SYNC});
  CHECK(linux_abi::find_constant("MAP_32BIT") == uint64_t{MAP_32BIT});
  CHECK_FALSE(linux_abi::find_constant("MAP_"));
  CHECK_FALSE(linux_abi::find_constant(""));
}

TEST_CASE("PageSize: alignment and page numbers") {
  constexpr PageSize page;
  CHECK(page.bytes() == 4096);
  CHECK(page.align_up(1) == 4096);
  CHECK(page.align_up(4096) == 4096);
  CHECK(page.align_up(~uint64_t{0}) == 0);
  CHECK(page.vpn({0x1fff}) == Vpn{1});
  CHECK(page.address(Vpn{2}) == VirtAddr{0x2000});
}

TEST_CASE("InputError: the parts that are known, in the order file, line, column, byte") {
  CHECK(InputError{.file = "a.scn", .message = "bad", .line = 3, .column = 7}.to_string() ==
        "a.scn:3:7: bad");
  CHECK(InputError{.file = "t.gz", .message = "bad", .byte_offset = 12}.to_string() ==
        "t.gz: byte 12: bad");
  CHECK(InputError{.message = "bad"}.to_string() == "bad");
}

TEST_CASE("MapsLine: the kernel's columns, the path at column 73") {
  MapsLine line{
      .range = {{0x7ffffffde000}, {0x7ffffffff000}}, .permissions = "rw-p", .path = "[stack]"};
  CHECK(line.to_string() ==
        "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]");
  CHECK(line.to_string().find('[') == 73);
  line.path = "/a\nb";
  CHECK(line.to_string().substr(73) == "/a\\012b");
  line.path = "";
  CHECK(line.to_string() == "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 ");
}

}  // namespace
}  // namespace faultline
