// ExpressionParser: reads one expression from a lexer, with C's precedence:
// unary - ~, then * / %, then + -, then << >>, then &, then |.
//
// Threads: one parser, one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/scenario/expression.h"
#include "sim/scenario/lexer.h"
#include "sim/scenario/scope.h"

namespace faultline::scenario {

class ExpressionParser {
 public:
  ExpressionParser(Lexer& lexer, const Scope& scope) : lexer_(lexer), scope_(scope) {}

  // Reads as far as an expression goes. False: error() says what is wrong.
  bool parse(Expression& out);
  const PlacedMessage& error() const { return error_; }

 private:
  bool parse_binary(int lowest_precedence);
  bool parse_operand();
  bool parse_atom();
  bool parse_name();
  bool fail(uint32_t column, std::string message);

  Lexer& lexer_;
  const Scope& scope_;
  Expression* out_ = nullptr;
  uint32_t depth_ = 0;  // of parentheses
  PlacedMessage error_{};
};

// What is wrong with `token`, where `wanted` should be.
PlacedMessage unexpected(const Token& token, std::string_view wanted);

}  // namespace faultline::scenario
