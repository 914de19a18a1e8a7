// What expressions come to: tables, and random ones against this compiler's own arithmetic.
#include "sim/scenario/expression.h"

#include <doctest/doctest.h>

#include <string>

#include "sim/base/prng.h"
#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

// The value of an expression, as the argument that a call got.
std::string value_of(const std::string& expression) {
  Run run;
  run("lseek(3, " + expression + ", 0)\n");
  if (!run.error.empty()) return run.error;
  const std::string& call = run.machine.state().calls.back();
  return call.substr(9, call.size() - 9 - 4);
}

TEST_CASE("expression: numbers") {
  CHECK(value_of("0") == "0");
  CHECK(value_of("18446744073709551615") == "18446744073709551615");
  CHECK(value_of("0x7fffFFFF") == "2147483647");
  CHECK(value_of("0XfF") == "255");
  CHECK(value_of("0644") == "420");
  CHECK(value_of("00") == "0");
  CHECK(value_of("4K") == "4096");
  CHECK(value_of("150K") == "153600");
  CHECK(value_of("3M") == "3145728");
  CHECK(value_of("2G") == "2147483648");
  CHECK(value_of("0x10K") == "16384");
  CHECK(value_of("010K") == "8192");
  CHECK(value_of("0K") == "0");
  CHECK(value_of("17179869183G") == "18446744072635809792");
}

TEST_CASE("expression: C's precedence, from the left") {
  CHECK(value_of("1 + 2 * 3") == "7");
  CHECK(value_of("(1 + 2) * 3") == "9");
  CHECK(value_of("10 - 3 - 2") == "5");
  CHECK(value_of("100 / 7 * 2") == "28");
  CHECK(value_of("100 % 7 * 2") == "4");
  CHECK(value_of("1 << 2 + 3") == "32");
  CHECK(value_of("256 >> 2 << 1") == "128");
  CHECK(value_of("1 | 6 & 12") == "5");
  CHECK(value_of("6 & 1 << 1") == "2");
  CHECK(value_of("1|2+4") == "7");
  CHECK(value_of("2 * -3 + 7") == "1");
  CHECK(value_of("~0 & 0xff") == "255");
  CHECK(value_of("- - ~ ~ 5") == "5");
  CHECK(value_of("-~4") == "5");
}

TEST_CASE("expression: 64 bits, wrapping, unsigned") {
  CHECK(value_of("-1") == "18446744073709551615");
  CHECK(value_of("0xffffffffffffffff + 2") == "1");
  CHECK(value_of("0 - 4K") == "18446744073709547520");
  CHECK(value_of("(1<<63) * 2") == "0");
  CHECK(value_of("-1 / 2") == "9223372036854775807");
  CHECK(value_of("-1 % 10") == "5");
  CHECK(value_of("-1 >> 60") == "15");
  CHECK(value_of("1 << 64") == "0");
  CHECK(value_of("-1 >> 64") == "0");
  CHECK(value_of("1 << -1") == "0");
}

TEST_CASE("expression: constants have Linux's values") {
  CHECK(value_of("PROT_READ|PROT_WRITE") == "3");
  CHECK(value_of("MAP_PRIVATE|MAP_ANONYMOUS") == "34");
  CHECK(value_of("O_RDWR|O_CREAT|O_TRUNC") == "578");
  CHECK(value_of("RLIM_INFINITY") == "18446744073709551615");
  CHECK(value_of("S_IRUSR|S_IWUSR") == "384");
  CHECK(value_of("AT_FDCWD + 100") == "0");
  CHECK(value_of("NULL") == "0");
}

TEST_CASE("expression: division by zero stops the run at its operator") {
  Run run;
  CHECK(run("fsync(3)\n  fsync(1 + 2 / (3 - 3))\nfsync(4)\n").size() == 1);
  CHECK(run.error == "t.scn:2:15: division by zero");
  CHECK(run("fsync(5 % 0)").empty());
  CHECK(run.error == "t.scn:1:9: division by zero");
  CHECK(run("fsync(5) = 1/0").empty());
  CHECK(run.error == "t.scn:1:13: division by zero");
  CHECK(run("repeat 1/0 as i { }").empty());
  CHECK(run.error == "t.scn:1:9: division by zero");
}

// A random expression and its value, computed while it is written down. Every part stands in
// parentheses or has the precedence that is asked for.
struct Sample {
  std::string text;
  uint64_t value;
};

Sample sample(base::Prng& prng, int depth);

Sample binary_sample(base::Prng& prng, int depth) {
  const Sample a = sample(prng, depth - 1);
  const Sample b = sample(prng, depth - 1);
  const std::string left = "(" + a.text + ")";
  const std::string right = "(" + b.text + ")";
  switch (prng.below(9)) {
    case 0:
      return {left + "*" + right, a.value * b.value};
    case 1:
      return {left + "/((" + right + ")|1)", a.value / (b.value | 1)};
    case 2:
      return {left + "%((" + right + ")|1)", a.value % (b.value | 1)};
    case 3:
      return {left + "+" + right, a.value + b.value};
    case 4:
      return {left + "-" + right, a.value - b.value};
    case 5:
      return {left + "<<(" + right + "&63)", a.value << (b.value & 63)};
    case 6:
      return {left + ">>(" + right + "&63)", a.value >> (b.value & 63)};
    case 7:
      return {left + "&" + right, a.value & b.value};
    default:
      return {left + "|" + right, a.value | b.value};
  }
}

Sample sample(base::Prng& prng, int depth) {
  if (depth == 0 || prng.below(5) == 0) {
    const uint64_t number = prng.next() >> prng.below(64);
    return {std::to_string(number), number};
  }
  if (prng.below(4) == 0) {
    const Sample inner = sample(prng, depth - 1);
    return prng.below(2) == 0 ? Sample{"-(" + inner.text + ")", 0 - inner.value}
                              : Sample{"~(" + inner.text + ")", ~inner.value};
  }
  return binary_sample(prng, depth);
}

TEST_CASE("expression: random ones have the value that this compiler gives them") {
  base::Prng prng(1);
  for (int i = 0; i < 2000; ++i) {
    const Sample wanted = sample(prng, 5);
    CAPTURE(wanted.text);
    CHECK(value_of(wanted.text) == std::to_string(wanted.value));
  }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wparentheses"  // C's precedence is what is asked for
// Without parentheses: this compiler's precedence, for each pair of operators.
#define FL_BOTH(e)     \
  {                    \
#e, uint64_t { e } \
  }
TEST_CASE("expression: each pair of operators binds as in C") {
  constexpr uint64_t a = 1001, b = 7, c = 3;
  const Sample rows[] = {
      FL_BOTH(a * b % c),  FL_BOTH(a % b * c),  FL_BOTH(a / b * c),   FL_BOTH(a * b / c),
      FL_BOTH(a + b * c),  FL_BOTH(a * b + c),  FL_BOTH(a - b / c),   FL_BOTH(a % b - c),
      FL_BOTH(a << b + c), FL_BOTH(a + b << c), FL_BOTH(a >> b - c),  FL_BOTH(a - b >> c),
      FL_BOTH(a & b << c), FL_BOTH(a >> b & c), FL_BOTH(a & b + c),   FL_BOTH(a * b & c),
      FL_BOTH(a | b & c),  FL_BOTH(a & b | c),  FL_BOTH(a | b << c),  FL_BOTH(a << b | c),
      FL_BOTH(a - b - c),  FL_BOTH(a / b / c),  FL_BOTH(a >> b >> c), FL_BOTH(a - b + c),
  };
  for (const Sample& row : rows) {
    CAPTURE(row.text);
    Run run;
    run("a = lseek(3, 1001, 0)\nb = lseek(3, 7, 0)\nc = lseek(3, 3, 0)\nlseek(3, " + row.text +
        ", 0)\n");
    CHECK(run.machine.state().calls.back() == "lseek(3, " + std::to_string(row.value) + ", 0)");
  }
}
#undef FL_BOTH
#pragma GCC diagnostic pop

}  // namespace
}  // namespace faultline::scenario::testing
