#include "sim/scenario/scope.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::scenario {

std::optional<uint32_t> Scope::find(std::string_view name) const {
  for (auto loop = loops_.rbegin(); loop != loops_.rend(); ++loop) {
    if (slots_[*loop].name == name) return *loop;
  }
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

bool Scope::is_loop_variable(std::string_view name) const {
  return std::any_of(loops_.begin(), loops_.end(),
                     [&](uint32_t slot) { return slots_[slot].name == name; });
}

uint32_t Scope::add_slot(std::string_view name) {
  slots_.push_back({std::string(name), std::nullopt});
  return static_cast<uint32_t>(slots_.size() - 1);
}

uint32_t Scope::bind(std::string_view name) {
  const auto found = names_.find(name);
  if (found != names_.end()) return found->second;
  return names_.emplace(std::string(name), add_slot(name)).first->second;
}

uint32_t Scope::open_loop(std::string_view name) {
  loops_.push_back(add_slot(name));
  return loops_.back();
}

void Scope::close_loop() {
  FL_CHECK(!loops_.empty());
  loops_.pop_back();
}

}  // namespace faultline::scenario
