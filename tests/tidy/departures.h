// The departures from Linux that the code owns up to: its `Differs from Linux:` comments, and the
// list of them in docs/fidelity.md.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace faultline::tidy {

struct Departure {
  std::string path;
  std::string text;  // the sentence behind the colon, on one line
};

// Those of sim/ and include/, in the order of the tree. A sentence ends at a full stop before white
// space or at the end of its comment, whatever lines it runs over.
std::vector<Departure> find_departures(const SourceTree& tree);

// As the page lists them: a line each.
std::string list_departures(const std::vector<Departure>& departures);

// What stands between the two marks of `page`; nothing where a mark is missing.
std::optional<std::string> listed_departures(std::string_view page);

// `page` with `list` between the marks. REQUIRES: both marks are there.
std::string replace_departures(std::string_view page, std::string_view list);

}  // namespace faultline::tidy
