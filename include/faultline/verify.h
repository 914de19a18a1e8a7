// Verification: a scenario on the running kernel and on the simulator, answer by answer.
//
// The kernel's side is a small worker process started without address randomisation and without
// transparent huge pages, as an ordinary user where the caller is root; each of its calls and
// accesses is made for real. Its files lie in temporary folders that are removed in the end (one on
// the disk file system, one on tmpfs), and it dies with its caller.
//
// Not compared, because it depends on the machine: device and inode numbers, frame numbers, some
// lines of smaps and status (docs/verify.md). Threads: one.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/result.h"

namespace faultline {

// Where the host is not what the simulator is configured to be.
struct HostSetting {
  std::string name{};
  std::string host{};
  std::string simulated{};
};

// A statement at which the comparison ended without a difference, because it cannot be asked of
// the host.
struct SkippedStatement {
  uint64_t line = 0;
  std::string why{};
};

// The first statement whose answers differ. An answer is a JSON object as `run --json` prints it.
struct VerifyDifference {
  uint64_t line = 0;
  std::string kernel_answer{};
  std::string simulated_answer{};
};

struct VerifyReport {
  uint64_t statements = 0;  // compared
  std::string kernel{};     // major.minor.patch
  std::vector<HostSetting> settings{};
  std::vector<SkippedStatement> skipped{};
  std::optional<VerifyDifference> difference{};
  // A difference that did not come every time when the kernel was asked again: it has two answers,
  // and the simulator's is one of them.
  std::optional<VerifyDifference> unsteady{};
};

struct VerifyOptions {
  MachineOptions machine{};         // readahead_bytes is the host's, where its disk says it
  std::string temporary_folder{};   // on a disk; empty: TMPDIR, or /var/tmp
  bool validate_each_step = false;  // Machine::validate() after every statement
  uint64_t timeout_seconds = 20;    // of processor time, for each process on the kernel's side
  const std::atomic<bool>* stop = nullptr;  // raised: no more is to be done
};

// What the host lacks for a comparison, in words; nothing: it has all.
std::optional<std::string> missing_for_verify();

// Errors: what is wrong with the scenario, and where; what is missing on the host.
Result<VerifyReport, InputError> verify_scenario(std::string_view file, std::string_view text,
                                                 const VerifyOptions& options);

// The kernel's own answers, a JSON object a statement, after a line with what they depend on, the
// kernel's version and how far its disk reads ahead: what tests/golden and tests/scenarios keep.
// Errors: the same.
Result<std::string, InputError> kernel_answers(std::string_view file, std::string_view text,
                                               const VerifyOptions& options);

// Profiles of random statements, with a line about each.
struct RandomProfile {
  std::string_view name;
  std::string_view description;
};
std::vector<RandomProfile> random_profiles();

struct RandomRun {
  std::string_view profile{};
  uint64_t seed = 0;
  uint64_t statements = 0;
};

// As VerifyReport::unsteady, in one of the scenarios of a run.
struct UnsteadyAnswer {
  uint64_t scenario = 0;
  VerifyDifference difference{};
};

struct RandomReport {
  uint64_t statements = 0;  // compared
  uint64_t scenarios = 0;
  std::vector<UnsteadyAnswer> unsteady{};
  std::string kernel{};
  std::vector<HostSetting> settings{};
  // The smallest scenario found that still differs, as a ready .scn file, and how.
  std::string scenario{};
  std::optional<VerifyDifference> difference{};
  bool interrupted = false;
};

// Makes scenarios of `run.profile` from `run.seed` on and verifies each, up to the first
// difference, which is shrunk. Errors: no such profile; what is missing on the host.
Result<RandomReport, InputError> verify_random(const RandomRun& run, const VerifyOptions& options);

}  // namespace faultline
