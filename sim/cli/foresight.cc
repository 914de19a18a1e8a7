#include "sim/cli/foresight.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "sim/base/check.h"

namespace faultline::cli {
namespace {

InputError input_error(int error) {
  return {.file = "-",
          .message = std::string("cannot be copied to read it twice: ") + std::strerror(error)};
}

// Copies what is left of `from`; an errno, or 0.
int copy_all(int from, int to) {
  std::vector<char> buffer(size_t{1} << 18);
  while (true) {
    const ssize_t got = read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : 0;
    for (ssize_t put = 0; put < got;) {
      const ssize_t done = write(to, buffer.data() + put, static_cast<size_t>(got - put));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return done < 0 ? errno : ENOSPC;
      put += done;
    }
  }
}

// Has the engine note what is used when, in memory that is never full.
std::optional<ForesightFailure> note(FirstPass& pass) {
  const auto reader = open_trace(pass.traces, pass.trace);
  if (!reader) return ForesightFailure{.error = reader.error()};
  if (pass.unmapped_as_trace && (*reader)->has_calls())
    pass.engine.machine.unmapped = Unmapped::kFault;
  // What is in memory at the end is not used any more: the engine goes.
  auto engine = replay::make_engine(pass.engine, **reader);
  if (!engine) return ForesightFailure{.error = engine.error()};
  const auto outcome = (*engine)->replay(**reader, pass.how);
  if (!outcome) return ForesightFailure{.error = outcome.error()};
  if (outcome->end != replay::ReplayEnd::kInterrupted) return std::nullopt;
  return ForesightFailure{
      .status = ExitStatus::kInterrupted,
      .error = {.message = "interrupted in the first of two passes over the trace"}};
}

}  // namespace

Foresight::~Foresight() {
  if (input_ >= 0) close(input_);
}

bool Foresight::needed(std::string_view policy) {
  return policy.substr(0, policy.find(':')) == "opt";
}

std::optional<InputError> Foresight::create() {
  auto index = replay::NextUseIndex::create();
  if (!index) return index.error();
  index_ = std::move(*index);
  return std::nullopt;
}

std::optional<InputError> Foresight::rewind_input(const std::vector<std::string>& traces) {
  if (std::find(traces.begin(), traces.end(), "-") == traces.end()) return std::nullopt;
  if (input_ < 0) {
    struct stat status {};
    if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode)) {
      input_ = dup(STDIN_FILENO);
      if (input_ < 0) return input_error(errno);
      start_ = lseek(input_, 0, SEEK_CUR);
    } else {
      auto copy = replay::open_temporary_file();
      if (!copy) return copy.error();
      input_ = *copy;
      if (const int error = copy_all(STDIN_FILENO, input_); error != 0) return input_error(error);
    }
  }
  if (dup2(input_, STDIN_FILENO) < 0 || lseek(STDIN_FILENO, start_, SEEK_SET) < 0)
    return input_error(errno);
  return std::nullopt;
}

std::optional<ForesightFailure> Foresight::look_ahead(FirstPass pass) {
  pass.engine.machine.frames = replay::frames_max_of(pass.engine.machine);
  pass.engine.machine.next_uses = index_.get();
  pass.engine.events = nullptr;
  const auto no_room = [](const InputError& error) {
    return ForesightFailure{ExitStatus::kResource, error};
  };
  if (const auto error = rewind_input(pass.traces)) return no_room(*error);
  if (auto failure = note(pass)) return failure;
  if (const auto done = index_->finish(); !done) return no_room(done.error());
  if (const auto error = rewind_input(pass.traces)) return no_room(*error);
  return std::nullopt;
}

}  // namespace faultline::cli
