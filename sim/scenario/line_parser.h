// LineParser: parses one line of a scenario into a program.
//
// Ownership: Parse, the state that goes from line to line, belongs to parse().
// Threads: one parser, one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/calls.h"
#include "sim/scenario/expression.h"
#include "sim/scenario/lexer.h"
#include "sim/scenario/program.h"
#include "sim/scenario/scope.h"

namespace faultline::scenario {

// What parsing has come to before a line.
struct ParseState {
  Program program{};
  Scope scope{};
  std::vector<uint32_t> open_repeats{};  // steps, outermost first
  bool after_access = false;             // the last statement may be followed by a --- SIGSEGV line
};

class LineParser {
 public:
  LineParser(ParseState& state, uint32_t line, std::string_view text)
      : state_(state), line_(line), lexer_(text) {}

  // Adds what the line says to the program. False: error() says what is wrong.
  bool parse();
  const PlacedMessage& error() const { return error_; }

 private:
  bool parse_item(bool& repeat_opened);
  bool parse_prefix(std::optional<uint64_t>& pid);
  bool parse_repeat(uint32_t column);
  bool close_repeat();
  bool parse_statement(Statement& statement, const Token& first);
  bool add_statement(Statement statement, const std::string& target);
  bool check_target(const Token& name);

  bool parse_arguments(Statement& statement);
  bool parse_argument(const Call& call, ArgumentKind kind, Argument& out);
  bool parse_text_argument(const Call& call, ArgumentKind kind, Argument& out);

  bool parse_expected(Statement& statement);
  bool parse_expected_value(Expected& expected);
  bool parse_errno(Expected& expected);
  bool parse_signal(Expected& expected);
  bool parse_signal_code(std::string_view signal, Expected& expected);
  bool parse_signal_line();
  bool parse_signal_fields(Expected& expected, std::string_view signal);

  bool parse_expression(Expression& out);
  bool take_symbol(char symbol, std::string_view wanted);
  bool take_field(std::string_view name);
  bool take_dashes();
  bool fail(uint32_t column, std::string message);
  bool fail_expected(std::string_view wanted);

  ParseState& state_;
  uint32_t line_;
  Lexer lexer_;
  PlacedMessage error_{};
};

}  // namespace faultline::scenario
