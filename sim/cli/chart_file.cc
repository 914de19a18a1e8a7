#include "sim/cli/chart_file.h"

#include "sim/cli/message.h"

namespace faultline::cli {

bool ChartFile::open(const std::string& name, const std::vector<std::string>& inputs) {
  if (name.empty()) return true;
  is_page_ = name.ends_with(".html");
  if (is_page_ || name.ends_with(".svg")) return file_.open("--chart", name, inputs);
  print_error("--chart: '" + name + "' does not end in .svg or .html");
  return false;
}

ExitStatus ChartFile::write(const std::string& document) {
  file_.write(document);
  return file_.finish();
}

}  // namespace faultline::cli
