// Foresight: the first pass over a trace, for policies that know the future (`--policy opt`): it
// makes an index of next uses, and reads standard input so that it can be read twice.
//
// Owns: the index, and what standard input was when the program started, or a copy of it in a
// temporary file. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/trace.h"
#include "sim/cli/exit_status.h"
#include "sim/replay/engine.h"
#include "sim/replay/next_use_index.h"

namespace faultline::cli {

// The first pass: what is read, and by which machine it will be replayed. Its memory and its
// listeners do not matter.
struct FirstPass {
  const std::vector<std::string>& traces;
  TraceOptions trace{};
  replay::EngineOptions engine{};
  bool unmapped_as_trace = false;  // SIGSEGV outside mappings where the trace says what is mapped
  replay::ReplayOptions how{};     // without observers
};

// Why there is none; the error's text says all.
struct ForesightFailure {
  ExitStatus status = ExitStatus::kBadInput;
  InputError error{};
};

class Foresight {
 public:
  Foresight() = default;
  ~Foresight();
  Foresight(const Foresight&) = delete;
  Foresight& operator=(const Foresight&) = delete;

  // Whether that policy must know the future.
  static bool needed(std::string_view policy);

  // Errors: the index's temporary file cannot be made.
  std::optional<InputError> create();
  // REQUIRES: create() has succeeded.
  NextUses* next_uses() { return index_.get(); }

  // Reads the trace, and tells next_uses() what is used when; then they are known. Errors: besides
  // those of the trace, temporary files cannot be written; interrupted. REQUIRES: create() has
  // succeeded.
  std::optional<ForesightFailure> look_ahead(FirstPass pass);
  // Next uses of its own for another machine. REQUIRES: look_ahead() has succeeded.
  std::unique_ptr<NextUses> make_next_uses() const { return index_->make_reader(); }

 private:
  // Where one of `traces` is standard input: puts it to where it began. The first call copies
  // it to a temporary file, if it cannot be gone back in. Errors: that cannot be done.
  std::optional<InputError> rewind_input(const std::vector<std::string>& traces);

  std::unique_ptr<replay::NextUseIndex> index_;
  int input_ = -1;       // what standard input is read from; -1: not looked at yet
  long long start_ = 0;  // where in it
};

}  // namespace faultline::cli
