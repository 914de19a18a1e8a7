// How the results of `faultline sweep` and `faultline merge` are shown.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/chart_file.h"
#include "sim/cli/exit_status.h"
#include "sim/cli/output.h"
#include "sim/report/sweep_report.h"

namespace faultline::cli {

class SweepOutput {
 public:
  struct Wanted {
    bool json = false;
    bool csv = false;
    std::string chart{};  // a file; empty: none
  };

  // Whether that can be; if not, said already. `inputs` are the files that are read.
  bool prepare(const Wanted& wanted, const std::vector<std::string>& inputs);
  // Prints the documents, and draws the chart. REQUIRES: prepared; called once.
  ExitStatus show(const report::Documents& documents, Output& out);

 private:
  Wanted wanted_;
  ChartFile chart_;
};

}  // namespace faultline::cli
