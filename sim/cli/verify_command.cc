// `faultline verify`.
#include <algorithm>

#include "faultline/verify.h"
#include "sim/cli/commands.h"
#include "sim/cli/input_file.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/message.h"
#include "sim/cli/quantities.h"
#include "sim/cli/verify_report.h"

namespace faultline::cli {
namespace {

ExitStatus bad_input(const InputError& error) {
  print_error(error.to_string());
  return ExitStatus::kBadInput;
}

ExitStatus verify_one(const std::string& name, const VerifyCommand& command,
                      const VerifyOptions& options, Output& out) {
  auto text = read_text_file(name);
  if (!text) return bad_input(text.error());
  if (command.answers) {
    auto answers = kernel_answers(name, *text, options);
    if (!answers) return bad_input(answers.error());
    out.write(*answers);
    return ExitStatus::kDone;
  }
  auto report = verify_scenario(name, *text, options);
  if (!report) return bad_input(report.error());
  out.write(command.json ? verify_json(name, *report) : verify_text(name, *report));
  return report->difference ? ExitStatus::kDifference : ExitStatus::kDone;
}

ExitStatus verify_random_ones(const VerifyCommand& command, const VerifyOptions& options,
                              Output& out) {
  auto seed = parse_count("--seed", command.seed);
  if (!seed) return bad_input(seed.error());
  auto statements = parse_count("--statements", command.statements);
  if (!statements) return bad_input(statements.error());
  const RandomRun run{.profile = command.random, .seed = *seed, .statements = *statements};
  auto report = verify_random(run, options);
  if (!report) return bad_input(report.error());
  out.write(command.json ? random_json(command, *report) : random_text(command, *report));
  if (report->difference) return ExitStatus::kDifference;
  return report->interrupted ? ExitStatus::kInterrupted : ExitStatus::kDone;
}

}  // namespace

// Every file is verified, whatever became of those before it; the worst decides.
ExitStatus run_verify(const VerifyCommand& command, Output& out) {
  catch_interrupt();
  const VerifyOptions options{.validate_each_step = command.paranoid, .stop = &interrupt_flag()};
  if (const auto lacking = missing_for_verify()) {
    return bad_input({.message = "verify needs " + *lacking});
  }
  if (!command.random.empty()) return verify_random_ones(command, options, out);
  ExitStatus worst = ExitStatus::kDone;
  for (const std::string& name : command.scenarios) {
    worst = std::max(worst, verify_one(name, command, options, out));
    if (interrupt_flag().load()) return ExitStatus::kInterrupted;
  }
  return worst;
}

}  // namespace faultline::cli
