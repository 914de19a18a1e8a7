// What clone and clone3 are asked for, as Linux 6.18 answered when it was asked.
#include "sim/proc/clone_request.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "faultline/linux.h"

namespace faultline::proc {
namespace {

namespace abi = linux_abi;

// Memory from kStart on, of which the first bytes can be read.
class Memory final : public UserMemory {
 public:
  static constexpr uint64_t kStart = 0x1000;
  uint64_t copy_in(VirtAddr from, std::span<std::byte> to) override {
    for (uint64_t i = 0; i < to.size(); ++i) {
      const uint64_t at = from.value - kStart + i;
      if (at >= readable) return i;
      to[i] = bytes[at];
    }
    return to.size();
  }
  uint64_t copy_out(VirtAddr, std::span<const std::byte>) override { return 0; }
  bool readable_now(VirtAddr address) const override { return address.value - kStart < readable; }
  std::optional<Errno> populate(AddrRange, WhileReading) override { return Errno::kEFAULT; }
  std::optional<Errno> fault_in(VirtAddr, AccessKind) override { return Errno::kEFAULT; }
  void set_word(size_t index, uint64_t value) {
    std::memcpy(&bytes[index * sizeof value], &value, sizeof value);
  }

  std::array<std::byte, 8192> bytes{};
  uint64_t readable = 8192;
};

// What clone3 makes of the struct: 0, or the error.
int clone3(Memory& memory, uint64_t size_bytes, VirtAddr address = {Memory::kStart}) {
  const auto request = read_clone_args({address, size_bytes, {0x7ffffffff000}, PageSize{}}, memory);
  return request.ok() ? 0 : int(request.error());
}

// The same with one word set.
int clone3_with(size_t word, uint64_t value, uint64_t size_bytes = 88) {
  Memory memory;
  memory.set_word(word, value);
  return clone3(memory, size_bytes);
}

int check(uint64_t flags) {
  const Result<void> checked = check_clone(clone_request_of(flags));
  return checked.ok() ? 0 : int(checked.error());
}

TEST_CASE("clone: the lowest byte is the signal, and the upper half is ignored") {
  const CloneRequest request = clone_request_of(0x700000000 | abi::kCLONE_VM | 17);
  CHECK(request.flags == abi::kCLONE_VM);
  CHECK(request.exit_signal == 17);
  CHECK(request.has(abi::kCLONE_VM));
  CHECK_FALSE(request.has(abi::kCLONE_VM | abi::kCLONE_VFORK));
}

TEST_CASE("clone: flags that exclude each other, and those that are not simulated") {
  const int invalid = int(Errno::kEINVAL);
  const int not_simulated = int(Errno::kENOSYS);
  for (const uint64_t flags :
       {abi::kCLONE_THREAD, abi::kCLONE_SIGHAND, abi::kCLONE_THREAD | abi::kCLONE_SIGHAND,
        abi::kCLONE_FS | abi::kCLONE_NEWNS, abi::kCLONE_FS | abi::kCLONE_NEWUSER})
    CHECK_MESSAGE(check(flags) == invalid, flags);
  for (const uint64_t flags :
       {abi::kCLONE_THREAD | abi::kCLONE_SIGHAND | abi::kCLONE_VM, abi::kCLONE_PIDFD,
        abi::kCLONE_SETTLS, abi::kCLONE_NEWUSER, abi::kCLONE_PARENT_SETTID, abi::kCLONE_UNTRACED})
    CHECK_MESSAGE(check(flags) == not_simulated, flags);
  for (const uint64_t flags : {abi::kCLONE_VM | abi::kCLONE_SIGHAND, abi::kCLONE_DETACHED,
                               abi::kCLONE_IO | abi::kCLONE_FS | abi::kCLONE_SYSVSEM | 17})
    CHECK_MESSAGE(check(flags) == 0, flags);
  CHECK(needs_privilege(clone_request_of(abi::kCLONE_NEWPID)));
  CHECK_FALSE(needs_privilege(clone_request_of(abi::kCLONE_NEWTIME | 17)));
}

TEST_CASE("clone3: sizes of the struct") {
  Memory memory;
  CHECK(clone3(memory, 0) == int(Errno::kEINVAL));
  CHECK(clone3(memory, 63) == int(Errno::kEINVAL));
  for (const uint64_t size_bytes : {64u, 80u, 88u, 96u, 4096u})
    CHECK(clone3(memory, size_bytes) == 0);
  CHECK(clone3(memory, 4097) == int(Errno::kE2BIG));
  CHECK(clone3_with(11, 1, 96) == int(Errno::kE2BIG));
  CHECK(clone3_with(11, 1, 88) == 0);
  memory.readable = 87;
  CHECK(clone3(memory, 88) == int(Errno::kEFAULT));
  CHECK(clone3(memory, 80) == 0);
  memory.readable = 90;
  CHECK(clone3(memory, 96) == int(Errno::kEFAULT));
  CHECK(clone3(memory, 64, {8}) == int(Errno::kEFAULT));
  CHECK(clone3(memory, 64, {~uint64_t{0}}) == int(Errno::kEFAULT));
}

TEST_CASE("clone3: what the struct may say") {
  CHECK(clone3_with(4, 17) == 0);
  CHECK(clone3_with(4, 65) == int(Errno::kEINVAL));
  CHECK(clone3_with(4, 256) == int(Errno::kEINVAL));
  CHECK(clone3_with(0, 17) == int(Errno::kEINVAL));
  CHECK(clone3_with(0, abi::kCLONE_DETACHED) == int(Errno::kEINVAL));
  CHECK(clone3_with(0, uint64_t{1} << 40) == int(Errno::kEINVAL));
  CHECK(clone3_with(5, 0x1000) == int(Errno::kEINVAL));
  CHECK(clone3_with(6, 0x1000) == int(Errno::kEINVAL));
  CHECK(clone3_with(8, 0x1000) == int(Errno::kEINVAL));
  CHECK(clone3_with(9, 33) == int(Errno::kEINVAL));
  Memory memory;
  memory.set_word(0, abi::kCLONE_PARENT);
  CHECK(clone3(memory, 64) == 0);
  memory.set_word(4, 17);
  CHECK(clone3(memory, 64) == int(Errno::kEINVAL));
}

}  // namespace
}  // namespace faultline::proc
