// `faultline mrc`.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/mrc.h"
#include "faultline/sweep.h"
#include "faultline/trace.h"
#include "sim/base/log.h"
#include "sim/cli/chart_file.h"
#include "sim/cli/commands.h"
#include "sim/cli/input_file.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/message.h"
#include "sim/cli/paging_option.h"
#include "sim/cli/progress.h"
#include "sim/cli/quantities.h"
#include "sim/cli/salvage.h"
#include "sim/cli/sweep_configurations.h"
#include "sim/replay/replacement.h"
#include "sim/replay/replayer.h"

namespace faultline::cli {
namespace {

Result<double, InputError> parse_rate(const std::string& text) {
  double rate = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, rate);
  if (error != std::errc{} || stop != end || !(rate > 0 && rate <= 1))
    return wrong("--sample: '" + text + "' is not a rate above 0 and up to 1");
  return rate;
}

Result<uint64_t, InputError> parse_sample_pages(const std::string& text) {
  // Of a sample that shall be small.
  constexpr uint64_t kMost = uint64_t{1} << 28;
  auto pages = parse_count("--sample-pages", text);
  if (!pages) return pages.error();
  if (*pages == 0 || *pages > kMost)
    return wrong("--sample-pages: '" + text + "' is not between 1 and " + std::to_string(kMost));
  return *pages;
}

// What says how the trace is cut, and how many pages there may be.
Result<void, InputError> set_counts(const MrcCommand& command, MrcOptions& options) {
  auto skip = parse_count("--skip", command.skip);
  if (!skip) return skip.error();
  options.skip = *skip;
  if (!command.limit.empty()) {
    auto limit = parse_count("--limit", command.limit);
    if (!limit) return limit.error();
    options.limit = *limit;
  }
  if (!command.pages_max.empty()) {
    auto pages = parse_count("--pages-max", command.pages_max);
    if (!pages) return pages.error();
    if (*pages > kMrcPagesMax)
      return wrong("--pages-max: '" + command.pages_max + "' is above " +
                   std::to_string(kMrcPagesMax));
    options.pages_max = *pages;
  }
  auto seed = parse_count("--seed", command.seed);
  if (!seed) return seed.error();
  options.seed = *seed;
  return {};
}

// The policies beside LRU's curve, and the sizes of memory for them.
Result<void, InputError> set_policies(const MrcCommand& command, MrcOptions& options) {
  if (command.policy.empty() != command.memory.empty())
    return wrong("--policy needs --memory, and the other way round");
  if (command.policy.empty()) return {};
  if (options.sample_rate || options.sample_pages)
    return wrong("--policy is exact: it goes with neither --sample nor --sample-pages");
  options.policies = split_policies(command.policy);
  for (const std::string& policy : options.policies) {
    if (const auto made = replay::make_replacement({.policy = policy}); !made)
      return wrong("--policy: " + made.error().message);
  }
  const auto memories = parse_memories(
      command.memory, replay::page_size_of({.paging = options.paging,
                                            .paging_description = options.paging_description})
                          .bytes());
  if (!memories) return memories.error();
  for (const std::optional<uint64_t> frames : *memories) {
    if (!frames) return wrong("--memory: in unlimited memory all policies miss alike");
    if (const auto made = make_machine({.paging = options.paging,
                                        .paging_description = options.paging_description,
                                        .frames = frames});
        !made)
      return wrong("--memory: " + made.error().message);
    options.policy_frames.push_back(*frames);
  }
  std::vector<uint64_t>& sizes = options.policy_frames;
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  if (options.policies.size() * options.policy_frames.size() > kSweepConfigurationsMax)
    return wrong("more than " + std::to_string(kSweepConfigurationsMax) + " configurations");
  return {};
}

Result<MrcOptions, InputError> mrc_options(const MrcCommand& command) {
  auto description = read_paging(command.paging);
  if (!description) return description.error();
  MrcOptions options{.paging = command.paging,
                     .paging_description = std::move(description).value(),
                     .paranoid = command.paranoid,
                     .interrupted = &interrupt_flag()};
  if (!command.sample.empty() && !command.sample_pages.empty())
    return wrong("either --sample or --sample-pages");
  if (!command.sample.empty()) {
    auto rate = parse_rate(command.sample);
    if (!rate) return rate.error();
    options.sample_rate = *rate;
  }
  if (!command.sample_pages.empty()) {
    auto pages = parse_sample_pages(command.sample_pages);
    if (!pages) return pages.error();
    options.sample_pages = *pages;
  }
  if (auto counts = set_counts(command, options); !counts) return counts.error();
  if (auto policies = set_policies(command, options); !policies) return policies.error();
  return options;
}

// Prints the report, and draws the chart.
ExitStatus report_curves(const MrcCommand& command, const MrcReport& report, ChartFile& chart,
                         Output& out) {
  if (command.json) {
    out.write(mrc_report_json(report) + '\n');
  } else {
    out.write(command.csv ? mrc_report_csv(report) : mrc_report_text(report));
  }
  if (chart.is_wanted()) {
    const ExitStatus status =
        chart.write(chart.is_page() ? mrc_report_html(report) : mrc_report_svg(report));
    if (status != ExitStatus::kDone) return status;
  }
  return report.interrupted ? ExitStatus::kInterrupted : ExitStatus::kDone;
}

}  // namespace

ExitStatus run_mrc(const MrcCommand& command, Output& out) {
  auto options = mrc_options(command);
  if (!options) return fail(options.error());
  if (command.json && command.csv) return fail(wrong("either --json or --csv"));
  ChartFile chart;
  if (!chart.open(command.chart, command.traces)) return ExitStatus::kBadInput;
  catch_interrupt();
  std::optional<Progress> progress;
  if (wants_progress(command.progress)) {
    progress.emplace(stderr);
    options->on_progress = [&progress](uint64_t accesses) { progress->update(accesses); };
  }
  auto reader = open_trace(command.traces, {.format = command.format, .salvage = command.salvage});
  if (!reader) return fail(reader.error());
  base::log(base::LogLevel::kInfo, "the trace's format is {}", (*reader)->format());
  auto report = measure_mrc(**reader, *options);
  progress.reset();
  if (!report) return fail(report.error());
  if (report->too_many_pages) {
    const uint64_t most = options->policies.empty()
                              ? options->pages_max
                              : std::min(options->pages_max, kMrcPolicyPagesMax);
    print_error("the trace has more than " + std::to_string(most) +
                " pages, of which no curve can be made; --sample-pages estimates it from some");
    return ExitStatus::kResource;
  }
  warn_of_damage(**reader);
  report->files = command.traces;
  return report_curves(command, *report, chart, out);
}

}  // namespace faultline::cli
