// measure_mrc: the loop from a trace's page runs to its curves.
#include "faultline/mrc.h"

#include <memory>
#include <string>

#include "sim/base/check.h"
#include "sim/hw/paging_format.h"
#include "sim/replay/curve_maker.h"
#include "sim/replay/run_window.h"

namespace faultline {

Result<MrcReport, InputError> measure_mrc(TraceReader& reader, const MrcOptions& options) {
  const hw::PagingFormat* const paging = hw::find_paging_format(options.paging);
  FL_CHECK(paging != nullptr);
  if (paging->offset_bits < kPageRunShift) {
    return InputError{.message = "pages of " + std::to_string(paging->page_size().bytes()) +
                                 " bytes are too small for a miss-ratio curve"};
  }
  const replay::PageShape shape{.shift = paging->offset_bits, .user_end = paging->user_end().value};
  const bool sampled = options.sample_rate || options.sample_pages;
  const auto curves =
      sampled ? replay::make_sampled_curves(shape, options) : replay::make_exact_curves(shape);
  std::unique_ptr<PageRunReader> collapsed;
  PageRunReader* runs = reader.page_runs();
  if (runs == nullptr) {
    collapsed = make_page_run_reader(reader);
    runs = collapsed.get();
  }

  MrcReport report{.format = std::string(reader.format()),
                   .page_size = paging->page_size().bytes()};
  replay::RunWindow window(options.skip, options.limit);
  while (!window.done()) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      report.interrupted = true;
      break;
    }
    const auto block = runs->next_page_runs();
    if (!block) return block.error();
    if (block->end()) break;
    curves->add(window.cut(*block));
    if (options.on_progress) options.on_progress(window.passed());
  }
  report.records = window.passed();
  curves->finish(report);
  return report;
}

}  // namespace faultline
