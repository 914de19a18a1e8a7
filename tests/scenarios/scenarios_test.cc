// Runs every scenario named in its arguments on the real machine. Prints what failed in each, and
// last `scenarios: N passed, N failed, N skipped`.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/scenarios/scenario_check.h"

namespace {

using faultline::scenarios::Verdict;

std::string contents(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string kernel_answers_of(const std::string& file) {
  return contents(file.substr(0, file.rfind('.')) + ".kernel.jsonl");
}

struct Totals {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

void count(Verdict verdict, Totals& totals) {
  totals.passed += verdict == Verdict::kPassed ? 1 : 0;
  totals.failed += verdict == Verdict::kFailed ? 1 : 0;
  totals.skipped += verdict == Verdict::kSkipped ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Totals totals;
  for (int i = 1; i < argc; ++i) {
    const std::string file = argv[i];
    const std::string text = contents(file);
    auto judgement = faultline::scenarios::check_scenario(file, text, kernel_answers_of(file));
    if (text.empty()) judgement = {Verdict::kFailed, "  empty, or cannot be read\n"};
    count(judgement.verdict, totals);
    if (judgement.verdict == Verdict::kPassed) continue;
    const char* word = judgement.verdict == Verdict::kFailed ? "FAILED" : "skipped";
    std::printf("%s: %s\n%s", file.c_str(), word, judgement.details.c_str());
  }
  std::printf("scenarios: %d passed, %d failed, %d skipped\n", totals.passed, totals.failed,
              totals.skipped);
  return totals.failed == 0 && totals.passed + totals.skipped > 0 ? 0 : 1;
}
