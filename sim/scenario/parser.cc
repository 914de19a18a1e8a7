#include "sim/scenario/parser.h"

#include <fmt/core.h>

#include <utility>

#include "sim/scenario/line_parser.h"

namespace faultline::scenario {
namespace {

InputError placed(std::string_view file, uint32_t line, PlacedMessage what) {
  return {.file = std::string(file),
          .message = std::move(what.message),
          .line = line,
          .column = what.column};
}

// Takes the next line off `text`, without its end, which is LF or CR LF.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<Program, InputError> parse(std::string_view file, std::string_view text) {
  ParseState state;
  state.program.file = file;
  for (uint32_t line = 1; !text.empty(); ++line) {
    const std::string_view source = take_line(text);
    if (source.size() > kLineBytesMax) {
      return placed(file, line,
                    {static_cast<uint32_t>(kLineBytesMax + 1), "line longer than 1 MiB"});
    }
    LineParser parser(state, line, source);
    if (!parser.parse()) return placed(file, line, parser.error());
  }
  if (!state.open_repeats.empty()) {
    const Step& step = state.program.steps[state.open_repeats.back()];
    const Repeat& repeat = state.program.repeats[step.index];
    return placed(file, repeat.line, {repeat.column, "repeat without its }"});
  }
  state.program.slots = state.scope.take_slots();
  return std::move(state.program);
}

}  // namespace faultline::scenario
