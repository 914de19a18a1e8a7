// Processes that begin, end and wait, at random.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/scenario/verify/random_writer.h"

namespace faultline::verify {
namespace {

constexpr size_t kProcessesMax = 4;
constexpr std::string_view kVfork = "vfork()";
constexpr auto kForkCalls = std::to_array<std::string_view>(
    {"fork()", "fork()", "fork()", "fork()", "fork()", kVfork, "clone(CLONE_VM|SIGCHLD)",
     "clone(CLONE_FILES|SIGCHLD)", "clone(CLONE_PARENT|SIGCHLD)"});

}  // namespace

bool RandomWriter::runs(uint64_t pid) const {
  return std::any_of(running_.begin(), running_.end(),
                     [pid](const Running& each) { return each.pid == pid; });
}

// There is one: the youngest in a row of vforks waits for nobody.
uint64_t RandomWriter::speaker() {
  std::vector<uint64_t> able;
  for (const Running& each : running_)
    if (each.vfork_child == 0 || !runs(each.vfork_child)) able.push_back(each.pid);
  return able[prng_.below(able.size())];
}

std::string RandomWriter::by(uint64_t pid, std::string_view call) {
  return pid == 1 ? std::string(call) : fmt::format("[pid {}] {}", pid, call);
}

void RandomWriter::write_fork() {
  if (running_.size() >= kProcessesMax) return write_exit();
  const uint64_t parent = speaker();
  const std::string call = pick(kForkCalls);
  lines_.push_back(by(parent, call));
  for (Running& each : running_)
    if (each.pid == parent && call == kVfork) each.vfork_child = next_pid_;
  running_.push_back({.pid = next_pid_++});
}

// One that is not the first, so that the others stay; at its own wish, or killed by another.
void RandomWriter::write_exit() {
  if (running_.size() == 1) return write_wait();
  const auto index = static_cast<ptrdiff_t>(1 + prng_.below(running_.size() - 1));
  const Running who = running_[static_cast<size_t>(index)];
  const bool waits = who.vfork_child != 0 && runs(who.vfork_child);
  if (waits || one_in(4)) {
    line(fmt::format("kill({}, SIGKILL)", who.pid));
  } else {
    lines_.push_back(by(who.pid, fmt::format("exit({})", prng_.below(300))));
  }
  running_.erase(running_.begin() + index);
  if (one_in(2)) write_wait();
}

// For whoever has ended; the status goes to memory that may not be there.
void RandomWriter::write_wait() {
  const std::string status = one_in(2) ? "_" : fmt::format("{:#x}", address());
  const std::string pid = one_in(2) ? "-1" : fmt::format("{}", 1 + prng_.below(next_pid_));
  line(fmt::format("wait4({}, {}, WNOHANG, _)", pid, status));
}

}  // namespace faultline::verify
