#include "tests/tidy/fidelity.h"

#include <algorithm>
#include <cctype>

namespace faultline::tidy {
namespace {

constexpr std::string_view kFolder = "tests/scenarios/linux/";

// The words of the first cell of a table's line, without commas and backquotes.
std::vector<std::string> first_cell(std::string_view line) {
  if (!line.starts_with("| ")) return {};
  std::string cell(line.substr(2, line.find(" |", 2) - 2));
  std::ranges::replace_if(
      cell, [](char c) { return c == ',' || c == '`'; }, ' ');
  return split_words(cell);
}

bool is_row(std::string_view word) {
  return word.size() >= 2 && word[0] >= 'A' && word[0] <= 'M' &&
         std::all_of(word.begin() + 1, word.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool has(const std::vector<std::string>& rows, const std::string& row) {
  return std::ranges::find(rows, row) != rows.end();
}

// The row that a scenario is named after: "C10" of c10-max-map-count.scn.
std::string row_of(std::string_view path) {
  std::string row(path.substr(kFolder.size()));
  row.erase(std::min(row.find('-'), row.size()));
  if (!row.empty()) row[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(row[0])));
  return row;
}

}  // namespace

FidelityPage read_fidelity(std::string_view page) {
  FidelityPage found;
  std::string_view heading;
  for (const std::string_view line : split_lines(page)) {
    if (line.starts_with("## ")) heading = line.substr(3);
    // "| row | ..." and "| --- | ..." are heads of tables.
    for (const std::string& word : first_cell(line)) {
      if (heading == "Calls that are not simulated") {
        if (word != "call" && word != "---") found.not_simulated.push_back(word);
      } else if (is_row(word)) {
        (heading == "Rows without a scenario" ? found.without : found.rows).push_back(word);
      }
    }
  }
  return found;
}

std::vector<std::string> check_rows(const FidelityPage& page, const SourceTree& tree) {
  std::vector<std::string> findings;
  std::vector<std::string> reached;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with(kFolder) || !file.path.ends_with(".scn")) continue;
    reached.push_back(row_of(file.path));
    if (!has(page.rows, reached.back())) findings.push_back(file.path + ": of no row");
  }
  for (const std::string& row : page.rows) {
    if (has(reached, row) && has(page.without, row)) {
      findings.push_back(row + ": has a scenario, and stands with those that have none");
    } else if (!has(reached, row) && !has(page.without, row)) {
      findings.push_back(row + ": has no scenario, and no reason why not");
    }
  }
  for (const std::string& row : page.without)
    if (!has(page.rows, row)) findings.push_back(row + ": a reason for no row");
  return findings;
}

}  // namespace faultline::tidy
