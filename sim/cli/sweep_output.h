// How the results of `faultline sweep` and `faultline merge` are shown.
#pragma once

#include <string>

#include "sim/cli/exit_status.h"
#include "sim/cli/output.h"
#include "sim/report/sweep_report.h"

namespace faultline::cli {

struct SweepShow {
  bool json = false;
  bool csv = false;
  std::string chart{};  // a file; empty: none
};

// Whether that can be; if not, said already.
bool can_show(const SweepShow& show);
// Prints the documents, and draws the chart.
ExitStatus show_sweep(const report::Documents& documents, const SweepShow& show, Output& out);

}  // namespace faultline::cli
