// Scope: which NAMEs a place in a scenario may use, while it is parsed.
//
// A NAME belongs to the whole scenario from the statement that binds it on; the variable of a
// repeat belongs to its lines and hides a NAME of the same spelling there.
//
// Ownership: the slots are handed to the program when parsing is over.
// Threads: one scope, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/scenario/expression.h"

namespace faultline::scenario {

class Scope {
 public:
  // The slot that `name` means here. O(log names + nesting).
  std::optional<uint32_t> find(std::string_view name) const;
  bool is_loop_variable(std::string_view name) const;
  // The slot of the scenario's NAME, new if there is none.
  uint32_t bind(std::string_view name);
  // A loop variable comes into being, hiding what bore its name.
  uint32_t open_loop(std::string_view name);
  // The innermost loop variable goes. REQUIRES: there is one.
  void close_loop();
  std::vector<Slot> take_slots() { return std::move(slots_); }

 private:
  uint32_t add_slot(std::string_view name);

  std::vector<Slot> slots_{};
  std::map<std::string, uint32_t, std::less<>> names_{};
  std::vector<uint32_t> loops_{};  // slots, outermost first
};

}  // namespace faultline::scenario
