// The file of --chart: an SVG document or an HTML page, as its name says.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/exit_status.h"
#include "sim/cli/output_file.h"

namespace faultline::cli {

class ChartFile {
 public:
  // Begins the file; an empty name: no chart is wanted. False: the name ends in neither .svg nor
  // .html, or OutputFile cannot open it; said already.
  bool open(const std::string& name, const std::vector<std::string>& inputs);
  bool is_wanted() const { return file_.is_open(); }
  bool is_page() const { return is_page_; }
  // Writes it. Where that fails it is said, and the status is not kDone. REQUIRES: is_wanted().
  ExitStatus write(const std::string& document);

 private:
  OutputFile file_;
  bool is_page_ = false;
};

}  // namespace faultline::cli
