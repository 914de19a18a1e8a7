// `faultline sweep` and `faultline merge`.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/report.h"
#include "faultline/sweep.h"
#include "faultline/trace.h"
#include "sim/base/log.h"
#include "sim/cli/commands.h"
#include "sim/cli/foresight.h"
#include "sim/cli/input_file.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/message.h"
#include "sim/cli/progress.h"
#include "sim/cli/quantities.h"
#include "sim/cli/replay_extras.h"
#include "sim/cli/salvage.h"
#include "sim/cli/sweep_configurations.h"
#include "sim/cli/sweep_output.h"
#include "sim/report/utf8.h"

namespace faultline::cli {
namespace {

// What make_machine() says of each, with the option that it is about where that is known.
Result<void, InputError> check(const std::vector<MachineOptions>& configurations,
                               NextUses* next_uses) {
  for (MachineOptions configuration : configurations) {
    configuration.next_uses = next_uses;
    const std::pair<std::string_view, MachineOptions> suspects[] = {
        {"--memory: ",
         {.paging = configuration.paging,
          .paging_description = configuration.paging_description,
          .frames = configuration.frames}},
        {"--policy: ", {.policy = configuration.policy, .next_uses = next_uses}},
        {"--tlb: ", {.tlb = configuration.tlb}},
        {"--walk-cache: ",
         {.paging = configuration.paging,
          .paging_description = configuration.paging_description,
          .walk_cache = configuration.walk_cache}},
        {"", configuration},
    };
    for (const auto& [name, alone] : suspects)
      if (const auto made = make_machine(alone); !made)
        return wrong(std::string(name) + made.error().message);
  }
  return {};
}

Result<SweepOptions, InputError> sweep_options(const SweepCommand& command) {
  auto configurations = sweep_configurations(command.lists);
  if (!configurations) return configurations.error();
  SweepOptions options{.configurations = std::move(configurations).value(),
                       .jobs = std::max(1U, std::thread::hardware_concurrency()),
                       .interrupted = &interrupt_flag()};
  const auto skip = parse_count("--skip", command.skip);
  if (!skip) return skip.error();
  options.skip = *skip;
  if (!command.limit.empty()) {
    const auto limit = parse_count("--limit", command.limit);
    if (!limit) return limit.error();
    options.limit = *limit;
  }
  if (!command.jobs.empty()) {
    const auto jobs = parse_count("--jobs", command.jobs);
    if (!jobs) return jobs.error();
    if (*jobs == 0) return wrong("--jobs: must be at least 1");
    options.jobs = static_cast<unsigned>(std::min<uint64_t>(*jobs, kSweepConfigurationsMax));
  }
  const auto seed = parse_count("--seed", command.seed);
  if (!seed) return seed.error();
  for (MachineOptions& configuration : options.configurations) {
    configuration.seed = *seed;
    if (command.paranoid) configuration.paranoid_interval = kParanoidInterval;
  }
  return options;
}

// What the shards of a sweep have in common. A file that describes a format is told by what is in
// it.
std::string sweep_name(const SweepCommand& command,
                       const std::vector<MachineOptions>& configurations) {
  std::string name = "memory=" + command.lists.memory + " policy=" + command.lists.policy +
                     " tlb=" + command.lists.tlb + " walk-cache=" + command.lists.walk_cache +
                     " paging=" + command.lists.paging + " skip=" + command.skip +
                     " limit=" + command.limit + " seed=" + command.seed +
                     " format=" + command.format;
  std::set<std::string> descriptions;
  for (const MachineOptions& configuration : configurations)
    descriptions.insert(configuration.paging_description);
  for (const std::string& description : descriptions) name += " " + description;
  for (const std::string& trace : command.traces) name += " " + trace;
  return report::utf8_name(name);
}

// Every of-th configuration, from the number-th on.
report::Shard take_shard(const SweepCommand& command, const ShardOf& shard,
                         std::vector<MachineOptions>& configurations) {
  report::Shard taken{.number = shard.number,
                      .of = shard.of,
                      .configurations = configurations.size(),
                      .options = sweep_name(command, configurations)};
  std::vector<MachineOptions> own;
  for (uint64_t i = shard.number - 1; i < configurations.size(); i += shard.of) {
    taken.indices.push_back(i);
    own.push_back(configurations[i]);
    if (configurations.size() - i <= shard.of) break;
  }
  configurations = std::move(own);
  return taken;
}

// The future of a trace, for those configurations whose policies know it.
class Futures {
 public:
  // Errors: a temporary file cannot be made.
  std::optional<InputError> create(const std::vector<MachineOptions>& configurations) {
    for (const MachineOptions& configuration : configurations) {
      if (!needs_one(configuration)) continue;
      const auto [future, is_new] = by_paging_.try_emplace(configuration.paging);
      if (!is_new) continue;
      if (auto error = future->second.create()) return error;
    }
    return std::nullopt;
  }
  // For checks; null: none is needed.
  NextUses* any() { return by_paging_.empty() ? nullptr : by_paging_.begin()->second.next_uses(); }

  // Reads the trace first, once for each format of page tables that it is needed with, and gives
  // each configuration that needs it a future of its own. REQUIRES: create() has succeeded.
  std::optional<ForesightFailure> look_ahead(const SweepCommand& command, SweepOptions& options) {
    for (auto& [paging, foresight] : by_paging_) {
      MachineOptions* one = nullptr;
      for (MachineOptions& configuration : options.configurations)
        if (needs_one(configuration) && configuration.paging == paging) one = &configuration;
      if (one == nullptr) continue;  // in another shard
      MachineOptions machine = *one;
      machine.unmapped = Unmapped::kMap;
      auto failure =
          foresight.look_ahead({.traces = command.traces,
                                .trace = {.format = command.format, .salvage = command.salvage},
                                .engine = {.machine = machine},
                                .unmapped_as_trace = true,
                                .how = {.skip = options.skip,
                                        .limit = options.limit,
                                        .interrupted = options.interrupted,
                                        .on_progress = options.on_progress}});
      if (failure) return failure;
    }
    for (MachineOptions& configuration : options.configurations) {
      if (!needs_one(configuration)) continue;
      own_.push_back(by_paging_.at(configuration.paging).make_next_uses());
      configuration.next_uses = own_.back().get();
    }
    return std::nullopt;
  }

 private:
  static bool needs_one(const MachineOptions& configuration) {
    return Foresight::needed(configuration.policy);
  }

  // Pages, and which of them no program has, follow from the format.
  std::map<std::string, Foresight> by_paging_;
  std::vector<std::unique_ptr<NextUses>> own_;
};

// The reports of all configurations. Nothing: why, was said.
struct Swept {
  ExitStatus status = ExitStatus::kDone;
  std::vector<ReplayReport> replays{};
};

Swept sweep(const SweepCommand& command, const SweepOptions& options, Futures& futures) {
  const auto failed = [](ExitStatus status, const InputError& error) {
    print_error(error.to_string());
    return Swept{.status = status};
  };
  SweepOptions each = options;
  std::optional<Progress> progress;
  if (wants_progress(command.progress))
    each.on_progress = [&progress](uint64_t accesses) { progress->update(accesses); };
  progress.emplace(stderr);
  const auto failure = futures.look_ahead(command, each);
  progress.reset();
  if (failure) return failed(failure->status, failure->error);
  const auto reader =
      open_trace(command.traces, {.format = command.format, .salvage = command.salvage});
  if (!reader) return failed(ExitStatus::kBadInput, reader.error());
  base::log(base::LogLevel::kInfo, "the trace's format is {}", (*reader)->format());
  const Unmapped unmapped = (*reader)->has_calls() ? Unmapped::kFault : Unmapped::kMap;
  for (MachineOptions& configuration : each.configurations) configuration.unmapped = unmapped;
  progress.emplace(stderr);
  auto report = sweep_trace(**reader, each);
  progress.reset();
  if (!report) return failed(ExitStatus::kBadInput, report.error());
  if (report->end == SweepEnd::kOutOfMemory)
    return failed(ExitStatus::kResource,
                  wrong("a simulated machine is out of memory: no frame can be evicted"));
  warn_of_damage(**reader);
  for (ReplayReport& replay : report->replays) replay.files = command.traces;
  return {report->end == SweepEnd::kInterrupted ? ExitStatus::kInterrupted : ExitStatus::kDone,
          std::move(report->replays)};
}

ExitStatus sweep_and_show(const SweepCommand& command, const SweepOptions& options,
                          Futures& futures, report::Shard* shard, SweepOutput& output,
                          Output& out) {
  const Swept swept = sweep(command, options, futures);
  if (swept.status != ExitStatus::kDone && swept.status != ExitStatus::kInterrupted)
    return swept.status;
  report::Documents documents;
  for (const ReplayReport& replay : swept.replays) documents.push_back(replay_report_json(replay));
  if (shard != nullptr) {
    shard->interrupted = swept.status == ExitStatus::kInterrupted;
    shard->documents = std::move(documents);
    out.write(report::shard_json(*shard) + '\n');
    return swept.status;
  }
  const ExitStatus status = output.show(documents, out);
  return swept.status == ExitStatus::kInterrupted ? swept.status : status;
}

}  // namespace

ExitStatus run_sweep(const SweepCommand& command, Output& out) {
  auto options = sweep_options(command);
  if (!options) return fail(options.error());
  Futures futures;
  if (const auto error = futures.create(options->configurations))
    return fail(*error, ExitStatus::kResource);
  if (const auto checked = check(options->configurations, futures.any()); !checked)
    return fail(checked.error());
  if (!command.shard.empty() && (command.csv || !command.chart.empty()))
    return fail(wrong("--shard prints what 'faultline merge' takes, which has --csv and --chart"));
  SweepOutput output;
  if (!output.prepare({command.json, command.csv, command.chart}, command.traces))
    return ExitStatus::kBadInput;
  catch_interrupt();
  if (command.shard.empty())
    return sweep_and_show(command, *options, futures, nullptr, output, out);
  const auto of = parse_shard_of(command.shard);
  if (!of) return fail(of.error());
  report::Shard shard = take_shard(command, *of, options->configurations);
  return sweep_and_show(command, *options, futures, &shard, output, out);
}

ExitStatus run_merge(const MergeCommand& command, Output& out) {
  SweepOutput output;
  if (!output.prepare({command.json, command.csv, command.chart}, command.shards))
    return ExitStatus::kBadInput;
  std::vector<report::Shard> shards;
  for (const std::string& file : command.shards) {
    const auto text = read_text_file(file);
    if (!text) return fail(text.error());
    auto shard = report::parse_shard(file, *text);
    if (!shard) return fail(shard.error());
    shards.push_back(std::move(shard).value());
  }
  const auto documents = report::merge_shards(shards);
  if (!documents) return fail(documents.error());
  return output.show(*documents, out);
}

}  // namespace faultline::cli
