// program_faults NAME PERF_SCRIPT TRACE: compares the page faults of two runs of one program, the
// kernel's and the simulator's, and prints a row of docs/fidelity.md. See program-faults.
#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "tests/differential/program_faults.h"

namespace faultline::differential {
namespace {

using Counts = std::map<ProgramFault, uint64_t>;

Counts count(const std::vector<ProgramFault>& faults) {
  Counts counts;
  for (const ProgramFault& fault : faults) ++counts[fault];
  return counts;
}

// Why a fault of the kernel's run is none of the simulator's.
std::string_view reason(const ProgramFault& fault, const SimulatedRun& simulated,
                        const Counts& theirs) {
  if (!simulated.touched.contains(fault.page)) return "of pages that the recording does not touch";
  const ProgramFault other{fault.page, !fault.store};
  if (theirs.contains(other)) return "a load in one run, a store in the other";
  return "mapped already";
}

void list(const std::string& name, const ProgramFault& fault, std::string_view why) {
  fmt::print(stderr, "{}: {} {:#x} ({})\n", name, fault.store ? "store" : "load ", fault.page << 12,
             why);
}

int compare(const std::string& name, const std::string& text, const std::string& trace) {
  const NativeRun native = read_native_run(text);
  const SimulatedRun simulated = simulate_run(trace, native.layout);
  if (!simulated.error.empty()) {
    fmt::print(stderr, "{}\n", simulated.error);
    return 2;
  }
  const Counts ours = count(native.faults);
  const Counts theirs = count(simulated.faults);
  const auto in = [](const Counts& counts, const ProgramFault& fault) {
    const auto found = counts.find(fault);
    return found == counts.end() ? 0 : found->second;
  };
  uint64_t predicted = 0;
  std::map<std::string_view, uint64_t> reasons;
  for (const auto& [fault, times] : ours) {
    const uint64_t both = std::min(times, in(theirs, fault));
    predicted += both;
    if (times == both) continue;
    const std::string_view why = reason(fault, simulated, theirs);
    reasons[why] += times - both;
    list(name, fault, why);
  }
  for (const auto& [fault, times] : theirs)
    if (in(ours, fault) < times) list(name, fault, "simulated alone");
  std::string rest;
  for (const auto& [why, times] : reasons)
    rest += fmt::format("{}{} {}", rest.empty() ? "" : "; ", times, why);
  const double share = native.faults.empty() ? 0 : double(predicted) / double(native.faults.size());
  fmt::print("| {} | {} | {} | {} | {:.1f} % | {} |\n", name, native.faults.size(),
             simulated.faults.size(), predicted, 100 * share, rest);
  return 0;
}

}  // namespace
}  // namespace faultline::differential

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: program_faults NAME PERF_SCRIPT TRACE\n");
    return 2;
  }
  std::ifstream file(argv[2]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return faultline::differential::compare(argv[1], text, argv[3]);
}
