#include "sim/cli/salvage.h"

#include "sim/base/log.h"

namespace faultline::cli {

std::vector<std::string> damage_texts(const TraceReader& reader) {
  std::vector<std::string> texts;
  for (const InputError& damage : reader.damage()) texts.push_back(damage.to_string());
  return texts;
}

void warn_of_damage(const TraceReader& reader) {
  for (const std::string& text : damage_texts(reader))
    base::log(base::LogLevel::kWarning, "left out: {}", text);
}

}  // namespace faultline::cli
