#include "faultline/scenario.h"

#include <utility>

#include "faultline/machine.h"
#include "sim/scenario/parser.h"
#include "sim/scenario/runner.h"

namespace faultline {

Result<ScenarioReport, InputError> run_scenario(std::string_view file, std::string_view text,
                                                const ScenarioOptions& options, LineSink& out) {
  Result<scenario::Program, InputError> program = scenario::parse(file, text);
  if (!program.ok()) return program.error();
  Result<std::unique_ptr<Machine>, InputError> machine = make_machine(options.machine);
  if (!machine.ok()) return machine.error();
  return scenario::run(std::move(program).value(), **machine, options, out);
}

}  // namespace faultline
