#include "sim/scenario/expression_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "faultline/linux.h"
#include "sim/scenario/calls.h"
#include "sim/scenario/program.h"

namespace faultline::scenario {
namespace {

struct BinaryOperator {
  char symbol;
  int precedence;  // higher binds tighter
  Op op;
};

constexpr BinaryOperator kBinaryOperators[] = {
    {'*', 5, Op::kMultiply},   {'/', 5, Op::kDivide},   {'%', 5, Op::kRemainder},
    {'+', 4, Op::kAdd},        {'-', 4, Op::kSubtract}, {'<', 3, Op::kShiftLeft},
    {'>', 3, Op::kShiftRight}, {'&', 2, Op::kAnd},      {'|', 1, Op::kOr},
};
constexpr int kLowestPrecedence = 1;

const BinaryOperator* find_operator(const Token& token) {
  if (token.kind != TokenKind::kSymbol) return nullptr;
  const auto* found =
      std::find_if(std::begin(kBinaryOperators), std::end(kBinaryOperators),
                   [&](const BinaryOperator& row) { return row.symbol == token.symbol; });
  return found == std::end(kBinaryOperators) ? nullptr : found;
}

// Linux's constants are written in capitals.
bool looks_like_constant(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

PlacedMessage unexpected(const Token& token, std::string_view wanted) {
  if (token.kind == TokenKind::kError) return {token.column, token.text};
  if (token.kind == TokenKind::kEnd) {
    return {token.column, fmt::format("expected {}, the line ends here", wanted)};
  }
  return {token.column, fmt::format("expected {}, got {}", wanted, clip(token.source))};
}

bool ExpressionParser::fail(uint32_t column, std::string message) {
  error_ = {column, std::move(message)};
  return false;
}

bool ExpressionParser::parse(Expression& out) {
  out_ = &out;
  out.column = lexer_.current().column;
  return parse_binary(kLowestPrecedence);
}

// Precedence climbing; recursion goes one level deeper an operator of higher precedence, so at most
// five a parenthesis.
bool ExpressionParser::parse_binary(int lowest_precedence) {
  if (!parse_operand()) return false;
  while (true) {
    const BinaryOperator* found = find_operator(lexer_.current());
    if (found == nullptr || found->precedence < lowest_precedence) return true;
    const uint32_t column = lexer_.current().column;
    lexer_.advance();
    if (!parse_binary(found->precedence + 1)) return false;
    out_->steps.push_back({found->op, column, 0});
  }
}

bool ExpressionParser::parse_operand() {
  std::vector<ExpressionStep> unary;
  while (lexer_.at_symbol('-') || lexer_.at_symbol('~')) {
    unary.push_back(
        {lexer_.at_symbol('-') ? Op::kNegate : Op::kComplement, lexer_.current().column, 0});
    lexer_.advance();
  }
  if (!parse_atom()) return false;
  out_->steps.insert(out_->steps.end(), unary.rbegin(), unary.rend());
  return true;
}

bool ExpressionParser::parse_atom() {
  const Token& token = lexer_.current();
  if (token.kind == TokenKind::kNumber) {
    out_->steps.push_back({Op::kNumber, token.column, token.number});
    lexer_.advance();
    return true;
  }
  if (token.kind == TokenKind::kName) return parse_name();
  if (!lexer_.at_symbol('(')) {
    error_ = unexpected(token, "a number");
    return false;
  }
  if (depth_ == kNestingMax) {
    return fail(token.column, fmt::format("more than {} levels of parentheses", kNestingMax));
  }
  ++depth_;
  lexer_.advance();
  if (!parse_binary(kLowestPrecedence)) return false;
  if (!lexer_.at_symbol(')')) {
    error_ = unexpected(lexer_.current(), "an operator or )");
    return false;
  }
  --depth_;
  lexer_.advance();
  return true;
}

bool ExpressionParser::parse_name() {
  const Token& token = lexer_.current();
  const uint32_t column = token.column;
  if (const auto slot = scope_.find(token.source)) {
    out_->steps.push_back({Op::kName, column, *slot});
  } else if (const auto constant = linux_abi::find_constant(token.source)) {
    out_->steps.push_back({Op::kNumber, column, *constant});
  } else if (token.source == "_") {
    return fail(column, "_ is a buffer, not a number");
  } else if (find_call(token.source) != nullptr) {
    return fail(column, fmt::format("a call cannot stand here: {}", token.source));
  } else if (looks_like_constant(token.source)) {
    return fail(column, fmt::format("unknown constant: {}", clip(token.source)));
  } else {
    return fail(column, fmt::format("no line above binds this name: {}", clip(token.source)));
  }
  lexer_.advance();
  return true;
}

}  // namespace faultline::scenario
