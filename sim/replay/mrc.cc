// measure_mrc: the loop from a trace's page runs to its curves, and to the policies beside them.
#include "faultline/mrc.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/hw/paging_description.h"
#include "sim/hw/paging_format.h"
#include "sim/replay/beside.h"
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
    for (const auto& replacement : replacements_) {
      replacement->add(runs);
      if (options_.paranoid) replacement->validate();
    }
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

replay::PageShape shape_of(const MrcOptions& options) {
  const hw::PagingFormat paging = hw::get_paging_format(options.paging, options.paging_description);
  return {.shift = paging.offset_bits, .user_end = paging.user_end().value};
}

// How far a trace was gone through.
struct Passed {
  uint64_t records = 0;
  bool interrupted = false;
};

// Gives `take` the runs of what is left of the trace, block by block, until it returns false.
// Errors: the reader's.
template <class Take>
Result<Passed, InputError> go_through(TraceReader& reader, replay::RunWindow window,
                                      const MrcOptions& options, Take take) {
  std::unique_ptr<PageRunReader> collapsed;
  PageRunReader* runs = reader.page_runs();
  if (runs == nullptr) {
    collapsed = make_page_run_reader(reader);
    runs = collapsed.get();
  }
  Passed passed;
  while (!window.done()) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      passed.interrupted = true;
      break;
    }
    const auto block = runs->next_page_runs();
    if (!block) return block.error();
    if (block->end() || !take(window.cut(*block))) break;
    if (options.on_progress) options.on_progress(window.passed());
  }
  passed.records = window.passed();
  return passed;
}

enum class Numbers : bool { kNo, kYes };

// The same on a thread of its own, beside the one that reads.
template <class Take>
Result<Passed, InputError> go_through_beside(TraceReader& reader, Numbers numbers,
                                             const MrcOptions& options, Take take) {
  const auto skip = replay::pass_over(reader, options.skip);
  if (!skip) return skip.error();
  const bool numbered = numbers == Numbers::kYes;
  const MachineOptions machine{.paging = options.paging,
                               .paging_description = options.paging_description};
  std::optional<Result<Passed, InputError>> passed;
  const bool interrupted = replay::read_beside(
      reader,
      {.numbers = numbered,
       .by_number_below = numbered ? replay::by_number_below_of(machine) : 0,
       .accesses_max = replay::accesses_to_read(*skip, options.limit),
       .interrupted = options.interrupted},
      [&](TraceReader& pieces, const replay::CondensedSource*) {
        passed = go_through(pieces, replay::RunWindow(*skip, options.limit), options, take);
      });
  if (interrupted && passed->ok()) (*passed)->interrupted = true;
  return *std::move(passed);
}

}  // namespace

Result<MrcReport, InputError> measure_mrc(TraceReader& reader, const MrcOptions& options) {
  const replay::PageShape shape = shape_of(options);
  const uint64_t page_bytes = uint64_t{1} << shape.shift;
  if (shape.shift < kPageRunShift) {
    return InputError{.message = "pages of " + std::to_string(page_bytes) +
                                 " bytes are too small for a miss-ratio curve"};
  }
  FL_CHECK(options.pages_max <= kMrcPagesMax);
  const bool sampled = options.sample_rate || options.sample_pages;
  FL_CHECK(!sampled || options.policies.empty());
  const auto curves = sampled ? replay::make_sampled_curves(shape, options)
                              : replay::make_exact_curves(shape, options);
  PolicyCurves policies(shape, options);
  if (const auto error = policies.make()) return *error;

  MrcReport report{.format = std::string(reader.format()), .page_size = page_bytes};
  const auto take = [&](const PageRunBlock& block) {
    report.too_many_pages = !curves->add(block) || !policies.add(block);
    return !report.too_many_pages;
  };
  // A sample is there to take little memory.
  const auto passed =
      go_through_beside(reader, sampled ? Numbers::kNo : Numbers::kYes, options, take);
  if (!passed) return passed.error();
  report.records = passed->records;
  report.interrupted = passed->interrupted;
  for (const InputError& damage : reader.damage()) report.damage.push_back(damage.to_string());
  curves->finish(report);
  if (report.sampling && report.sampling->pages == 0 && report.total.references > 0)
    return InputError{.message = "no page of the trace is in the sample: its rate is too low"};
  report.policies = policies.finish();
  return report;
}

}  // namespace faultline
