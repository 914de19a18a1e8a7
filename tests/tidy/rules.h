// The rules of the house that a machine can check, each a function from the tree to what breaks it.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/tidy/source_tree.h"
#include "tests/tidy/tables.h"

namespace faultline::tidy {

inline constexpr std::size_t kFileLinesMax = 400;
inline constexpr std::size_t kFunctionLinesMax = 60;

// One breach, as `path:line: message`.
using Findings = std::vector<std::string>;

Findings check_file_lengths(const SourceTree& tree);
Findings check_function_lengths(const SourceTree& tree);
Findings check_banned_words(const SourceTree& tree, const std::vector<BannedWord>& banned);

// Every header begins with a comment that says what it is.
Findings check_header_comments(const SourceTree& tree);

// A layer includes what layers.txt allows, and nothing of the tests.
Findings check_layers(const SourceTree& tree, const LayerTable& layers);

// Every C++ file is named in the BUILD file of its package, the nearest one above it. A glob
// does not count: a file belongs to a target because somebody decided so.
Findings check_build_files(const SourceTree& tree);

// sim/base alone includes spdlog; the heavy headers stay out of ours.
Findings check_libraries(const SourceTree& tree);

}  // namespace faultline::tidy
