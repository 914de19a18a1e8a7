// Verifier: one scenario on the host's kernel and on a fresh simulated machine, line by line.
//
// Owns the host's folders, which it empties between scenarios. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/machine.h"
#include "faultline/scenario.h"
#include "faultline/verify.h"
#include "sim/scenario/host/host_folders.h"

namespace faultline::verify {

// The answers of one side.
struct Answers {
  std::vector<std::string> lines{};  // comparable JSON, a line a statement
  // Where the run ended early: the scenario is wrong there, or it cannot be asked of this side.
  std::optional<InputError> end{};
};

// What one scenario came to.
struct Comparison {
  uint64_t statements = 0;  // alike
  std::optional<VerifyDifference> difference{};
  std::optional<VerifyDifference> unsteady{};
  std::vector<SkippedStatement> skipped{};
};

class Verifier {
 public:
  // Errors: what the host lacks.
  static Result<std::unique_ptr<Verifier>, InputError> make(const VerifyOptions& options);

  std::vector<HostSetting> differing_settings() const;
  // Of the simulated disk, and of the host's where it is known.
  uint64_t readahead_bytes() const { return options_.machine.readahead_bytes; }

  // Errors: what is wrong with the scenario.
  Result<Comparison, InputError> compare(std::string_view file, std::string_view text);
  // One side alone.
  Result<Answers, InputError> ask_simulator(std::string_view file, std::string_view text) const;
  Result<Answers, InputError> ask_kernel(std::string_view file, std::string_view text) const;

 private:
  using HostFolders = host::HostFolders;
  Verifier(const VerifyOptions& options, std::unique_ptr<HostFolders> folders)
      : options_(options), folders_(std::move(folders)) {}

  Result<Comparison, InputError> compare_once(std::string_view file, std::string_view text);
  Result<Answers, InputError> ask(std::string_view file, std::string_view text,
                                  Machine& machine) const;

  VerifyOptions options_;
  std::unique_ptr<HostFolders> folders_;
};

}  // namespace faultline::verify
