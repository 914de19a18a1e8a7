#include "sim/replay/sweep.h"

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

namespace faultline::replay {
namespace {

// One configuration's replay; its thread alone touches it while it runs.
struct Job {
  std::unique_ptr<Engine> engine{};
  std::unique_ptr<TraceReader> reader{};
  std::optional<Result<ReplayOutcome, InputError>> outcome{};
  std::exception_ptr failure{};  // no memory on the host
  std::thread thread{};
};

void run(Job& job, const ReplayOptions& options) {
  // Whatever happens, the others must not wait for this one.
  const std::unique_ptr<TraceReader> reader = std::move(job.reader);
  try {
    job.outcome = job.engine->replay(*reader, options);
  } catch (...) {
    job.failure = std::current_exception();
  }
}

Result<std::vector<Job>, InputError> make_jobs(const TraceReader& reader,
                                               const SweepOptions& options) {
  std::vector<Job> jobs;
  for (const MachineOptions& configuration : options.configurations) {
    auto engine = make_engine({.machine = configuration, .runs_at_hand = true}, reader);
    if (!engine) return engine.error();
    jobs.push_back({.engine = std::move(engine).value()});
  }
  return jobs;
}

TraceForms forms_of(const std::vector<Job>& jobs) {
  TraceForms forms;
  for (const Job& job : jobs) (job.engine->name() == "runs" ? forms.runs : forms.accesses) = true;
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

SweepOutcome collect(std::vector<Job>& jobs, const TraceReader& reader,
                     const SweepOptions& options) {
  SweepOutcome sweep;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const ReplayOutcome& outcome = **jobs[i].outcome;
    if (outcome.end == ReplayEnd::kOutOfMemory) sweep.end = outcome.end;
    ReplayReport report{.files = {},
                        .format = std::string(reader.format()),
                        .records = outcome.records,
                        .page_size = page_size_of(options.configurations[i]).bytes(),
                        .config = options.configurations[i],
                        .stats = jobs[i].engine->stats()};
    if (reader.has_calls()) report.calls = {.made = outcome.calls, .differing = outcome.differing};
    sweep.reports.push_back(std::move(report));
  }
  return sweep;
}

uint64_t sum(uint64_t a, uint64_t b) { return a > kNoLimit - b ? kNoLimit : a + b; }

}  // namespace

Result<SweepOutcome, InputError> sweep(TraceReader& reader, const SweepOptions& options) {
  FL_CHECK(options.configurations.size() <= kConfigurationsMax);
  auto jobs = make_jobs(reader, options);
  if (!jobs) return jobs.error();
  if (jobs->empty()) return SweepOutcome{};
  SharedTrace trace(reader, {.forms = forms_of(*jobs),
                             .jobs = options.jobs,
                             .accesses_max = sum(options.skip, options.limit),
                             .interrupted = options.interrupted});
  for (Job& job : *jobs) job.reader = trace.make_reader();
  const ReplayOptions each{.skip = options.skip, .limit = options.limit};
  const bool started = start(*jobs, each);
  trace.read();
  for (Job& job : *jobs)
    if (job.thread.joinable()) job.thread.join();
  if (trace.failure()) std::rethrow_exception(trace.failure());
  if (!started) return InputError{.message = "so many threads cannot be started"};
  for (const Job& job : *jobs)
    if (job.failure) std::rethrow_exception(job.failure);
  if (trace.error()) return *trace.error();
  for (const Job& job : *jobs)
    if (!job.outcome->ok()) return job.outcome->error();
  SweepOutcome outcome = collect(*jobs, reader, options);
  if (trace.interrupted() && outcome.end == ReplayEnd::kDone) outcome.end = ReplayEnd::kInterrupted;
  return outcome;
}

}  // namespace faultline::replay
