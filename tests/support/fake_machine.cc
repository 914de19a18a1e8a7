#include "tests/support/fake_machine.h"

#include <fmt/core.h>

#include <algorithm>

#include "faultline/linux.h"

namespace faultline::testing {
namespace {

class FakeProcess final : public Process {
 public:
  FakeProcess(FakeState& state, Pid pid) : state_(state), pid_(pid) {}

  static Process& start(FakeState& state) {
    const auto number = static_cast<uint32_t>(state.processes.size() + 1);
    state.processes.push_back(std::make_unique<FakeProcess>(state, Pid{number}));
    return *state.processes.back();
  }

  Pid pid() const override { return pid_; }
  bool alive() const override { return alive_; }
  FaultCounts faults() const override { return faults_; }
  std::vector<MapsLine> maps() const override { return state_.maps; }

  AccessOutcome load(VirtAddr address, std::span<std::byte> out) override {
    fill(out);
    return outcome(fmt::format("load(0x{:x}, {})", address.value, out.size()), out.size());
  }
  AccessOutcome store(VirtAddr address, std::span<const std::byte> bytes) override {
    return outcome(fmt::format("store(0x{:x}, {})", address.value, hex(bytes)), bytes.size());
  }
  AccessOutcome fetch(VirtAddr address, uint64_t length_bytes) override {
    return outcome(fmt::format("fetch(0x{:x}, {})", address.value, length_bytes), length_bytes);
  }
  AccessOutcome peek(VirtAddr address, uint32_t size_bytes, uint64_t* value) override {
    *value = 0;
    return outcome(fmt::format("peek(0x{:x}, {})", address.value, size_bytes), size_bytes);
  }
  AccessOutcome poke(VirtAddr address, uint32_t size_bytes, uint64_t value) override {
    return outcome(fmt::format("poke(0x{:x}, {}, {})", address.value, size_bytes, value),
                   size_bytes);
  }
  AccessOutcome xadd(VirtAddr address, uint32_t size_bytes, uint64_t addend) override {
    return outcome(fmt::format("xadd(0x{:x}, {}, {})", address.value, size_bytes, addend),
                   size_bytes);
  }

  Result<VirtAddr> mmap(const MmapArgs& a) override {
    state_.next_address -= a.length_bytes;
    const auto result = number(fmt::format("mmap(0x{:x}, {}, {}, 0x{:x}, {}, {})", a.address.value,
                                           a.length_bytes, a.prot, a.flags, a.fd, a.offset_bytes),
                               state_.next_address);
    if (!result.ok()) return result.error();
    return VirtAddr{*result};
  }
  Result<void> munmap(VirtAddr address, uint64_t length_bytes) override {
    return nothing(fmt::format("munmap(0x{:x}, {})", address.value, length_bytes));
  }
  Result<void> mprotect(VirtAddr address, uint64_t length_bytes, uint64_t prot) override {
    return nothing(fmt::format("mprotect(0x{:x}, {}, {})", address.value, length_bytes, prot));
  }
  Result<void> msync(VirtAddr address, uint64_t length_bytes, uint64_t flags) override {
    return nothing(fmt::format("msync(0x{:x}, {}, {})", address.value, length_bytes, flags));
  }
  VirtAddr brk(VirtAddr new_break) override {
    const uint64_t usual = new_break.value == 0 ? 0x600000 : new_break.value;
    return {*number(fmt::format("brk(0x{:x})", new_break.value), usual)};
  }
  Result<void> setrlimit(uint64_t resource, uint64_t soft_limit) override {
    return nothing(fmt::format("setrlimit({}, {})", resource, soft_limit));
  }

  Result<int> open(std::string_view path, uint64_t flags, uint64_t mode) override {
    return new_descriptor(fmt::format("open({}, 0x{:x}, {:o})", path, flags, mode));
  }
  Result<int> memfd_create(std::string_view name, uint64_t flags) override {
    return new_descriptor(fmt::format("memfd_create({}, {})", name, flags));
  }
  Result<void> close(int64_t fd) override { return nothing(fmt::format("close({})", fd)); }
  Result<int> dup(int64_t fd) override { return new_descriptor(fmt::format("dup({})", fd)); }
  Result<int> dup2(int64_t old_fd, int64_t new_fd) override {
    return descriptor(fmt::format("dup2({}, {})", old_fd, new_fd), static_cast<uint64_t>(new_fd));
  }
  Result<uint64_t> read(int64_t fd, const UserBuffer& buffer) override {
    fill(buffer.outside);
    return number(fmt::format("read({}, {})", fd, text(buffer)), size(buffer));
  }
  Result<uint64_t> write(int64_t fd, const UserBuffer& buffer) override {
    return number(fmt::format("write({}, {})", fd, text(buffer)), size(buffer));
  }
  Result<uint64_t> pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override {
    fill(buffer.outside);
    return number(fmt::format("pread({}, {}, {})", fd, text(buffer), offset_bytes), size(buffer));
  }
  Result<uint64_t> pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) override {
    return number(fmt::format("pwrite({}, {}, {})", fd, text(buffer), offset_bytes), size(buffer));
  }
  Result<uint64_t> lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) override {
    return number(fmt::format("lseek({}, {}, {})", fd, offset_bytes, whence), offset_bytes);
  }
  Result<void> ftruncate(int64_t fd, uint64_t length_bytes) override {
    return nothing(fmt::format("ftruncate({}, {})", fd, length_bytes));
  }
  Result<void> truncate(std::string_view path, uint64_t length_bytes) override {
    return nothing(fmt::format("truncate({}, {})", path, length_bytes));
  }
  Result<void> fsync(int64_t fd) override { return nothing(fmt::format("fsync({})", fd)); }
  Result<void> fdatasync(int64_t fd) override { return nothing(fmt::format("fdatasync({})", fd)); }
  Result<void> unlink(std::string_view path) override {
    return nothing(fmt::format("unlink({})", path));
  }
  Result<void> rename(std::string_view from, std::string_view to) override {
    return nothing(fmt::format("rename({}, {})", from, to));
  }
  bool blocked() const override { return child_ != nullptr && child_->alive(); }
  Result<Process*> clone(uint64_t flags) override {
    return child_of(fmt::format("clone(0x{:x})", flags), (flags & linux_abi::kCLONE_VFORK) != 0);
  }
  Result<Process*> clone3(VirtAddr arguments, uint64_t size_bytes) override {
    return child_of(fmt::format("clone3(0x{:x}, {})", arguments.value, size_bytes), false);
  }
  Result<uint64_t> wait4(const Wait4Args& a) override {
    return number(fmt::format("wait4({}, 0x{:x}, {}, 0x{:x})", a.pid, a.status.value, a.options,
                              a.rusage.value),
                  0);
  }
  Result<void> kill(int64_t pid, uint64_t signal) override {
    const Result<void> done = nothing(fmt::format("kill({}, {})", pid, signal));
    const auto index = static_cast<uint64_t>(pid) - 1;
    if (done.ok() && signal == linux_abi::kSIGKILL && index < state_.processes.size())
      static_cast<FakeProcess&>(*state_.processes[index]).alive_ = false;
    return done;
  }
  void exit(uint64_t status) override {
    state_.calls.push_back(fmt::format("exit({})", status));
    alive_ = false;
  }

 private:
  Result<Process*> child_of(std::string call, bool blocks) {
    const auto done = number(std::move(call), 0);
    if (!done.ok()) return done.error();
    Process& child = start(state_);
    if (blocks) child_ = &child;
    return &child;
  }
  static std::string hex(std::span<const std::byte> bytes) {
    if (bytes.size() > 16) return fmt::format("{} bytes", bytes.size());
    std::string digits;
    for (const std::byte b : bytes) digits += fmt::format("{:02x}", static_cast<unsigned>(b));
    return digits;
  }
  static std::string text(const UserBuffer& buffer) {
    if (!buffer.outside.empty()) return hex(buffer.outside);
    return fmt::format("0x{:x}, {}", buffer.address.value, buffer.length_bytes);
  }
  static uint64_t size(const UserBuffer& buffer) {
    return buffer.outside.empty() ? buffer.length_bytes : buffer.outside.size();
  }
  void fill(std::span<std::byte> out) const {
    std::copy_n(state_.read_bytes.begin(), std::min(out.size(), state_.read_bytes.size()),
                out.begin());
  }

  FakeAnswer take_answer(std::string call, uint64_t usual) {
    state_.calls.push_back(std::move(call));
    FakeAnswer answer{.value = usual};
    if (!state_.answers.empty()) {
      answer = state_.answers.front();
      state_.answers.pop_front();
    }
    faults_.minor += answer.faults.minor;
    faults_.major += answer.faults.major;
    return answer;
  }
  AccessOutcome outcome(std::string call, uint64_t usual) {
    const FakeAnswer answer = take_answer(std::move(call), usual);
    return {answer.value, answer.signal, answer.out_of_memory};
  }
  Result<uint64_t> number(std::string call, uint64_t usual) {
    const FakeAnswer answer = take_answer(std::move(call), usual);
    if (answer.error) return *answer.error;
    return answer.value;
  }
  Result<void> nothing(std::string call) {
    const auto result = number(std::move(call), 0);
    if (!result.ok()) return result.error();
    return {};
  }
  Result<int> descriptor(std::string call, uint64_t usual) {
    const auto result = number(std::move(call), usual);
    if (!result.ok()) return result.error();
    return static_cast<int>(*result);
  }
  Result<int> new_descriptor(std::string call) {
    return descriptor(std::move(call), next_descriptor_++);
  }

  FakeState& state_;
  Pid pid_;
  bool alive_ = true;
  const Process* child_ = nullptr;  // of vfork
  FaultCounts faults_{};
  uint64_t next_descriptor_ = 3;
};

}  // namespace

FakeMachine::FakeMachine() : state_(std::make_unique<FakeState>()) {}
FakeMachine::~FakeMachine() = default;

Process& FakeMachine::start_process() {
  state_->calls.push_back("start_process()");
  return FakeProcess::start(*state_);
}

bool FakeMachine::access(Process&, std::span<const Access>, std::vector<SignalledAccess>*) {
  return true;
}

Result<void> FakeMachine::load_maps(Process&, std::span<const MapsLine>) { return {}; }

Result<void> FakeMachine::create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) {
  state_->calls.push_back(fmt::format("create_file({}, {}, {})", path, size_bytes, seed));
  if (state_->answers.empty()) return {};
  const FakeAnswer answer = state_->answers.front();
  state_->answers.pop_front();
  if (answer.error) return *answer.error;
  return {};
}

}  // namespace faultline::testing

// What the library run_scenario() asks for where no real machine is linked.
namespace faultline {

Result<std::unique_ptr<Machine>, InputError> make_machine(const MachineOptions&) {
  return std::unique_ptr<Machine>(std::make_unique<testing::FakeMachine>());
}

}  // namespace faultline
