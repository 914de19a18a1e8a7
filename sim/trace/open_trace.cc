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
  return make_content(file, std::move(raw).value(),
                      is_regular_file(file) ? Decompress::kAhead : Decompress::kWhenRead);
}

std::unique_ptr<TraceReader> make_reader(const FormatRow& row, Content content, bool salvage) {
  const bool goes_on = salvage && row.make_salvager != nullptr;
  return (goes_on ? row.make_salvager : row.make_reader)(std::move(content));
}

// The first file is open; the others wait for their turn, as several pipes may have one writer.
class FileSequence final : public TraceReader, public PageRunReader {
 public:
  FileSequence(const FormatRow& row, Content first, std::vector<std::string> others, bool salvage)
      : row_(row),
        salvage_(salvage),
        has_thread_(first.compressed && is_regular_file(first.file)),
        current_(make_reader(row, std::move(first), salvage)),
        others_(std::move(others)) {}

  std::string_view format() const override { return row_.info.name; }
  TraceFilter filter() const override { return current_->filter(); }
  FetchUnit fetch_unit() const override { return current_->fetch_unit(); }
  bool has_calls() const override { return current_->has_calls(); }
  bool has_thread() const override { return has_thread_; }

  Result<TraceBlock, InputError> next_block() override {
    return next_as<TraceBlock>([](TraceReader& reader) { return reader.next_block(); });
  }
  PageRunReader* page_runs() override { return current_->page_runs() != nullptr ? this : nullptr; }
  Result<PageRunBlock, InputError> next_page_runs() override {
    return next_as<PageRunBlock>([this](TraceReader& reader) {
      if (PageRunReader* const runs = reader.page_runs()) return runs->next_page_runs();
      // The first file holds runs, and this one does not.
      if (!collapsed_) collapsed_ = make_page_run_reader(reader);
      return collapsed_->next_page_runs();
    });
  }

  Result<uint64_t, InputError> pass_over(uint64_t accesses) override {
    if (ended_ || failure_) return uint64_t{0};
    const auto passed = current_->pass_over(accesses);
    copy_damage();
    // What is wrong, reading says.
    return passed ? *passed : 0;
  }

  std::span<const InputError> damage() const override { return damage_; }

 private:
  template <typename Block, typename Next>
  Result<Block, InputError> next_as(Next next) {
    while (!ended_ && !failure_) {
      Result<Block, InputError> block = next(*current_);
      copy_damage();
      if (!block.ok())
        fail(block.error());
      else if (!block->end())
        return block;
      else
        open_next();
    }
    if (failure_) return *failure_;
    return Block{};
  }

  void open_next() {
    earlier_damage_ = damage_.size();
    ended_ = next_ == others_.size();
    if (ended_) return;
    Result<Content, InputError> content = open_content(others_[next_++]);
    collapsed_.reset();
    if (content.ok())
      current_ = make_reader(row_, std::move(content).value(), salvage_);
    else
      fail(content.error());
  }

  // With salvage the trace ends there.
  void fail(const InputError& error) {
    if (salvage_) {
      damage_.push_back(error);
      ended_ = true;
    } else {
      failure_ = error;
    }
  }

  // A reader may say more of a damage as it goes on.
  void copy_damage() {
    const auto damage = current_->damage();
    damage_.resize(earlier_damage_);
    damage_.insert(damage_.end(), damage.begin(), damage.end());
  }

  const FormatRow& row_;
  const bool salvage_;
  const bool has_thread_;  // of the first file
  std::unique_ptr<TraceReader> current_;
  std::unique_ptr<PageRunReader> collapsed_{};  // of current_, where that is needed
  const std::vector<std::string> others_;
  std::size_t next_ = 0;
  bool ended_ = false;
  std::vector<InputError> damage_{};
  std::size_t earlier_damage_ = 0;  // of the files before
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
    const auto detected = trace::detect_format(*first, {.salvage = options.salvage});
    if (!detected.ok()) return detected.error();
    row = *detected;
  }
  return std::unique_ptr<TraceReader>(std::make_unique<trace::FileSequence>(
      *row, std::move(first).value(), std::vector(files.begin() + 1, files.end()),
      options.salvage));
}

}  // namespace faultline
