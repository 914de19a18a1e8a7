#include "sim/cli/chart_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sim/cli/message.h"

namespace faultline::cli {

bool known_chart_name(const std::string& name) {
  if (name.empty() || name.ends_with(".svg") || is_html_name(name)) return true;
  print_error("--chart: '" + name + "' does not end in .svg or .html");
  return false;
}

bool is_html_name(const std::string& name) { return name.ends_with(".html"); }

ExitStatus write_chart(const std::string& name, const std::string& document) {
  const auto failed = [&](ExitStatus status) {
    print_error(name + ": " + std::strerror(errno));
    return status;
  };
  std::FILE* const file = std::fopen(name.c_str(), "we");
  if (file == nullptr) return failed(ExitStatus::kBadInput);
  const bool written = std::fwrite(document.data(), 1, document.size(), file) == document.size();
  // Both must be done, and either may tell that the disk is full.
  if (std::fclose(file) != 0 || !written) return failed(ExitStatus::kResource);
  return ExitStatus::kDone;
}

}  // namespace faultline::cli
