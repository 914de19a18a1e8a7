// Foresight: what a policy that knows the future (`--policy opt`) needs for its first pass over the
// trace: an index of next uses, and a standard input that can be read twice.
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
#include "sim/replay/next_use_index.h"

namespace faultline::cli {

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

  // Where one of `traces` is standard input: puts it to where it began. The first call copies
  // it to a temporary file, if it cannot be gone back in. Errors: that cannot be done.
  std::optional<InputError> rewind_input(const std::vector<std::string>& traces);
  // Ends the first pass. Errors: the index cannot be written.
  std::optional<InputError> finish();

 private:
  std::unique_ptr<replay::NextUseIndex> index_;
  int input_ = -1;       // what standard input is read from; -1: not looked at yet
  long long start_ = 0;  // where in it
};

}  // namespace faultline::cli
