// One JSON object a statement, compact, keys in the order of docs/scenario.md.
#include <fmt/core.h>

#include <utility>

#include "sim/scenario/comparable.h"
#include "sim/scenario/json_string.h"
#include "sim/scenario/printer.h"

namespace faultline::scenario {
namespace {

template <class... Args>
void append(std::string& line, fmt::format_string<Args...> format, Args&&... args) {
  line += fmt::format(format, std::forward<Args>(args)...);
}

void append_place(std::string& line, const Execution& execution, NameFile name_file) {
  line += '{';
  if (name_file == NameFile::kYes) {
    line += "\"file\":";
    append_json_string(line, execution.file);
    line += ',';
  }
  append(line, "\"line\":{}", execution.statement.line);
  if (!execution.indices.empty()) {
    line += ",\"i\":[";
    for (size_t i = 0; i < execution.indices.size(); ++i) {
      append(line, "{}{}", i == 0 ? "" : ",", execution.indices[i]);
    }
    line += ']';
  }
  append(line, ",\"pid\":{},\"call\":\"{}\"", execution.pid, execution.statement.call->name);
}

void append_return(std::string& line, ReturnForm form, const Answer& answer) {
  if (form == ReturnForm::kNothing) return;
  if (answer.error) {
    append(line, ",\"ret\":-1,\"errno\":\"{}\"", errno_name(*answer.error));
  } else if (form == ReturnForm::kAddress) {
    append(line, ",\"ret\":\"0x{:x}\"", answer.value);
  } else if (form == ReturnForm::kDescriptor) {
    line += ",\"ret\":0";
  } else {
    append(line, ",\"ret\":{}", static_cast<int64_t>(answer.value));
  }
}

void append_data(std::string& line, const std::vector<std::byte>& data) {
  line += ",\"data\":\"";
  for (const std::byte byte : data) append(line, "{:02x}", static_cast<unsigned>(byte));
  line += '"';
}

// A mapping without device, inode and padding; the path as the kernel writes it.
std::string mapping_text(const MapsLine& mapping) {
  std::string text =
      fmt::format("{:08x}-{:08x} {} {:08x}", mapping.range.start.value, mapping.range.end.value,
                  std::string_view(mapping.permissions), mapping.offset_bytes);
  if (!mapping.path.empty()) text += ' ';
  for (const char c : mapping.path) c == '\n' ? text.append("\\012") : text.append(1, c);
  return text;
}

void append_maps(std::string& line, const std::vector<MapsLine>& maps, bool comparable) {
  line += ",\"maps\":[";
  for (size_t i = 0; i < maps.size(); ++i) {
    if (i != 0) line += ',';
    const std::string text = mapping_text(maps[i]);
    append_json_string(line, comparable ? comparable_path(text) : text);
  }
  line += ']';
}

class Json final : public Printer {
 public:
  enum class Form : uint8_t { kWhole, kComparable };
  Json(Form form, NameFile name_file) : form_(form), name_file_(name_file) {}

  bool print(const Execution& execution, LineSink& out) override {
    const Answer& answer = execution.answer;
    const Call& call = *execution.statement.call;
    std::string line;
    append_place(line, execution, name_file_);
    // What maps and its like return is in their lines, and there is nothing else to say.
    if (!answer.maps && !answer.text) append_return(line, call.returns, answer);
    if (answer.faults) {
      append(line, ",\"minflt\":{},\"majflt\":{}", answer.faults->minor, answer.faults->major);
    }
    if (answer.data) append_data(line, *answer.data);
    if (answer.signal) {
      append(line, ",\"signal\":{{\"signo\":\"{}\",\"code\":\"{}\",\"addr\":\"0x{:x}\"}}",
             signal_name(answer.signal->code), signal_code_name(answer.signal->code),
             answer.signal->address.value);
    }
    if (answer.maps) append_maps(line, *answer.maps, form_ == Form::kComparable);
    if (answer.text) {
      line += ",\"text\":";
      append_json_string(
          line, form_ == Form::kWhole ? *answer.text : comparable_text(call.name, *answer.text));
    }
    if (!execution.failed.empty() && form_ == Form::kWhole) {
      line += ",\"expected\":";
      append_json_string(line, execution.failed.front().expected->source);
    }
    line += '}';
    return out.on_line(line);
  }

 private:
  Form form_;
  NameFile name_file_;
};

}  // namespace

std::unique_ptr<Printer> make_json(NameFile name_file) {
  return std::make_unique<Json>(Json::Form::kWhole, name_file);
}

std::unique_ptr<Printer> make_comparable_json() {
  return std::make_unique<Json>(Json::Form::kComparable, NameFile::kNo);
}

}  // namespace faultline::scenario
