#include "tests/tidy/cpp_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "tests/tidy/source_tree.h"

namespace faultline::tidy {
namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

std::size_t end_of(std::string_view text, std::string_view closing, std::size_t from) {
  const std::size_t at = text.find(closing, from);
  return at == std::string_view::npos ? text.size() : at + closing.size();
}

std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != quote && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

// The end of the comment or literal that begins at `begin`; `begin` itself if none does.
std::size_t end_of_blank(std::string_view text, std::size_t begin) {
  const std::string_view rest = text.substr(begin);
  const bool inside_word = begin > 0 && is_word_char(text[begin - 1]);
  if (rest.starts_with("//")) return end_of(text, "\n", begin) - 1;
  if (rest.starts_with("/*")) return end_of(text, "*/", begin);
  if (rest.starts_with("R\"") && !inside_word) {
    const std::size_t open = rest.find('(');
    if (open == std::string_view::npos) return text.size();
    return end_of(text, ")" + std::string(rest.substr(2, open - 2)) + "\"", begin + open);
  }
  // Inside a word, ' separates the digits of a number.
  const bool opens_quote = rest.starts_with('"') || (rest.starts_with('\'') && !inside_word);
  return opens_quote ? end_of_quoted(text, begin) : begin;
}

void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

void blank_preprocessor_lines(std::string& text) {
  bool continued = false;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::size_t first = std::min(text.find_first_not_of(' ', begin), end);
    const bool is_directive = continued || text[first] == '#';
    continued = is_directive && end > begin && text[end - 1] == '\\';
    if (is_directive) blank(text, begin, end);
    begin = end + 1;
  }
}

enum class BraceKind { kScope, kData, kFunction };

// What the brace after `header`, the text since the last ; { or }, opens.
BraceKind classify(std::string_view header) {
  constexpr std::array<std::string_view, 6> kScopes = {"namespace", "class", "struct",
                                                       "union",     "enum",  "extern"};
  const std::vector<std::string> words = split_words(header);
  if (words.empty() || std::ranges::find(kScopes, words.front()) != kScopes.end()) {
    return BraceKind::kScope;
  }
  int depth = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == '(') ++depth;
    if (header[i] == ')') --depth;
    const bool assigns = depth == 0 && header.substr(i).starts_with(" = ");
    const bool is_lambda = header.find("](", i) != std::string_view::npos;
    if (assigns && !is_lambda) return BraceKind::kData;
  }
  return header.find('(') == std::string_view::npos ? BraceKind::kScope : BraceKind::kFunction;
}

// Where the declaration begins in `header`: behind white space and access specifiers.
std::size_t declaration_begin(std::string_view header) {
  std::size_t begin = 0;
  for (const std::string_view specifier : {"public:", "protected:", "private:"}) {
    const std::size_t at = header.rfind(specifier);
    if (at != std::string_view::npos) begin = std::max(begin, at + specifier.size());
  }
  while (begin < header.size() && is_space(header[begin])) ++begin;
  return begin;
}

// Whether a member initialiser ended before `rest`, rather than the function's body.
bool function_goes_on(std::string_view rest) {
  const std::size_t next = rest.find_first_not_of(" \n");
  return next != std::string_view::npos && (rest[next] == ',' || rest[next] == '{');
}

std::size_t line_at(std::string_view text, std::size_t position) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, position), '\n'));
}

}  // namespace

std::string code_only(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = end_of_blank(text, i);
    blank(code, i, end);
    i = std::max(i + 1, end);
  }
  blank_preprocessor_lines(code);
  return code;
}

std::vector<Include> find_includes(std::string_view text) {
  std::vector<Include> includes;
  const std::vector<std::string_view> lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> words = split_words(lines[i]);
    if (words.size() < 2 || words[0] != "#include" || words[1].size() < 2) continue;
    includes.push_back({i + 1, words[1].substr(1, words[1].size() - 2)});
  }
  return includes;
}

std::vector<Function> find_functions(std::string_view code) {
  std::vector<Function> functions;
  std::size_t header = 0;              // where the text since the last ; { or } begins
  int depth = 0;                       // open braces
  int opaque_depth = -1;               // those around the function or data we are in; -1: in none
  BraceKind kind = BraceKind::kScope;  // what we are in
  std::size_t first_line = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] != '{' && code[i] != '}' && code[i] != ';') continue;
    if (code[i] == '{') {
      const std::string_view declaration = code.substr(header, i - header);
      const std::size_t begin = declaration_begin(declaration);
      if (opaque_depth < 0) kind = classify(declaration.substr(begin));
      if (opaque_depth < 0 && kind != BraceKind::kScope) {
        opaque_depth = depth;
        first_line = line_at(code, header + begin);
      }
      ++depth;
    }
    if (code[i] == '}' && --depth == opaque_depth && !function_goes_on(code.substr(i + 1))) {
      if (kind == BraceKind::kFunction) functions.push_back({first_line, line_at(code, i)});
      opaque_depth = -1;
    }
    header = i + 1;
  }
  return functions;
}

std::vector<Word> find_words(std::string_view text) {
  std::vector<Word> words;
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_word_char(text[end])) ++end;
    if (end > i) words.push_back({line, std::string(text.substr(i, end - i))});
    if (end < text.size() && text[end] == '\n') ++line;
    i = end + 1;
  }
  return words;
}

std::vector<std::string> name_parts(std::string_view name) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool was_upper = i == 0 || is_upper(name[i - 1]);
    const bool lower_follows = i + 1 < name.size() && !is_upper(name[i + 1]) && name[i + 1] != '_';
    const bool starts_part = is_upper(name[i]) && (!was_upper || lower_follows);
    if (starts_part || name[i] == '_') parts.emplace_back();
    if (name[i] != '_') {
      parts.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
  }
  std::erase(parts, "");
  return parts;
}

}  // namespace faultline::tidy
