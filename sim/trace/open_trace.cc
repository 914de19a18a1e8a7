// open_trace: the files of a trace, one after another, each in its own format.
#include <algorithm>
#include <utility>

#include "faultline/trace.h"
#include "sim/trace/file_source.h"
#include "sim/trace/format.h"

namespace faultline {
namespace trace {
namespace {

Decompress decompress_of(const std::string& file) {
  return is_regular_file(file) ? Decompress::kAhead : Decompress::kWhenRead;
}

Result<Content, InputError> open_content(const std::string& file, Decompress decompress) {
  Result<std::unique_ptr<ByteSource>, InputError> raw = open_file(file);
  if (!raw.ok()) return raw.error();
  return make_content(file, std::move(raw).value(), decompress);
}

std::unique_ptr<TraceReader> make_reader(const FormatRow& row, Content content, bool salvage) {
  const bool goes_on = salvage && row.make_salvager != nullptr;
  return (goes_on ? row.make_salvager : row.make_reader)(std::move(content));
}

// A file of a trace.
struct Part {
  std::string file;
  const FormatRow* row = nullptr;  // null: told when its turn comes
};

// What holds of a trace of several files.
struct Whole {
  std::string first;  // file, whose filter and fetch unit these are
  TraceFilter filter = TraceFilter::kOff;
  FetchUnit fetch_unit = FetchUnit::kInstruction;
  bool has_calls = false;
};

// What a file whose turn has come cannot be part of.
std::optional<InputError> find_conflict(const std::string& file, const TraceReader& reader,
                                        const Whole& whole, const TraceOptions& options) {
  if (options.one_fetch_unit && reader.fetch_unit() != whole.fetch_unit) {
    const bool blocks = whole.fetch_unit == FetchUnit::kBasicBlock;
    return InputError{.file = file,
                      .message = std::string("its fetches stand for ") +
                                 (blocks ? "instructions" : "basic blocks") + ", those of " +
                                 whole.first + " for " +
                                 (blocks ? "basic blocks" : "instructions")};
  }
  if (reader.has_calls() && !whole.has_calls) {
    return InputError{.file = file,
                      .message =
                          "holds mapping calls, which has to be known before its turn; name "
                          "a file in its place, not a pipe or standard input"};
  }
  return std::nullopt;
}

// The first file is open; the others wait for their turn, as several pipes may have one writer.
class FileSequence final : public TraceReader, public PageRunReader {
 public:
  FileSequence(const FormatRow& row, Content first, const TraceOptions& options)
      : options_(options),
        has_thread_(first.compressed && is_regular_file(first.file)),
        row_(&row),
        whole_{.first = first.file},
        current_(make_reader(row, std::move(first), options.salvage)) {
    whole_.filter = current_->filter();
    whole_.fetch_unit = current_->fetch_unit();
    whole_.has_calls = current_->has_calls();
    add_format(row);
  }

  // Adds a file behind the others. What it says of the whole is looked up if it can be read again.
  // Errors: it cannot be part of this trace. What else is wrong with it, reading says.
  std::optional<InputError> add(const std::string& file) {
    Part part{file, find_format(options_.format)};
    std::optional<InputError> conflict;
    if (file != kStandardInput && is_regular_file(file)) {
      const bool knows_last = !others_.empty() && others_.back().row != nullptr;
      auto reader =
          open_part(part, knows_last ? *others_.back().row : *row_, Decompress::kWhenRead);
      if (reader.ok()) {
        whole_.has_calls = whole_.has_calls || (*reader)->has_calls();
        conflict = find_conflict(file, **reader, whole_, options_);
      }
    }
    others_.push_back(std::move(part));
    return conflict;
  }

  std::string_view format() const override { return formats_; }
  TraceFilter filter() const override { return whole_.filter; }
  FetchUnit fetch_unit() const override { return whole_.fetch_unit; }
  bool has_calls() const override { return whole_.has_calls; }
  bool has_thread() const override { return has_thread_; }

  Result<TraceBlock, InputError> next_block() override {
    return next_as<TraceBlock>([](TraceReader& reader) { return reader.next_block(); });
  }
  PageRunReader* page_runs() override {
    return whole_.filter == TraceFilter::kRuns ? this : nullptr;
  }
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
    collapsed_.reset();
    Part& part = others_[next_++];
    auto reader = open_part(part, *row_, decompress_of(part.file));
    if (!reader.ok()) {
      fail(reader.error());
      return;
    }
    current_ = std::move(reader).value();
    row_ = part.row;
    if (const auto conflict = find_conflict(part.file, *current_, whole_, options_))
      fail(*conflict);
  }

  // A reader of the part, whose format is told if it is not known; `before` is that of the one
  // before it.
  Result<std::unique_ptr<TraceReader>, InputError> open_part(Part& part, const FormatRow& before,
                                                             Decompress decompress) {
    Result<Content, InputError> content = open_content(part.file, decompress);
    if (!content.ok()) return content.error();
    if (part.row == nullptr) {
      const auto detected =
          detect_format(*content, {.before = &before, .salvage = options_.salvage});
      if (!detected.ok()) return detected.error();
      part.row = *detected;
    }
    add_format(*part.row);
    return make_reader(*part.row, std::move(content).value(), options_.salvage);
  }

  void add_format(const FormatRow& row) {
    if (std::find(rows_.begin(), rows_.end(), &row) != rows_.end()) return;
    formats_ += (rows_.empty() ? "" : ", ") + std::string(row.info.name);
    rows_.push_back(&row);
  }

  // With salvage the trace ends there.
  void fail(const InputError& error) {
    if (options_.salvage) {
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

  const TraceOptions options_;
  const bool has_thread_;  // of the first file
  const FormatRow* row_;   // of current_
  Whole whole_;
  std::unique_ptr<TraceReader> current_;
  std::unique_ptr<PageRunReader> collapsed_{};  // of current_, where that is needed
  std::vector<Part> others_{};
  std::vector<const FormatRow*> rows_{};  // of all files that were looked into, each once
  std::string formats_{};                 // their names
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
  Result<trace::Content, InputError> first =
      trace::open_content(files.front(), trace::decompress_of(files.front()));
  if (!first.ok()) return first.error();
  const trace::FormatRow* row = trace::find_format(options.format);
  if (row == nullptr) {
    const auto detected = trace::detect_format(*first, {.salvage = options.salvage});
    if (!detected.ok()) return detected.error();
    row = *detected;
  }
  auto sequence = std::make_unique<trace::FileSequence>(*row, std::move(first).value(), options);
  for (auto file = files.begin() + 1; file != files.end(); ++file)
    if (const auto conflict = sequence->add(*file)) return *conflict;
  return std::unique_ptr<TraceReader>(std::move(sequence));
}

}  // namespace faultline
