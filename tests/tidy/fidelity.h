// The tables of docs/fidelity.md: the rows that comments, scenarios and tests are named after,
// those that no scenario reaches, and the calls that are not simulated.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace faultline::tidy {

struct FidelityPage {
  std::vector<std::string> rows{};           // "A1", "A2", ... of A to M, in the order of the page
  std::vector<std::string> without{};        // those in the table "Rows without a scenario"
  std::vector<std::string> not_simulated{};  // the calls in the table of that name
};

FidelityPage read_fidelity(std::string_view page);

// One finding for each row that has neither a scenario in tests/scenarios/linux/ nor an entry in
// the table of those without, or both; for each entry there, and each scenario, of no row.
std::vector<std::string> check_rows(const FidelityPage& page, const SourceTree& tree);

}  // namespace faultline::tidy
