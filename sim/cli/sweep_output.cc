#include "sim/cli/sweep_output.h"

#include "sim/cli/chart_file.h"
#include "sim/cli/message.h"

namespace faultline::cli {

bool can_show(const SweepShow& show) {
  if (!show.json || !show.csv) return known_chart_name(show.chart);
  print_error("either --json or --csv");
  return false;
}

ExitStatus show_sweep(const report::Documents& documents, const SweepShow& show, Output& out) {
  if (show.json) {
    out.write(report::sweep_json(documents) + '\n');
  } else {
    out.write(show.csv ? report::sweep_csv(documents) : report::sweep_text(documents));
  }
  if (show.chart.empty()) return ExitStatus::kDone;
  return write_chart(show.chart, is_html_name(show.chart) ? report::sweep_html(documents)
                                                          : report::sweep_svg(documents));
}

}  // namespace faultline::cli
