// open_trace: the files of a trace, one after another, and the format that they have in common.
#include <algorithm>
#include <utility>

#include "faultline/trace.h"
#include "sim/trace/file_source.h"
#include "sim/trace/format.h"

namespace faultline {
namespace trace {
namespace {

Result<Content, InputError> open_content(const std::string& file) {
  Result<std::unique_ptr<ByteSource>, InputError> raw = open_file(file);
  if (!raw.ok()) return raw.error();
  return make_content(file, std::move(raw).value());
}

// The first file is open; the others wait for their turn, as several pipes may have one writer.
class FileSequence final : public TraceReader {
 public:
  FileSequence(const FormatRow& row, Content first, std::vector<std::string> others)
      : row_(row), current_(row.make_reader(std::move(first))), others_(std::move(others)) {}

  std::string_view format() const override { return row_.info.name; }

  bool has_calls() const override { return current_->has_calls(); }
  PageRunReader* page_runs() override { return others_.empty() ? current_->page_runs() : nullptr; }

  Result<TraceBlock, InputError> next_block() override {
    if (failure_) return *failure_;
    for (;;) {
      Result<TraceBlock, InputError> block = current_->next_block();
      if (!block.ok() || !block->end() || next_ == others_.size()) return block;
      Result<Content, InputError> content = open_content(others_[next_++]);
      if (!content.ok()) {
        failure_ = content.error();
        return *failure_;
      }
      current_ = row_.make_reader(std::move(content).value());
    }
  }

 private:
  const FormatRow& row_;
  std::unique_ptr<TraceReader> current_;
  const std::vector<std::string> others_;
  std::size_t next_ = 0;
  std::optional<InputError> failure_{};
};

std::string known_formats() {
  std::string names;
  for (const TraceFormat& format : trace_formats()) {
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  return names;
}

std::optional<InputError> check_arguments(const std::vector<std::string>& files,
                                          const TraceOptions& options) {
  if (files.empty()) return InputError{.message = "no trace was named"};
  if (!options.format.empty() && find_format(options.format) == nullptr) {
    return InputError{.message = "there is no trace format '" + options.format +
                                 "'; there are: " + known_formats()};
  }
  if (std::count(files.begin(), files.end(), kStandardInput) > 1) {
    return InputError{.file = kStandardInput, .message = "can be read only once"};
  }
  for (const std::string& file : files) {
    if (auto error = find_open_error(file)) return error;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace trace

Result<std::unique_ptr<TraceReader>, InputError> open_trace(const std::vector<std::string>& files,
                                                            const TraceOptions& options) {
  if (auto error = trace::check_arguments(files, options)) return *error;
  Result<trace::Content, InputError> first = trace::open_content(files.front());
  if (!first.ok()) return first.error();
  const trace::FormatRow* row = trace::find_format(options.format);
  if (row == nullptr) {
    const auto detected = trace::detect_format(*first);
    if (!detected.ok()) return detected.error();
    row = *detected;
  }
  return std::unique_ptr<TraceReader>(std::make_unique<trace::FileSequence>(
      *row, std::move(first).value(), std::vector(files.begin() + 1, files.end())));
}

}  // namespace faultline
