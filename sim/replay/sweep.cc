// sweep_trace: an engine and a thread for each configuration, which share one reading of the trace.
#include "faultline/sweep.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "sim/base/check.h"
#include "sim/replay/engine.h"
#include "sim/replay/shared_trace.h"

namespace faultline {
namespace replay {
namespace {

// One configuration's replay; its thread alone touches it while it runs.
struct Job {
  std::unique_ptr<Engine> engine{};
  bool paranoid = false;
  std::optional<size_t> condensed{};  // of TraceForms::condensed; nothing: none
  std::unique_ptr<SharedReader> reader{};
  std::optional<Result<ReplayOutcome, InputError>> outcome{};
  std::exception_ptr failure{};  // no memory on the host
  std::thread thread{};
};

void run(Job& job, const ReplayOptions& options) {
  // Whatever happens, the others must not wait for this one.
  const std::unique_ptr<SharedReader> reader = std::move(job.reader);
  ReplayOptions of_job = options;
  if (job.condensed) of_job.condensed = reader.get();
  try {
    job.outcome = job.engine->replay(*reader, of_job);
    if (job.paranoid) job.engine->validate();
  } catch (...) {
    job.failure = std::current_exception();
  }
}

Result<std::vector<Job>, InputError> make_jobs(const TraceReader& reader,
                                               const SweepOptions& options) {
  std::vector<Job> jobs;
  for (const MachineOptions& configuration : options.configurations) {
    auto engine = make_engine({.machine = configuration}, reader);
    if (!engine) return engine.error();
    jobs.push_back(
        {.engine = std::move(engine).value(), .paranoid = configuration.paranoid_interval != 0});
  }
  return jobs;
}

// One for all that are alike; the smallest memory counts.
size_t find_or_add(std::vector<CondenserLimits>& condensed, const CondenserLimits& limits) {
  const auto found = std::ranges::find_if(
      condensed, [&](const CondenserLimits& each) { return each.alike(limits); });
  if (found == condensed.end()) {
    condensed.push_back(limits);
    return condensed.size() - 1;
  }
  found->frames_min = std::min(found->frames_min, limits.frames_min);
  return static_cast<size_t>(found - condensed.begin());
}

TraceForms forms_of(std::vector<Job>& jobs, const SweepOptions& options, uint64_t skip) {
  TraceForms forms;
  for (Job& job : jobs) {
    (job.engine->name() == "runs" ? forms.runs : forms.accesses) = true;
    if (const auto limits = job.engine->condenser_limits())
      job.condensed = find_or_add(forms.condensed, *limits);
  }
  forms.numbers = forms.runs;
  if (!forms.runs || skip > 0) return forms;
  forms.by_number_below = ~uint64_t{0};
  for (const MachineOptions& machine : options.configurations)
    forms.by_number_below = std::min(forms.by_number_below, by_number_below_of(machine));
  return forms;
}

// False: not all could be started; those that were not have no reader any more.
bool start(std::vector<Job>& jobs, const ReplayOptions& options) {
  bool started = true;
  for (Job& job : jobs) {
    try {
      if (started) job.thread = std::thread(run, std::ref(job), std::cref(options));
    } catch (const std::system_error&) {
      started = false;
    }
    if (!started) job.reader.reset();
  }
  return started;
}

SweepReport collect(std::vector<Job>& jobs, const TraceReader& reader,
                    const SweepOptions& options) {
  SweepReport sweep;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const ReplayOutcome& outcome = **jobs[i].outcome;
    if (outcome.end == ReplayEnd::kOutOfMemory) sweep.end = SweepEnd::kOutOfMemory;
    ReplayReport report{.files = {},
                        .format = std::string(reader.format()),
                        .records = outcome.records,
                        .page_size = page_size_of(options.configurations[i]).bytes(),
                        .config = options.configurations[i],
                        .stats = jobs[i].engine->stats()};
    for (const InputError& damage : reader.damage()) report.damage.push_back(damage.to_string());
    if (reader.has_calls()) report.calls = {.made = outcome.calls, .differing = outcome.differing};
    sweep.replays.push_back(std::move(report));
  }
  return sweep;
}

// What became of the threads, all of which have ended.
Result<SweepReport, InputError> conclude(std::vector<Job>& jobs, const SharedTrace& trace,
                                         const TraceReader& reader, const SweepOptions& options) {
  for (const Job& job : jobs)
    if (job.failure) std::rethrow_exception(job.failure);
  if (trace.error()) return *trace.error();
  for (const Job& job : jobs)
    if (!job.outcome->ok()) return job.outcome->error();
  SweepReport report = collect(jobs, reader, options);
  if (trace.interrupted() && report.end == SweepEnd::kDone) report.end = SweepEnd::kInterrupted;
  return report;
}

}  // namespace
}  // namespace replay

Result<SweepReport, InputError> sweep_trace(TraceReader& reader, const SweepOptions& options) {
  using namespace replay;
  FL_CHECK(options.configurations.size() <= kSweepConfigurationsMax);
  auto jobs = make_jobs(reader, options);
  if (!jobs) return jobs.error();
  if (jobs->empty()) return SweepReport{};
  const auto skip = pass_over(reader, options.skip);
  if (!skip) return skip.error();
  SharedTrace::Options how{.forms = forms_of(*jobs, options, *skip),
                           .jobs = options.jobs,
                           .accesses_max = accesses_to_read(*skip, options.limit),
                           .interrupted = options.interrupted};
  if (options.on_progress) {
    how.on_progress = [&options, skipped = *skip](uint64_t accesses) {
      options.on_progress(accesses - std::min(accesses, skipped));
    };
  }
  SharedTrace trace(reader, how);
  for (Job& job : *jobs) job.reader = trace.make_reader(job.condensed);
  const ReplayOptions each{.skip = *skip, .limit = options.limit};
  const bool started = start(*jobs, each);
  trace.read();
  for (Job& job : *jobs)
    if (job.thread.joinable()) job.thread.join();
  if (trace.failure()) std::rethrow_exception(trace.failure());
  if (!started) return InputError{.message = "so many threads cannot be started"};
  return conclude(*jobs, trace, reader, options);
}

}  // namespace faultline
