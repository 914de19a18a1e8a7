// `faultline replay`.
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/page_run.h"
#include "faultline/report.h"
#include "faultline/trace.h"
#include "sim/base/log.h"
#include "sim/cli/commands.h"
#include "sim/cli/foresight.h"
#include "sim/cli/input_file.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/message.h"
#include "sim/cli/output_file.h"
#include "sim/cli/paging_option.h"
#include "sim/cli/progress.h"
#include "sim/cli/quantities.h"
#include "sim/cli/replay_extras.h"
#include "sim/cli/salvage.h"
#include "sim/replay/engine.h"
#include "sim/replay/maps_file.h"
#include "sim/replay/replayer.h"
#include "sim/report/event_log.h"

namespace faultline::cli {
namespace {

using Clock = std::chrono::steady_clock;

Result<Unmapped, InputError> parse_unmapped(const std::string& text) {
  if (text.empty() || text == "map") return Unmapped::kMap;
  if (text == "fault") return Unmapped::kFault;
  return InputError{.message = "--unmapped: '" + text + "' is not 'map' or 'fault'"};
}

Result<MachineOptions, InputError> machine_options(const ReplayCommand& command) {
  MachineOptions options{.paging = command.paging,
                         .policy = command.policy,
                         .contents = Contents::kNone,
                         .paranoid_interval = command.paranoid ? kParanoidInterval : 0};
  auto description = read_paging(command.paging);
  if (!description) return description.error();
  options.paging_description = std::move(description).value();
  if (!command.memory.empty()) {
    auto frames =
        parse_size_in_pages("--memory", command.memory, replay::page_size_of(options).bytes());
    if (!frames) return frames.error();
    options.frames = *frames;
  }
  if (!command.tlb.empty()) {
    auto tlb = parse_tlb("--tlb", command.tlb);
    if (!tlb) return tlb.error();
    options.tlb = *tlb;
  }
  auto walk_cache = parse_walk_cache("--walk-cache", command.walk_cache);
  if (!walk_cache) return walk_cache.error();
  options.walk_cache = *walk_cache;
  auto unmapped = parse_unmapped(command.unmapped);
  if (!unmapped) return unmapped.error();
  options.unmapped = *unmapped;
  auto seed = parse_count("--seed", command.seed);
  if (!seed) return seed.error();
  options.seed = *seed;
  return options;
}

// Which option make_machine() took offence at: the one that it does not take alone either.
std::string_view culprit(const MachineOptions& options) {
  const std::pair<std::string_view, MachineOptions> suspects[] = {
      {"--memory: ",
       {.paging = options.paging,
        .paging_description = options.paging_description,
        .frames = options.frames}},
      {"--policy: ", {.policy = options.policy, .next_uses = options.next_uses}},
      {"--tlb: ", {.tlb = options.tlb}},
      {"--walk-cache: ",
       {.paging = options.paging,
        .paging_description = options.paging_description,
        .walk_cache = options.walk_cache}},
  };
  for (const auto& [name, alone] : suspects)
    if (!make_machine(alone).ok()) return name;
  return "";
}

Result<replay::ReplayOptions, InputError> replay_options(const ReplayCommand& command) {
  replay::ReplayOptions options{.interrupted = &interrupt_flag()};
  auto skip = parse_count("--skip", command.skip);
  if (!skip) return skip.error();
  options.skip = *skip;
  if (!command.limit.empty()) {
    auto limit = parse_count("--limit", command.limit);
    if (!limit) return limit.error();
    options.limit = *limit;
  }
  if (command.warm) options.page_cache = replay::PageCacheAtFirst::kWarm;
  if (!command.interval.empty()) {
    auto interval = parse_count("--interval", command.interval);
    if (!interval) return interval.error();
    if (*interval == 0) return InputError{.message = "--interval: must be at least 1"};
    options.interval = *interval;
  }
  return options;
}

// The lines of the file of --maps.
Result<std::vector<MapsLine>, InputError> read_maps(const std::string& file) {
  if (file.empty()) return std::vector<MapsLine>{};
  auto text = read_text_file(file);
  if (!text) return text.error();
  return replay::parse_maps(file, *text);
}

// The events take the place of the report then, but for a JSON document, which is one line more.
bool events_go_to_standard_output(const ReplayCommand& command) { return command.events == "-"; }

// The file of --events, and the log that writes to it.
class EventFile {
 public:
  // False: it cannot be; said already.
  bool open(const ReplayCommand& command) {
    if (command.events.empty()) return true;
    if (!file_.open("--events", command.events, command.traces)) return false;
    log_.emplace([this](std::string_view line) { file_.write(line); });
    return true;
  }
  // Null where no file was named.
  EventSink* sink() { return log_ ? &*log_ : nullptr; }
  // Where it could not be written that is said, and the status is not kDone.
  ExitStatus finish() { return log_ ? file_.finish() : ExitStatus::kDone; }

 private:
  OutputFile file_;
  std::optional<report::EventLog> log_;
};

// What is to be replayed, where, and how.
struct Replay {
  const ReplayCommand& command;
  MachineOptions machine_options;
  replay::ReplayOptions options;
  replay::Engine& engine;
  TraceReader& reader;
  ReplayExtras& extras;
  EventFile& events;
};

Result<replay::ReplayOutcome, InputError> replay_with_progress(const ReplayCommand& command,
                                                               replay::Engine& engine,
                                                               TraceReader& reader,
                                                               replay::ReplayOptions options) {
  std::optional<Progress> progress;
  if (wants_progress(command.progress)) {
    progress.emplace(stderr);
    options.on_progress = [&progress](uint64_t accesses) { progress->update(accesses); };
  }
  return engine.replay(reader, options);
}

ExitStatus replay_and_report(Replay& replay, Output& out) {
  const Clock::time_point start = Clock::now();
  auto outcome = replay_with_progress(replay.command, replay.engine, replay.reader, replay.options);
  if (!outcome) return fail(outcome.error());
  if (outcome->end == replay::ReplayEnd::kOutOfMemory) {
    print_error("the simulated machine is out of memory: no frame can be evicted");
    return ExitStatus::kResource;
  }
  if (replay.command.paranoid) replay.engine.validate();

  const ReplayCommand& command = replay.command;
  ReplayReport report{.files = command.traces,
                      .format = std::string(replay.reader.format()),
                      .records = outcome->records,
                      .page_size = replay::page_size_of(replay.machine_options).bytes(),
                      .config = replay.machine_options,
                      .stats = replay.engine.stats()};
  if (replay.reader.has_calls())
    report.calls = {.made = outcome->calls, .differing = outcome->differing};
  replay.extras.add_to(report);
  report.damage = damage_texts(replay.reader);
  warn_of_damage(replay.reader);
  // Before the report, which may go to the same place.
  const ExitStatus written = replay.events.finish();
  const bool on_terminal = !command.json && isatty(STDOUT_FILENO) == 1;
  if (command.timing || on_terminal)
    report.host = HostTiming{std::chrono::duration<double>(Clock::now() - start).count()};
  if (command.json)
    out.write(replay_report_json(report) + '\n');
  else if (!events_go_to_standard_output(command))
    out.write(report.intervals ? replay_intervals_csv(report) : replay_report_text(report));
  return outcome->end == replay::ReplayEnd::kInterrupted ? ExitStatus::kInterrupted : written;
}

// What replays `reader`'s trace. A trace that says what was mapped has no use for inferred
// mappings.
Result<std::unique_ptr<replay::Engine>, InputError> engine_for(const TraceReader& reader,
                                                               const ReplayCommand& command,
                                                               replay::EngineOptions& options) {
  if (command.unmapped.empty() && reader.has_calls()) options.machine.unmapped = Unmapped::kFault;
  auto engine = replay::make_engine(options, reader);
  if (engine) base::log(base::LogLevel::kInfo, "replayed by {}", (*engine)->name());
  return engine;
}

// The first pass over the trace, for a policy that knows the future. Nothing: the second may begin.
std::optional<ExitStatus> look_ahead(const ReplayCommand& command, Foresight& foresight,
                                     const replay::EngineOptions& engine,
                                     const replay::ReplayOptions& how) {
  std::optional<Progress> progress;
  FirstPass pass{.traces = command.traces,
                 .trace = {.format = command.format, .salvage = command.salvage},
                 .engine = engine,
                 .unmapped_as_trace = command.unmapped.empty(),
                 .how = {.skip = how.skip,
                         .limit = how.limit,
                         .interrupted = how.interrupted,
                         .opt_frames = how.opt_frames}};
  if (wants_progress(command.progress)) {
    progress.emplace(stderr);
    pass.how.on_progress = [&progress](uint64_t accesses) { progress->update(accesses); };
  }
  const auto failure = foresight.look_ahead(std::move(pass));
  if (!failure) return std::nullopt;
  return fail(failure->error, failure->status);
}

}  // namespace

ExitStatus run_replay(const ReplayCommand& command, Output& out) {
  auto machine_config = machine_options(command);
  if (!machine_config) return fail(machine_config.error());
  auto options = replay_options(command);
  if (!options) return fail(options.error());
  if (options->interval != 0 &&
      replay::page_size_of(*machine_config).bytes() < uint64_t{1} << kPageRunShift)
    return fail({.message = "--interval: working sets are of pages of 4096 bytes at least"});
  if (events_go_to_standard_output(command) && options->interval != 0 && !command.json)
    return fail({.message = "--events: the rows of --interval go to standard output"});
  Foresight foresight;
  if (foresight.needed(command.policy)) {
    if (auto error = foresight.create()) return fail(*error, ExitStatus::kResource);
    machine_config->next_uses = foresight.next_uses();
  }
  if (auto made = make_machine(*machine_config); !made) {
    InputError error = made.error();
    error.message.insert(0, culprit(*machine_config));
    return fail(error);
  }
  catch_interrupt();
  auto maps = read_maps(command.maps);
  if (!maps) return fail(maps.error());
  if (machine_config->next_uses != nullptr && machine_config->frames) {
    const bool in_full = command.by_mapping || command.huge_pages || command.paranoid ||
                         !command.events.empty() || !command.interval.empty();
    if (!in_full) options->opt_frames = *machine_config->frames;
    const replay::EngineOptions first{
        .machine = *machine_config, .maps = *maps, .maps_file = command.maps};
    if (const auto failed = look_ahead(command, foresight, first, *options)) return *failed;
  }
  auto reader = open_trace(command.traces, {.format = command.format, .salvage = command.salvage});
  if (!reader) return fail(reader.error());
  base::log(base::LogLevel::kInfo, "the trace's format is {}", (*reader)->format());
  EventFile events;
  if (!events.open(command)) return ExitStatus::kBadInput;
  ReplayExtras extras(command, *machine_config, events.sink());
  replay::EngineOptions engine_options{.machine = *machine_config,
                                       .maps = *maps,
                                       .maps_file = command.maps,
                                       .events = extras.sink()};
  auto engine = engine_for(**reader, command, engine_options);
  if (!engine) return fail(engine.error());
  extras.watch(**engine, *options);
  Replay replay{command, engine_options.machine, *options, **engine, **reader, extras, events};
  return replay_and_report(replay, out);
}

}  // namespace faultline::cli
