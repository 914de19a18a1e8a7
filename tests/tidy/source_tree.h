// The project's own text files, as tests/tidy reads them.
//
// Units: lines count from 1; paths are relative to the workspace.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace faultline::tidy {

struct SourceFile {
  std::string path;
  std::string text;

  bool is_header() const { return path.ends_with(".h"); }
  bool is_cpp() const { return is_header() || path.ends_with(".cc"); }
};

// In the order of their paths.
using SourceTree = std::vector<SourceFile>;

// Reads every text file below `root`, but for what others wrote (third_party), what is data
// (traces, golden files) and what is generated.
SourceTree read_tree(const std::filesystem::path& root);

std::string read_file(const std::filesystem::path& path);

// The lines, without their ends.
std::vector<std::string_view> split_lines(std::string_view text);

// The words, as white space separates them.
std::vector<std::string> split_words(std::string_view text);

}  // namespace faultline::tidy
