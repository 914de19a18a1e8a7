#include "sim/scenario/verify/verifier.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "faultline/machine.h"
#include "sim/base/check.h"
#include "sim/scenario/host/host_machine.h"
#include "sim/scenario/host/settings.h"
#include "sim/scenario/host/tracee.h"
#include "sim/scenario/parser.h"
#include "sim/scenario/runner.h"
#include "sim/scenario/verify/answer_lines.h"

namespace faultline::verify {
namespace {

// Before answers that differ are a difference.
constexpr int kAskedAgain = 5;

// Takes lines until it is told to stop.
class Collector final : public LineSink {
 public:
  explicit Collector(const std::atomic<bool>* stop) : stop_(stop) {}
  bool on_line(std::string_view line) override {
    lines.emplace_back(line);
    return stop_ == nullptr || !stop_->load();
  }
  std::vector<std::string> lines{};

 private:
  const std::atomic<bool>* stop_;
};

// What vm.max_map_count is where nobody has set it.
constexpr uint64_t kMapCountMax = 65530;

std::string parent_folder(const VerifyOptions& options) {
  if (!options.temporary_folder.empty()) return options.temporary_folder;
  const char* named = std::getenv("TMPDIR");
  return named != nullptr && named[0] != '\0' ? named : "/var/tmp";
}

}  // namespace

Result<std::unique_ptr<Verifier>, InputError> Verifier::make(const VerifyOptions& options) {
  if (const auto lacking = host::missing()) {
    return InputError{.message = "verify needs " + *lacking};
  }
  auto folders = HostFolders::make(parent_folder(options));
  if (!folders.ok()) return folders.error();
  // A cold file is read as far ahead as the host reads it, or little could be compared.
  VerifyOptions like_host = options;
  if (const auto bytes = host::readahead_bytes((*folders)->disk()))
    like_host.machine.readahead_bytes = *bytes;
  return std::unique_ptr<Verifier>(new Verifier(like_host, std::move(folders).value()));
}

std::vector<HostSetting> Verifier::differing_settings() const {
  return host::differing_settings(folders_->disk(), options_.machine);
}

Result<Answers, InputError> Verifier::ask(std::string_view file, std::string_view text,
                                          Machine& machine) const {
  auto program = scenario::parse(file, text);
  if (!program.ok()) return program.error();
  const ScenarioOptions options{.output = ScenarioOutput::kComparable,
                                .validate_each_step = options_.validate_each_step};
  Collector collector(options_.stop);
  const auto report = scenario::run(std::move(program).value(), machine, options, collector);
  Answers answers{.lines = std::move(collector.lines)};
  if (!report.ok()) answers.end = report.error();
  if (report.ok() && report->out_of_memory) {
    answers.end = report->out_of_memory;
    answers.lines.pop_back();  // of the statement that was not done
  }
  return answers;
}

Result<Answers, InputError> Verifier::ask_simulator(std::string_view file,
                                                    std::string_view text) const {
  auto machine = make_machine(options_.machine);
  if (!machine.ok()) return machine.error();
  // The worker's own mappings count, too.
  const uint64_t left = kMapCountMax - host::Tracee::kOwnMappings;
  FL_CHECK((*machine)->sysctl("vm.max_map_count", left).ok());
  return ask(file, text, **machine);
}

Result<Answers, InputError> Verifier::ask_kernel(std::string_view file,
                                                 std::string_view text) const {
  folders_->clear();
  host::HostMachine machine(*folders_, {.cpu_seconds = options_.timeout_seconds});
  auto answers = ask(file, text, machine);
  if (answers.ok() && machine.lost_worker()) {
    return InputError{.file = std::string(file),
                      .message = "the kernel killed the worker: it took more than " +
                                 std::to_string(options_.timeout_seconds) +
                                 " seconds, or more memory than there is",
                      .line = answers->lines.empty() ? 0 : line_of(answers->lines.back())};
  }
  if (answers.ok() && answers->end && !machine.why_not_asked().empty())
    answers->end->message = std::string(machine.why_not_asked());
  return answers;
}

Result<Comparison, InputError> Verifier::compare_once(std::string_view file,
                                                      std::string_view text) {
  const auto simulated = ask_simulator(file, text);
  if (!simulated.ok()) return simulated.error();
  const auto kernel = ask_kernel(file, text);
  if (!kernel.ok()) return kernel.error();
  Comparison comparison;
  const size_t both = std::min(simulated->lines.size(), kernel->lines.size());
  for (; comparison.statements < both; ++comparison.statements) {
    const std::string& ours = simulated->lines[comparison.statements];
    const std::string& theirs = kernel->lines[comparison.statements];
    if (alike(theirs, ours)) continue;
    comparison.difference = VerifyDifference{
        .line = line_of(theirs), .kernel_answer = theirs, .simulated_answer = ours};
    return comparison;
  }
  // Both ended in the same place: the scenario is wrong there.
  if (simulated->end && kernel->end && simulated->lines.size() == kernel->lines.size() &&
      simulated->end->message == kernel->end->message) {
    return *simulated->end;
  }
  for (const Answers* side : {&*kernel, &*simulated}) {
    if (side->end) comparison.skipped.push_back({side->end->line, side->end->message});
  }
  return comparison;
}

// The kernel is asked again where the answers differ, some times: what it does behind a program's
// back shows in an answer now and then (write-back above all, and pages that another processor
// keeps in a list of its own). On a busy machine it may be most times: where a fault that starts
// the disk reading is put off, all that is read is there when it goes on.
Result<Comparison, InputError> Verifier::compare(std::string_view file, std::string_view text) {
  auto comparison = compare_once(file, text);
  if (!comparison.ok() || !comparison->difference) return comparison;
  for (int asked = 0; asked < kAskedAgain; ++asked) {
    auto again = compare_once(file, text);
    if (!again.ok()) return again;
    if (again->difference) continue;
    again->unsteady = comparison->difference;
    return again;
  }
  return comparison;
}

}  // namespace faultline::verify
