// The calls on files that move no bytes between a buffer and a file.
#include "faultline/linux.h"
#include "sim/scenario/handlers.h"

namespace faultline::scenario {
namespace {

Answer answer_of_descriptor(const Result<int>& result) {
  if (!result.ok()) return failed(result.error());
  return {.value = static_cast<uint64_t>(*result)};
}

// open with the arguments from `path_index` on.
CallResult open_from(const CallFrame& frame, size_t path_index) {
  const uint64_t flags = frame.number(path_index + 1);
  const bool has_mode = frame.has(path_index + 2);
  if ((flags & linux_abi::kO_CREAT) != 0 && !has_mode) {
    return PlacedMessage{frame.statement.arguments[path_index + 1].column,
                         "O_CREAT needs a mode behind the flags"};
  }
  const uint64_t mode = has_mode ? frame.number(path_index + 2) : 0;
  return answer_of_descriptor(frame.process.open(frame.values[path_index].text, flags, mode));
}

}  // namespace

CallResult run_open(const CallFrame& frame) { return open_from(frame, 0); }

CallResult run_openat(const CallFrame& frame) {
  // The directory matters to a relative path only. Source: openat(2).
  const bool absolute = frame.values[1].text.starts_with('/');
  if (!absolute && as_descriptor(frame.number(0)) != linux_abi::kAT_FDCWD) {
    return PlacedMessage{frame.statement.arguments[0].column,
                         "a path relative to a descriptor is not simulated yet"};
  }
  return open_from(frame, 1);
}

CallResult run_creat(const CallFrame& frame) {
  constexpr uint64_t kFlags = linux_abi::kO_WRONLY | linux_abi::kO_CREAT | linux_abi::kO_TRUNC;
  return answer_of_descriptor(frame.process.open(frame.values[0].text, kFlags, frame.number(1)));
}

CallResult run_close(const CallFrame& frame) {
  return answer_of(frame.process.close(as_descriptor(frame.number(0))));
}

CallResult run_dup(const CallFrame& frame) {
  return answer_of_descriptor(frame.process.dup(as_descriptor(frame.number(0))));
}

CallResult run_dup2(const CallFrame& frame) {
  return answer_of_descriptor(
      frame.process.dup2(as_descriptor(frame.number(0)), as_descriptor(frame.number(1))));
}

CallResult run_memfd_create(const CallFrame& frame) {
  return answer_of_descriptor(frame.process.memfd_create(frame.values[0].text, frame.number(1)));
}

CallResult run_lseek(const CallFrame& frame) {
  const Result<uint64_t> result =
      frame.process.lseek(as_descriptor(frame.number(0)), frame.number(1), frame.number(2));
  if (!result.ok()) return failed(result.error());
  return Answer{.value = *result};
}

CallResult run_ftruncate(const CallFrame& frame) {
  return answer_of(frame.process.ftruncate(as_descriptor(frame.number(0)), frame.number(1)));
}

CallResult run_truncate(const CallFrame& frame) {
  return answer_of(frame.process.truncate(frame.values[0].text, frame.number(1)));
}

CallResult run_fsync(const CallFrame& frame) {
  return answer_of(frame.process.fsync(as_descriptor(frame.number(0))));
}

CallResult run_fdatasync(const CallFrame& frame) {
  return answer_of(frame.process.fdatasync(as_descriptor(frame.number(0))));
}

CallResult run_unlink(const CallFrame& frame) {
  return answer_of(frame.process.unlink(frame.values[0].text));
}

CallResult run_rename(const CallFrame& frame) {
  return answer_of(frame.process.rename(frame.values[0].text, frame.values[1].text));
}

CallResult run_fallocate(const CallFrame& frame) {
  const auto done = frame.process.fallocate(as_descriptor(frame.number(0)), frame.number(1),
                                            frame.number(2), frame.number(3));
  return answer_of(done);
}

CallResult run_sync_file_range(const CallFrame& frame) {
  const auto done = frame.process.sync_file_range(as_descriptor(frame.number(0)), frame.number(1),
                                                  frame.number(2), frame.number(3));
  return answer_of(done);
}

CallResult run_fadvise(const CallFrame& frame) {
  const auto done = frame.process.fadvise(as_descriptor(frame.number(0)), frame.number(1),
                                          frame.number(2), frame.number(3));
  return answer_of(done);
}

CallResult run_sync(const CallFrame& frame) { return answer_of(frame.process.sync()); }

CallResult run_create(const CallFrame& frame) {
  const uint64_t seed = frame.has(2) ? frame.number(2) : 0;
  return answer_of(frame.machine.create_file(frame.values[0].text, frame.number(1), seed));
}

}  // namespace faultline::scenario
