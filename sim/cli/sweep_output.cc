#include "sim/cli/sweep_output.h"

#include "sim/cli/message.h"

namespace faultline::cli {

bool SweepOutput::prepare(const Wanted& wanted, const std::vector<std::string>& inputs) {
  wanted_ = wanted;
  if (!wanted.json || !wanted.csv) return chart_.open(wanted.chart, inputs);
  print_error("either --json or --csv");
  return false;
}

ExitStatus SweepOutput::show(const report::Documents& documents, Output& out) {
  if (wanted_.json) {
    out.write(report::sweep_json(documents) + '\n');
  } else {
    out.write(wanted_.csv ? report::sweep_csv(documents) : report::sweep_text(documents));
  }
  if (!chart_.is_wanted()) return ExitStatus::kDone;
  return chart_.write(chart_.is_page() ? report::sweep_html(documents)
                                       : report::sweep_svg(documents));
}

}  // namespace faultline::cli
