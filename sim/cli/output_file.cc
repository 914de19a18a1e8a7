#include "sim/cli/output_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "sim/cli/message.h"
#include "sim/trace/file_source.h"

namespace faultline::cli {
namespace {

bool are_the_same(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  if (a == trace::kStandardInput || b == trace::kStandardInput) return false;
  return stat(a.c_str(), &one) == 0 && stat(b.c_str(), &other) == 0 && S_ISREG(one.st_mode) &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

bool OutputFile::open(std::string_view option, const std::string& name,
                      const std::vector<std::string>& inputs) {
  const auto read = std::ranges::find_if(
      inputs, [&](const std::string& input) { return are_the_same(name, input); });
  if (read != inputs.end()) {
    print_error(std::string(option) + ": " + name + " is read, as " + *read +
                ", and would be written over");
    return false;
  }
  auto sink = trace::create_file_sink(name);
  if (!sink) {
    print_error(std::string(option) + ": " + sink.error().error.to_string());
    return false;
  }
  sink_ = std::move(sink).value();
  return true;
}

void OutputFile::write(std::string_view text) {
  if (failure_) return;
  if (const auto written = sink_->write(text); !written) failure_ = written.error();
}

ExitStatus OutputFile::finish() {
  if (!failure_) {
    if (const auto finished = sink_->finish(); !finished) failure_ = finished.error();
  }
  sink_.reset();
  if (!failure_ || failure_->cause == TraceWriteError::Cause::kReaderGone) return ExitStatus::kDone;
  print_error(failure_->error.to_string());
  return ExitStatus::kResource;
}

}  // namespace faultline::cli
