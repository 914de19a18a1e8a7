// `faultline record`.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "faultline/trace_writer.h"
#include "sim/base/log.h"
#include "sim/cli/commands.h"
#include "sim/cli/message.h"
#include "sim/cli/quantities.h"
#include "sim/record/recorder.h"

namespace faultline::cli {
namespace {

using Clock = std::chrono::steady_clock;

// What of a choice's names the user wrote.
template <class Choice, size_t kChoices>
Result<Choice, InputError> parse_choice(
    std::string_view option, const std::string& text,
    const std::pair<std::string_view, Choice> (&choices)[kChoices]) {
  std::string names;
  for (const auto& [name, choice] : choices) {
    if (text == name) return choice;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
  }
  return InputError{.message = fmt::format("{}: '{}' is none of {}", option, text, names)};
}

struct Settings {
  record::RecordRequest request{};
  TraceWriterOptions writer{};
  std::optional<uint64_t> limit{};
};

Result<Settings, InputError> settings_of(const RecordCommand& command) {
  using record::Backend;
  Settings settings;
  const auto backend = parse_choice<Backend, 3>(
      "--backend", command.backend,
      {{"auto", Backend::kAuto}, {"qemu", Backend::kQemu}, {"lackey", Backend::kLackey}});
  if (!backend) return backend.error();
  const auto chosen = record::choose_backend(*backend);
  if (!chosen) return chosen.error();
  const auto filter = parse_choice<TraceFilter, 2>(
      "--filter", command.filter, {{"runs", TraceFilter::kRuns}, {"off", TraceFilter::kOff}});
  if (!filter) return filter.error();
  const auto fetch = parse_choice<FetchUnit, 2>(
      "--fetch", command.fetch,
      {{"insn", FetchUnit::kInstruction}, {"block", FetchUnit::kBasicBlock}});
  if (!fetch) return fetch.error();
  if (!command.limit.empty()) {
    const auto limit = parse_count("--limit", command.limit);
    if (!limit) return limit.error();
    settings.limit = *limit;
  }
  settings.request = {.command = command.command,
                      .backend = *chosen,
                      .fetches = *fetch,
                      .output_to_stderr = command.output == "-"};
  settings.writer = {.filter = *filter, .fetch_unit = *fetch, .has_calls = true};
  settings.writer.producer =
      fmt::format("faultline record --backend {}: {}", record::backend_name(*chosen),
                  fmt::join(command.command, " "));
  settings.writer.producer.resize(std::min(settings.writer.producer.size(), kProducerBytesMax));
  return settings;
}

// Writes what is recorded, up to a limit.
class WriterSink : public record::TraceSink {
 public:
  WriterSink(TraceWriter& writer, std::optional<uint64_t> limit) : writer_(writer), limit_(limit) {}

  bool take(const TraceBlock& block) override {
    TraceBlock kept = block;
    const uint64_t room = limit_ ? *limit_ - accesses_ : block.accesses.size();
    if (room < block.accesses.size()) {
      kept.accesses = block.accesses.first(room);
      kept.call = nullptr;
    }
    accesses_ += kept.accesses.size();
    if (const auto written = writer_.write(kept); !written) error_ = written.error();
    return !error_ && room >= block.accesses.size();
  }
  uint64_t accesses() const { return accesses_; }
  const std::optional<TraceWriteError>& error() const { return error_; }

 private:
  TraceWriter& writer_;
  const std::optional<uint64_t> limit_;
  uint64_t accesses_ = 0;
  std::optional<TraceWriteError> error_{};
};

void tell_summary(const RecordCommand& command, uint64_t accesses, Clock::duration elapsed) {
  if (command.quiet || (!command.verbose && isatty(STDERR_FILENO) != 1)) return;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  std::string text = fmt::format("recorded {} accesses in {:.1f} s, {:.1f} M/s", accesses, seconds,
                                 double(accesses) / seconds / 1e6);
  struct stat status {};
  if (stat(command.output.c_str(), &status) == 0 && S_ISREG(status.st_mode) && accesses > 0) {
    text += fmt::format("; {} bytes, {:.3f} an access", status.st_size,
                        double(status.st_size) / double(accesses));
  }
  base::log_line(base::LogLevel::kInfo, text);
}

}  // namespace

ExitStatus run_record(const RecordCommand& command) {
  const auto settings = settings_of(command);
  if (!settings) return fail(settings.error());
  auto writer = create_trace(command.output, settings->writer);
  if (!writer) return fail(writer.error());
  WriterSink sink(**writer, settings->limit);
  const Clock::time_point start = Clock::now();
  const auto recording = record::record(settings->request, sink);
  if (!recording) return fail(recording.error());
  if (sink.error()) return fail(*sink.error(), ExitStatus(recording->exit_status));
  if (const auto finished = (*writer)->finish(); !finished)
    return fail(finished.error(), ExitStatus(recording->exit_status));
  for (const std::string& gap : recording->gaps) base::log(base::LogLevel::kWarning, "{}", gap);
  tell_summary(command, sink.accesses(), Clock::now() - start);
  return ExitStatus(recording->exit_status);
}

}  // namespace faultline::cli
