// The file of --chart: an SVG document or an HTML page, as its name says.
#pragma once

#include <string>

#include "sim/cli/exit_status.h"

namespace faultline::cli {

// Whether `name` ends in .svg or .html; empty: no chart is wanted. If not, said already.
bool known_chart_name(const std::string& name);
// Whether it is a page.
bool is_html_name(const std::string& name);
// Writes the file. Where that fails it is said, and the status is not kDone.
ExitStatus write_chart(const std::string& name, const std::string& document);

}  // namespace faultline::cli
