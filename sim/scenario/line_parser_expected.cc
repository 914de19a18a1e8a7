// What is expected of a statement: behind its `=`, and by a line `--- SIGSEGV {...} ---`.
#include <fmt/core.h>

#include <utility>

#include "sim/scenario/expression_parser.h"
#include "sim/scenario/line_parser.h"

namespace faultline::scenario {
namespace {

constexpr SignalCode kCodes[] = {SignalCode::kSegvMapErr, SignalCode::kSegvAccErr,
                                 SignalCode::kSiKernel, SignalCode::kBusAdrErr};

bool is_signal(const Lexer& lexer) { return lexer.at_name("SIGSEGV") || lexer.at_name("SIGBUS"); }

bool looks_like_errno(const Token& token) {
  return token.kind == TokenKind::kName && token.source.starts_with('E');
}

bool is_minus_one(const Expression& expression) {
  return expression.steps.size() == 2 && expression.steps[0].op == Op::kNumber &&
         expression.steps[0].operand == 1 && expression.steps[1].op == Op::kNegate;
}

}  // namespace

bool LineParser::parse_expected(Statement& statement) {
  lexer_.advance();
  const uint32_t start = lexer_.current().column;
  Expected expected{.line = line_};
  if (lexer_.at_symbol('?')) {
    lexer_.advance();
  } else if (!parse_expected_value(expected)) {
    return false;
  }
  if (lexer_.current().kind != TokenKind::kEnd && !lexer_.at_symbol('}')) {
    return fail_expected("the end of the line");
  }
  expected.source = lexer_.source(start, lexer_.previous_end_column());
  statement.expected.push_back(std::move(expected));
  return true;
}

bool LineParser::parse_expected_value(Expected& expected) {
  expected.kind = ExpectedKind::kValue;
  if (is_signal(lexer_)) return parse_signal(expected);
  if (!parse_expression(expected.value.emplace())) return false;
  if (is_signal(lexer_)) return parse_signal(expected);
  if (!looks_like_errno(lexer_.current())) return true;
  if (!is_minus_one(*expected.value)) {
    return fail(lexer_.current().column, "an errno follows -1 only");
  }
  return parse_errno(expected);
}

bool LineParser::parse_errno(Expected& expected) {
  const Token name = lexer_.current();
  const std::optional<Errno> error = find_errno(name.source);
  if (!error) return fail(name.column, fmt::format("unknown errno: {}", clip(name.source)));
  expected.kind = ExpectedKind::kErrno;
  expected.error = *error;
  lexer_.advance();
  if (!lexer_.at_symbol('(')) return true;
  // The text of strerror, in any words.
  const uint32_t open = lexer_.current().column;
  return lexer_.skip_past(')') || fail(open, "( without its )");
}

bool LineParser::parse_signal(Expected& expected) {
  const std::string signal(lexer_.current().source);
  lexer_.advance();
  if (!parse_signal_code(signal, expected)) return false;
  if (lexer_.current().kind == TokenKind::kEnd || lexer_.at_symbol('}')) return true;
  return parse_expression(expected.address.emplace());
}

bool LineParser::parse_signal_code(std::string_view signal, Expected& expected) {
  expected.kind = ExpectedKind::kSignal;
  const Token& token = lexer_.current();
  for (const SignalCode code : kCodes) {
    if (!lexer_.at_name(signal_code_name(code))) continue;
    if (signal_name(code) != signal) {
      return fail(token.column, fmt::format("{} is not a code of {}", token.source, signal));
    }
    expected.code = code;
    lexer_.advance();
    return true;
  }
  return fail_expected("SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR or SI_KERNEL");
}

// --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x1000} ---
bool LineParser::parse_signal_line() {
  const uint32_t start = lexer_.current().column;
  if (!take_dashes()) return false;
  if (!is_signal(lexer_)) return fail_expected("SIGSEGV or SIGBUS");
  if (!state_.after_access) return fail(start, "no access stands before this signal");
  const std::string signal(lexer_.current().source);
  Expected expected{.line = line_};
  lexer_.advance();
  if (!parse_signal_fields(expected, signal)) return false;
  if (!take_dashes()) return false;
  expected.source = lexer_.source(start, lexer_.previous_end_column());
  state_.program.statements.back().expected.push_back(std::move(expected));
  state_.after_access = false;
  return true;
}

bool LineParser::parse_signal_fields(Expected& expected, std::string_view signal) {
  if (!take_symbol('{', "{") || !take_field("si_signo")) return false;
  if (!lexer_.at_name(signal)) return fail_expected(signal);
  lexer_.advance();
  if (!take_symbol(',', "a comma") || !take_field("si_code")) return false;
  if (!parse_signal_code(signal, expected)) return false;
  if (!take_symbol(',', "a comma") || !take_field("si_addr")) return false;
  return parse_expression(expected.address.emplace()) && take_symbol('}', "}");
}

bool LineParser::take_field(std::string_view name) {
  if (!lexer_.at_name(name)) return fail_expected(name);
  lexer_.advance();
  return take_symbol('=', "=");
}

bool LineParser::take_dashes() {
  return take_symbol('-', "---") && take_symbol('-', "---") && take_symbol('-', "---");
}

}  // namespace faultline::scenario
