// Lines, statements, repeats and arguments. What is expected of a statement:
// line_parser_expected.cc.
#include "sim/scenario/line_parser.h"

#include <fmt/core.h>

#include <utility>

#include "faultline/linux.h"
#include "faultline/siginfo.h"
#include "sim/base/check.h"
#include "sim/scenario/expression_parser.h"

namespace faultline::scenario {
namespace {

// The words that Linux's headers and signal lines own beside the constants of expressions.
bool is_word_of_an_answer(std::string_view name) {
  if (name == "SIGSEGV" || name == "SIGBUS" || find_errno(name)) return true;
  for (const SignalCode code : {SignalCode::kSegvMapErr, SignalCode::kSegvAccErr,
                                SignalCode::kSiKernel, SignalCode::kBusAdrErr}) {
    if (name == signal_code_name(code)) return true;
  }
  return false;
}

bool takes_string(ArgumentKind kind) {
  return kind == ArgumentKind::kPath || kind == ArgumentKind::kWriteBuffer ||
         kind == ArgumentKind::kCountOrText;
}

bool takes_outside(ArgumentKind kind) {
  return kind == ArgumentKind::kReadBuffer || kind == ArgumentKind::kWriteBuffer;
}

std::string plural(uint8_t count) {
  return fmt::format("{} argument{}", count, count == 1 ? "" : "s");
}

std::string argument_count(const Call& call) {
  if (call.arguments_min == call.arguments_max) return plural(call.arguments_max);
  return fmt::format("{} or {}", call.arguments_min, plural(call.arguments_max));
}

}  // namespace

bool LineParser::fail(uint32_t column, std::string message) {
  error_ = {column, std::move(message)};
  return false;
}

bool LineParser::fail_expected(std::string_view wanted) {
  error_ = unexpected(lexer_.current(), wanted);
  return false;
}

bool LineParser::take_symbol(char symbol, std::string_view wanted) {
  if (!lexer_.at_symbol(symbol)) return fail_expected(wanted);
  lexer_.advance();
  return true;
}

bool LineParser::parse_expression(Expression& out) {
  ExpressionParser parser(lexer_, state_.scope);
  if (parser.parse(out)) return true;
  error_ = parser.error();
  return false;
}

bool LineParser::parse() {
  bool may_start = true;  // false behind a statement or a }: only } may follow there
  while (lexer_.current().kind != TokenKind::kEnd) {
    if (lexer_.at_symbol('}')) {
      if (!close_repeat()) return false;
      may_start = false;
      continue;
    }
    if (!may_start) return fail_expected("the end of the line");
    bool repeat_opened = false;
    if (!parse_item(repeat_opened)) return false;
    may_start = repeat_opened;
  }
  return true;
}

// One statement, signal line, or the head of a repeat with its {.
bool LineParser::parse_item(bool& repeat_opened) {
  Statement statement{.line = line_};
  const uint32_t start = lexer_.current().column;
  if (lexer_.at_symbol('[') && !parse_prefix(statement.pid)) return false;
  if (lexer_.at_symbol('-')) return parse_signal_line();
  if (lexer_.current().kind != TokenKind::kName) return fail_expected("a call");
  const Token first = lexer_.current();
  lexer_.advance();
  if (first.source == "repeat" && !lexer_.at_symbol('=')) {
    if (statement.pid) return fail(start, "a pid belongs to a call, not to a repeat");
    repeat_opened = true;
    return parse_repeat(first.column);
  }
  return parse_statement(statement, first);
}

bool LineParser::parse_prefix(std::optional<uint64_t>& pid) {
  lexer_.advance();
  if (!lexer_.at_name("pid")) return fail_expected("pid");
  lexer_.advance();
  if (lexer_.current().kind != TokenKind::kNumber) return fail_expected("the number of a process");
  pid = lexer_.current().number;
  lexer_.advance();
  return take_symbol(']', "]");
}

bool LineParser::parse_repeat(uint32_t column) {
  if (state_.open_repeats.size() == kNestingMax) {
    return fail(column, fmt::format("more than {} levels of repeat", kNestingMax));
  }
  Repeat repeat{.line = line_, .column = column};
  if (!parse_expression(repeat.count)) return false;
  if (!lexer_.at_name("as")) return fail_expected("as");
  lexer_.advance();
  if (lexer_.current().kind != TokenKind::kName) return fail_expected("the name of a variable");
  const Token variable = lexer_.current();
  if (!check_target(variable)) return false;
  lexer_.advance();
  if (!take_symbol('{', "{")) return false;
  repeat.slot = state_.scope.open_loop(variable.source);
  Program& program = state_.program;
  state_.open_repeats.push_back(static_cast<uint32_t>(program.steps.size()));
  program.steps.push_back({StepKind::kRepeat, static_cast<uint32_t>(program.repeats.size()), 0});
  program.repeats.push_back(std::move(repeat));
  state_.after_access = false;
  return true;
}

bool LineParser::close_repeat() {
  if (state_.open_repeats.empty()) return fail(lexer_.current().column, "} without its repeat");
  std::vector<Step>& steps = state_.program.steps;
  const uint32_t begin = state_.open_repeats.back();
  steps[begin].partner = static_cast<uint32_t>(steps.size());
  steps.push_back({StepKind::kEnd, steps[begin].index, begin});
  state_.open_repeats.pop_back();
  state_.scope.close_loop();
  state_.after_access = false;
  lexer_.advance();
  return true;
}

// `first` is the name that the statement begins with: the call, or the NAME to bind.
bool LineParser::parse_statement(Statement& statement, const Token& first) {
  Token callee = first;
  std::string target;
  if (lexer_.at_symbol('=')) {
    if (!check_target(first)) return false;
    if (state_.scope.is_loop_variable(first.source)) {
      return fail(first.column,
                  fmt::format("the variable of a repeat cannot be bound: {}", clip(first.source)));
    }
    target = first.source;
    lexer_.advance();
    if (lexer_.current().kind != TokenKind::kName) return fail_expected("a call");
    callee = lexer_.current();
    lexer_.advance();
  }
  if (!lexer_.at_symbol('(')) {
    return fail_expected(target.empty() ? "( or =" : "(");
  }
  statement.column = callee.column;
  statement.call = find_call(callee.source);
  if (statement.call == nullptr) {
    return fail(callee.column, fmt::format("unknown call: {}", clip(callee.source)));
  }
  if (statement.call->run == nullptr) {
    return fail(callee.column, fmt::format("call not simulated yet: {}", callee.source));
  }
  if (!parse_arguments(statement)) return false;
  if (lexer_.at_symbol('=') && !parse_expected(statement)) return false;
  return add_statement(std::move(statement), target);
}

bool LineParser::add_statement(Statement statement, const std::string& target) {
  // Bound behind its own arguments, which cannot know it yet.
  if (!target.empty()) statement.slot = state_.scope.bind(target);
  state_.after_access = statement.call->is_access;
  Program& program = state_.program;
  program.steps.push_back(
      {StepKind::kStatement, static_cast<uint32_t>(program.statements.size()), 0});
  program.statements.push_back(std::move(statement));
  return true;
}

bool LineParser::check_target(const Token& name) {
  if (name.source == "_") return fail(name.column, "_ cannot be bound, it is a buffer");
  if (find_call(name.source) != nullptr) {
    return fail(name.column, fmt::format("a call cannot be bound: {}", name.source));
  }
  if (linux_abi::find_constant(name.source) || is_word_of_an_answer(name.source)) {
    return fail(name.column, fmt::format("a constant cannot be bound: {}", name.source));
  }
  return true;
}

bool LineParser::parse_arguments(Statement& statement) {
  const Call& call = *statement.call;
  uint8_t arguments_min = call.arguments_min;
  uint8_t arguments_max = call.arguments_max;
  lexer_.advance();
  while (!lexer_.at_symbol(')') || !statement.arguments.empty()) {
    const size_t index = statement.arguments.size();
    if (index == arguments_max) {
      return fail(lexer_.current().column,
                  fmt::format("{} takes {}", call.name, argument_count(call)));
    }
    const ArgumentKind kind = call.arguments[index];
    Argument& argument = statement.arguments.emplace_back();
    if (!parse_argument(call, kind, argument)) return false;
    if (kind == ArgumentKind::kCountOrText) {
      arguments_min = arguments_max = argument.shape == ArgumentShape::kString ? 2 : 3;
    }
    if (lexer_.at_symbol(')')) break;
    if (!take_symbol(',', "a comma or )")) return false;
  }
  if (statement.arguments.size() < arguments_min) {
    return fail(lexer_.current().column,
                fmt::format("{} takes {}, here are {}", call.name, argument_count(call),
                            statement.arguments.size()));
  }
  lexer_.advance();
  return true;
}

bool LineParser::parse_argument(const Call& call, ArgumentKind kind, Argument& out) {
  out.column = lexer_.current().column;
  const bool is_string = lexer_.current().kind == TokenKind::kString;
  if (is_string || kind == ArgumentKind::kPath) return parse_text_argument(call, kind, out);
  if (lexer_.at_name("_")) {
    if (!takes_outside(kind)) return fail(out.column, "_ cannot stand here: not a buffer");
    out.shape = ArgumentShape::kOutside;
    lexer_.advance();
    return true;
  }
  return parse_expression(out.number);
}

bool LineParser::parse_text_argument(const Call& call, ArgumentKind kind, Argument& out) {
  if (lexer_.current().kind != TokenKind::kString) return fail_expected("a string");
  if (!takes_string(kind)) {
    return fail(out.column, fmt::format("{} takes a number here, not a string", call.name));
  }
  out.shape = ArgumentShape::kString;
  out.text = lexer_.current().text;
  if (kind == ArgumentKind::kPath && out.text.find('\0') != std::string::npos) {
    return fail(out.column, "a path ends at a zero byte: it cannot hold one");
  }
  lexer_.advance();
  return true;
}

}  // namespace faultline::scenario
