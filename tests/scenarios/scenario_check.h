// Runs one scenario and judges it: by its own expectations, and line by line against what the
// kernel answered when it was asked, where that was written down.
//
// Threads: one.
#pragma once

#include <string>
#include <string_view>

namespace faultline::scenarios {

enum class Verdict { kPassed, kFailed, kSkipped };

struct Judgement {
  Verdict verdict = Verdict::kPassed;
  std::string details{};  // lines; what failed, or why it was skipped
};

// `kernel_answers` is what `faultline verify --answers` printed, or empty. A scenario that uses a
// call that is not simulated yet is skipped.
Judgement check_scenario(std::string_view file, std::string_view text,
                         std::string_view kernel_answers);

}  // namespace faultline::scenarios
