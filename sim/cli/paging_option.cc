#include "sim/cli/paging_option.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "sim/cli/input_file.h"

namespace faultline::cli {

Result<std::string, InputError> read_paging(const std::string& name) {
  const std::vector<NamedChoice> formats = paging_names();
  if (std::ranges::find(formats, name, &NamedChoice::name) != formats.end()) return std::string();
  if (access(name.c_str(), F_OK) != 0) {
    return InputError{.message = "--paging: no format is named '" + name +
                                 "', and no file; '--paging list' names the formats"};
  }
  auto text = read_text_file(name);
  if (!text) return text.error();
  if (auto error = paging_description_error(*text)) {
    error->file = name;
    return *error;
  }
  return std::move(text).value();
}

}  // namespace faultline::cli
