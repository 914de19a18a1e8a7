// Curves from samples of the pages. How far they may be off is told by parts of the sample that
// have no page in common: each makes a curve of its own, and by how much these differ from each
// other says how much their mean, and so the whole, differs from the truth.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "sim/replay/curve_maker.h"
#include "sim/replay/page_sample.h"

namespace faultline::replay {
namespace {

constexpr uint64_t kParts = 8;
// At so many sizes, evenly spread, the error is looked at.
constexpr uint64_t kSizes = 100;

std::vector<PageSample> make_parts(const PageSample::Options& whole) {
  std::vector<PageSample> parts;
  for (uint64_t part = 0; part < kParts; ++part) {
    PageSample::Options options = whole;
    if (options.pages_max != PageSample::kNoMax)
      options.pages_max = std::max<uint64_t>(1, options.pages_max / kParts);
    options.part = part;
    options.parts = kParts;
    parts.emplace_back(options);
  }
  return parts;
}

// A sample, and parts of it.
class Sample {
 public:
  explicit Sample(const PageSample::Options& options)
      : whole_(options), parts_(make_parts(options)) {}

  void count_references(uint64_t count) { references_ += count; }
  bool full() const { return whole_.full(); }
  void reference(uint64_t hash) {
    if (whole_.has(hash)) whole_.reference(hash);
    // A part of a bounded sample may hold what the whole has given up, and the other way round.
    PageSample& part = parts_[hash % kParts];
    if (part.has(hash)) part.reference(hash);
  }
  MissCurve curve() const { return whole_.curve(references_); }
  void describe(MrcSampling& sampling) const;

 private:
  PageSample whole_;
  std::vector<PageSample> parts_;
  uint64_t references_ = 0;
};

// The standard error of a mean: the root of the variance of one by their number.
double standard_error(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / double(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / double(values.size() - 1) / double(values.size()));
}

void Sample::describe(MrcSampling& sampling) const {
  sampling.rate = whole_.rate();
  sampling.pages = whole_.pages();
  sampling.references = whole_.references();
  if (references_ == 0) return;
  std::vector<MissCurve> curves;
  uint64_t smallest = 1;  // that all can tell of
  uint64_t largest = 1;
  for (const PageSample& part : parts_) {
    curves.push_back(part.curve(references_));
    smallest = std::max(smallest, curves.back().points.front().frames);
    largest = std::max(largest, curves.back().points.back().frames);
  }
  double sum = 0;
  for (uint64_t i = 1; i <= kSizes; ++i) {
    const uint64_t frames = std::max(smallest, largest / kSizes * i);
    std::vector<double> ratios;
    for (const MissCurve& curve : curves)
      ratios.push_back(double(curve.misses_at(frames)) / double(references_));
    const double error = standard_error(ratios);
    sum += error;
    sampling.standard_error_max = std::max(sampling.standard_error_max, error);
  }
  sampling.standard_error = sum / double(kSizes);
}

class SampledCurves final : public CurveMaker {
 public:
  SampledCurves(PageShape shape, const MrcOptions& options)
      : shape_(shape),
        seed_(options.seed),
        pages_max_(options.sample_pages),
        sample_{.rate = options.sample_rate.value_or(1),
                .pages_max = options.sample_pages.value_or(PageSample::kNoMax),
                .room = options.pages_max},
        total_(sample_) {}

  bool add(const PageRunBlock& block) override {
    if (block.runs.empty()) return true;
    Task& task = tasks_.try_emplace(block.task.pid, sample_).first->second;
    pages_.clear();
    for (const uint64_t number : block.pages)
      pages_.push_back({.number = shape_.page(number),
                        .hash = page_hash(seed_, block.task.pid, shape_.page(number)),
                        .beyond = shape_.beyond_user_space(number)});
    uint64_t references = 0;
    bool failed = false;
    for (const PageRun run : block.runs) {
      const Page& page = pages_[run.page()];
      // An access ends at its first page that it cannot reference.
      if (run.count() > 0) failed = false;
      failed |= page.beyond;
      if (failed) continue;
      const bool other = page.number != task.top;
      references += run.count() + unsigned{run.count() == 0 && other};
      if (other) task.alone.reference(page.hash);
      // The page on top of all is that of the task that ran last.
      if (other || block.task.pid != last_pid_) total_.reference(page.hash);
      task.top = page.number;
      last_pid_ = block.task.pid;
    }
    task.alone.count_references(references);
    total_.count_references(references);
    return !total_.full() && !task.alone.full();
  }

  void finish(MrcReport& report) const override {
    report.total = total_.curve();
    report.sampling = MrcSampling{.pages_max = pages_max_, .seed = seed_};
    total_.describe(*report.sampling);
    if (tasks_.size() < 2) return;
    for (const auto& [pid, task] : tasks_)
      report.processes.push_back({.pid = pid, .curve = task.alone.curve()});
  }

 private:
  struct Page {
    uint64_t number;
    uint64_t hash;
    bool beyond;
  };
  struct Task {
    explicit Task(const PageSample::Options& options) : alone(options) {}
    Sample alone;
    uint64_t top = ~uint64_t{0};  // the page referenced last
  };

  PageShape shape_;
  uint64_t seed_;
  std::optional<uint64_t> pages_max_;
  PageSample::Options sample_;
  Sample total_;
  std::map<uint32_t, Task> tasks_{};  // by pid
  uint32_t last_pid_ = ~uint32_t{0};
  std::vector<Page> pages_{};  // the block's
};

}  // namespace

std::unique_ptr<CurveMaker> make_sampled_curves(PageShape shape, const MrcOptions& options) {
  return std::make_unique<SampledCurves>(shape, options);
}

}  // namespace faultline::replay
