#include "sim/replay/engine.h"

#include <optional>
#include <utility>

#include "faultline/machine.h"
#include "sim/hw/paging_description.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/beside.h"
#include "sim/replay/run_machine.h"
#include "sim/replay/run_replayer.h"

namespace faultline::replay {
namespace {

class MachineEngine final : public Engine {
 public:
  MachineEngine(std::unique_ptr<Machine> machine, Process& process)
      : machine_(std::move(machine)), process_(process) {}
  ~MachineEngine() override { machine_->set_event_sink(nullptr); }

  std::string_view name() const override { return "machine"; }
  Result<ReplayOutcome, InputError> replay(TraceReader& reader,
                                           const ReplayOptions& options) override {
    return replay::replay(reader, *machine_, process_, options);
  }
  Stats stats() override { return machine_->stats(); }
  void validate() override { machine_->validate(); }

 private:
  std::unique_ptr<Machine> machine_;
  Process& process_;
};

Result<ReplayOutcome, InputError> replay_here(TraceReader& reader, RunMachine& machine,
                                              const ReplayOptions& options) {
  if (PageRunReader* const runs = reader.page_runs()) return replay_runs(*runs, machine, options);
  return replay_runs(*make_page_run_reader(reader), machine, options);
}

class RunEngine final : public Engine {
 public:
  RunEngine(const EngineOptions& options, std::unique_ptr<ReplacementPolicy> policy)
      : machine_(options.machine, std::move(policy)),
        by_number_below_(by_number_below_of(options.machine)) {}

  std::string_view name() const override { return "runs"; }
  Result<ReplayOutcome, InputError> replay(TraceReader& reader,
                                           const ReplayOptions& options) override {
    // What is skipped need not be made into runs.
    ReplayOptions rest = options;
    const auto skip = pass_over(reader, options.skip);
    if (!skip) return skip.error();
    rest.skip = *skip;
    std::optional<Result<ReplayOutcome, InputError>> outcome;
    const BesideOptions beside{.numbers = true,
                               .by_number_below = goes_by_number(rest) ? by_number_below_ : 0,
                               .condensed = limits_of(machine_, rest),
                               .accesses_max = accesses_to_read(rest.skip, rest.limit),
                               .interrupted = rest.interrupted};
    const bool interrupted =
        read_beside(reader, beside, [&](TraceReader& pieces, const CondensedSource* condensed) {
          if (condensed != nullptr) rest.condensed = condensed;
          outcome = replay_here(pieces, machine_, rest);
        });
    if (interrupted && outcome->ok() && (*outcome)->end == ReplayEnd::kDone)
      (*outcome)->end = ReplayEnd::kInterrupted;
    return *std::move(outcome);
  }
  std::optional<CondenserLimits> condenser_limits() const override {
    return machine_.condenser_limits();
  }
  Stats stats() override { return machine_.stats(); }
  void validate() override { machine_.validate(); }

 private:
  // Observers are told of addresses; and where blocks are passed over nobody knows their pages.
  static bool goes_by_number(const ReplayOptions& options) {
    return options.observers.empty() && options.skip == 0;
  }

  RunMachine machine_;
  const uint64_t by_number_below_;
};

// Mapping calls and listings are those of a kernel with pages of as many bytes.
constexpr uint64_t kCallPageBytes = 4096;

// What the machine's pages are too large or too small for; empty: nothing.
std::string misfit(const EngineOptions& options, const TraceReader& reader) {
  const auto format =
      hw::make_paging_format(options.machine.paging, options.machine.paging_description);
  if (!format) return {};  // make_machine() says so
  const uint64_t bytes = format->page_size().bytes();
  const std::string pages =
      options.machine.paging + " has pages of " + std::to_string(bytes) + " bytes";
  if (bytes != kCallPageBytes && reader.has_calls())
    return pages + "; the trace's mapping calls are of a kernel with pages of 4096";
  if (bytes != kCallPageBytes && !options.maps.empty())
    return pages + "; a listing of mappings is of a kernel with pages of 4096";
  if (bytes < kCallPageBytes && reader.filter() == TraceFilter::kRuns)
    return pages + "; the trace holds page runs, of pages of 4096";
  return {};
}

Result<std::unique_ptr<Engine>, InputError> make_machine_engine(const EngineOptions& options) {
  auto machine = make_machine(options.machine);
  if (!machine) return machine.error();
  Process& process = (*machine)->start_empty_process();
  if (!options.maps.empty()) {
    if (const auto loaded = (*machine)->load_maps(process, options.maps); !loaded) {
      return InputError{
          .file = options.maps_file,
          .message = "these mappings cannot be made: " + std::string(errno_text(loaded.error()))};
    }
  }
  (*machine)->set_event_sink(options.events);
  return std::unique_ptr<Engine>(
      std::make_unique<MachineEngine>(std::move(machine).value(), process));
}

}  // namespace

Result<std::unique_ptr<Engine>, InputError> make_engine(const EngineOptions& options,
                                                        const TraceReader& reader) {
  if (std::string why = misfit(options, reader); !why.empty())
    return InputError{.message = "--paging: " + std::move(why)};
  const bool can_do = RunMachine::can_replay(options.machine) && !reader.has_calls() &&
                      options.maps.empty() && options.events == nullptr &&
                      options.machine.paranoid_interval == 0;
  if (!can_do) return make_machine_engine(options);
  // It alone checks the options.
  if (auto machine = make_machine(options.machine); !machine) return machine.error();
  auto policy =
      reclaim::make_policy(options.machine.policy, {.frames = options.machine.frames.value_or(1),
                                                    .seed = options.machine.seed,
                                                    .next_uses = options.machine.next_uses});
  if (!policy) return policy.error();
  return std::unique_ptr<Engine>(std::make_unique<RunEngine>(options, std::move(policy).value()));
}

}  // namespace faultline::replay
