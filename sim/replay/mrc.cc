// measure_mrc: the loop from a trace's page runs to its curves, and to the policies beside them.
#include "faultline/mrc.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/hw/paging_description.h"
#include "sim/hw/paging_format.h"
#include "sim/replay/curve_maker.h"
#include "sim/replay/replacement.h"
#include "sim/replay/replayer.h"
#include "sim/replay/run_pages.h"
#include "sim/replay/run_window.h"

namespace faultline {
namespace {

// Each policy in each size of memory, fed with the same runs.
class PolicyCurves {
 public:
  PolicyCurves(replay::PageShape shape, const MrcOptions& options)
      : options_(options), pages_(shape) {}

  // Errors: as measure_mrc().
  std::optional<InputError> make() {
    for (const std::string& policy : options_.policies) {
      for (const uint64_t frames : options_.policy_frames) {
        auto made =
            replay::make_replacement({.policy = policy, .frames = frames, .seed = options_.seed});
        if (!made) return made.error();
        replacements_.push_back(std::move(made).value());
      }
    }
    return std::nullopt;
  }
  // False: there are too many pages; no more can be taken.
  bool add(const PageRunBlock& block) {
    if (replacements_.empty()) return true;
    const replay::NumberedRuns runs = pages_.number(block);
    static_assert(kMrcPolicyPagesMax <= replay::Replacement::kPagesMax);
    if (runs.pages > kMrcPolicyPagesMax) return false;
    for (const auto& replacement : replacements_) replacement->add(runs);
    return true;
  }
  std::vector<PolicyCurve> finish() const {
    std::vector<PolicyCurve> curves;
    auto replacement = replacements_.begin();
    for (const std::string& policy : options_.policies) {
      PolicyCurve& curve = curves.emplace_back();
      curve.policy = policy;
      for (const uint64_t frames : options_.policy_frames) {
        const ReplacementStats stats = (*replacement++)->stats();
        curve.points.push_back({.frames = frames,
                                .misses = stats.misses,
                                .evictions = stats.evictions,
                                .dirty_evictions = stats.dirty_evictions});
      }
    }
    return curves;
  }

 private:
  const MrcOptions& options_;
  replay::RunPages pages_;
  std::vector<std::unique_ptr<replay::Replacement>> replacements_{};  // by policy, then by size
};

}  // namespace

Result<MrcReport, InputError> measure_mrc(TraceReader& reader, const MrcOptions& options) {
  const hw::PagingFormat paging = hw::get_paging_format(options.paging, options.paging_description);
  if (paging.offset_bits < kPageRunShift) {
    return InputError{.message = "pages of " + std::to_string(paging.page_size().bytes()) +
                                 " bytes are too small for a miss-ratio curve"};
  }
  FL_CHECK(options.pages_max <= kMrcPagesMax);
  const replay::PageShape shape{.shift = paging.offset_bits, .user_end = paging.user_end().value};
  const bool sampled = options.sample_rate || options.sample_pages;
  const auto curves = sampled ? replay::make_sampled_curves(shape, options)
                              : replay::make_exact_curves(shape, options);
  const auto skip = replay::pass_over(reader, options.skip);
  if (!skip) return skip.error();
  FL_CHECK(!sampled || options.policies.empty());
  PolicyCurves policies(shape, options);
  if (const auto error = policies.make()) return *error;
  std::unique_ptr<PageRunReader> collapsed;
  PageRunReader* runs = reader.page_runs();
  if (runs == nullptr) {
    collapsed = make_page_run_reader(reader);
    runs = collapsed.get();
  }

  MrcReport report{.format = std::string(reader.format()), .page_size = paging.page_size().bytes()};
  replay::RunWindow window(*skip, options.limit);
  while (!window.done()) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      report.interrupted = true;
      break;
    }
    const auto block = runs->next_page_runs();
    if (!block) return block.error();
    if (block->end()) break;
    const PageRunBlock some = window.cut(*block);
    if (!curves->add(some) || !policies.add(some)) {
      report.too_many_pages = true;
      break;
    }
    if (options.on_progress) options.on_progress(window.passed());
  }
  report.records = window.passed();
  for (const InputError& damage : reader.damage()) report.damage.push_back(damage.to_string());
  curves->finish(report);
  report.policies = policies.finish();
  return report;
}

}  // namespace faultline
