// The transcript of a run: each statement with its values, its answer, and the faults it took.
#include <fmt/core.h>

#include "sim/scenario/flags.h"
#include "sim/scenario/printer.h"

namespace faultline::scenario {
namespace {

// As a string of C. Bytes outside ASCII are octal: three digits, so that what follows cannot join.
void append_string(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else if (c >= ' ' && c < '\x7f') {
      line += c;
    } else {
      line += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  line += '"';
}

void append_call(std::string& line, const Execution& execution) {
  const Call& call = *execution.statement.call;
  line += call.name;
  line += '(';
  for (size_t i = 0; i < execution.values.size(); ++i) {
    if (i != 0) line += ", ";
    switch (execution.statement.arguments[i].shape) {
      case ArgumentShape::kNumber:
        line += argument_text(call.arguments[i], execution.values[i].number);
        break;
      case ArgumentShape::kString:
        append_string(line, execution.values[i].text);
        break;
      case ArgumentShape::kOutside:
        line += '_';
        break;
    }
  }
  line += ')';
}

void append_answer(std::string& line, const Call& call, const Answer& answer) {
  if (answer.error) {
    line += fmt::format(" = -1 {} ({})", errno_name(*answer.error), errno_text(*answer.error));
  } else if (answer.signal) {
    line += fmt::format(" = {}  {} {} 0x{:x}", answer.value, signal_name(answer.signal->code),
                        signal_code_name(answer.signal->code), answer.signal->address.value);
  } else {
    line += " = ";
    line += got_text(call, answer);
  }
  if (answer.out_of_memory) line += "  out of memory";
}

void append_faults(std::string& line, const FaultCounts& faults) {
  if (faults.minor == 0 && faults.major == 0) return;
  line += "  <";
  if (faults.minor != 0) line += fmt::format("minor {}", faults.minor);
  if (faults.minor != 0 && faults.major != 0) line += ", ";
  if (faults.major != 0) line += fmt::format("major {}", faults.major);
  line += '>';
}

// Each line of `text`, which ends with a newline.
bool print_lines(std::string_view text, LineSink& out) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (!out.on_line(text.substr(0, end))) return false;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return true;
}

class Transcript final : public Printer {
 public:
  bool print(const Execution& execution, LineSink& out) override {
    const Call& call = *execution.statement.call;
    std::string line;
    if (execution.pid != 1) line += fmt::format("[pid {}] ", execution.pid);
    append_call(line, execution);
    append_answer(line, call, execution.answer);
    if (execution.answer.faults) append_faults(line, *execution.answer.faults);
    bool taken = out.on_line(line);
    if (execution.answer.maps) {
      for (const MapsLine& mapping : *execution.answer.maps) {
        taken = taken && out.on_line(mapping.to_string());
      }
    }
    if (execution.answer.text) taken = taken && print_lines(*execution.answer.text, out);
    for (const Wanted& wanted : execution.failed) {
      taken = taken && out.on_line(fmt::format("{}:{}: expected {}, got {}", execution.file,
                                               wanted.expected->line, wanted.expected->source,
                                               got_text(call, execution.answer)));
    }
    return taken;
  }
};

}  // namespace

std::unique_ptr<Printer> make_transcript() { return std::make_unique<Transcript>(); }

}  // namespace faultline::scenario
