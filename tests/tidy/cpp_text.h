// Just enough of C++'s grammar to find words, includes and functions in formatted code.
//
// Units: lines count from 1.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace faultline::tidy {

// The text with each comment, literal and preprocessor line replaced by spaces, so that lines and
// columns stay what they were.
std::string code_only(std::string_view text);

struct Include {
  std::size_t line;
  std::string path;  // without quotes or angle brackets
};

std::vector<Include> find_includes(std::string_view text);

struct Function {
  std::size_t first_line;
  std::size_t last_line;
};

// The outermost functions (a lambda belongs to the function around it), test cases included.
// REQUIRES: `code` comes from code_only().
std::vector<Function> find_functions(std::string_view code);

// A name (or number) of the text.
struct Word {
  std::size_t line;
  std::string text;
};

std::vector<Word> find_words(std::string_view text);

// The parts of a name, in lower case: "PageFrame_2" has page, frame, 2; "TLBGather" tlb, gather.
std::vector<std::string> name_parts(std::string_view name);

}  // namespace faultline::tidy
