// Lexer: the words of one line of a scenario. See docs/scenario.md.
//
// One token is looked at at a time, so that the first error of a line is the leftmost one: a word
// that cannot be read is a token of kind kError and is complained about only when it is reached.
//
// Units: columns are bytes from 1; a tab is one.
// Ownership: the line's bytes belong to the caller and outlive the lexer; tokens point into them.
// Threads: one lexer, one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace faultline::scenario {

enum class TokenKind : uint8_t { kEnd, kName, kNumber, kString, kSymbol, kError };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  char symbol = 0;            // kSymbol: its character; '<' stands for << and '>' for >>
  uint32_t column = 1;        // of the first byte
  uint64_t number = 0;        // kNumber
  std::string_view source{};  // as written
  std::string text{};         // kString: the bytes it means; kError: what is wrong
};

class Lexer {
 public:
  // Stands on the first token of `line`, which holds no line end.
  explicit Lexer(std::string_view line);

  const Token& current() const { return token_; }
  bool at_symbol(char symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.symbol == symbol;
  }
  bool at_name(std::string_view name) const {
    return token_.kind == TokenKind::kName && token_.source == name;
  }
  void advance();
  // Goes behind the next `end` at or after the current token, whatever lies between. False: there
  // is none before a comment or the end of the line; nothing changed then.
  bool skip_past(char end);
  // The column behind the token before the current one.
  uint32_t previous_end_column() const { return previous_end_column_; }
  // The bytes from one column up to another.
  std::string_view source(uint32_t from_column, uint32_t to_column) const {
    return line_.substr(from_column - 1, to_column - from_column);
  }

 private:
  void read_token();
  void read_number();
  void read_string();
  // Reads the escape after a backslash at position_ into the token's text; false: it is none.
  bool read_escape();
  void read_symbol();
  void fail(size_t position, std::string message);
  size_t end_of_word() const;

  std::string_view line_;
  size_t position_ = 0;  // behind the current token
  uint32_t previous_end_column_ = 1;
  Token token_{};
};

// `word` for a message: as it is, or its beginning when it is long.
std::string clip(std::string_view word);

}  // namespace faultline::scenario
