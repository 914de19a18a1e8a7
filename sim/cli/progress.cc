#include "sim/cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <string>

namespace faultline::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

Progress::Progress(std::FILE* out) : out_(out), start_(Clock::now()), next_(start_) {}

Progress::~Progress() {
  if (!shown_) return;
  std::fputs("\r\033[K", out_);
  std::fflush(out_);
}

void Progress::update(uint64_t accesses) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::string count = std::to_string(accesses);
  for (size_t at = count.size(); at > 3; at -= 3) count.insert(at - 3, 1, ',');
  const std::string line =
      fmt::format("\r\033[K{} accesses, {:.1f} M/s", count, double(accesses) / seconds / 1e6);
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

bool wants_progress(ShowProgress show) {
  return show == ShowProgress::kYes ||
         (show == ShowProgress::kOnTerminal && isatty(STDERR_FILENO) == 1);
}

}  // namespace faultline::cli
