#include "sim/reclaim/policy_table.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

namespace faultline::reclaim {
namespace {

TEST_CASE("policies: every row has its own name and a description") {
  std::set<std::string_view> names;
  for (const PolicyRow& row : policy_rows()) {
    CHECK(names.insert(row.name).second);
    CHECK(!row.description.empty());
    CHECK(make_policy(row.name).ok());
  }
  CHECK(names.contains("lru"));
  CHECK(names.contains("fifo"));
  CHECK(names.contains("clock"));
}

TEST_CASE("policies: what each sees") {
  CHECK(make_policy("lru").value()->sees() == PolicySees::kLastReference);
  CHECK(make_policy("fifo").value()->sees() == PolicySees::kNothing);
  CHECK(make_policy("clock").value()->sees() == PolicySees::kAccessedBits);
}

TEST_CASE("policies: clock:enter=0 alone does not count the reference that brings a page in") {
  for (const std::string_view name : {"lru", "fifo", "clock", "clock:enter=1"})
    CHECK(make_policy(name).value()->enters_referenced());
  CHECK(!make_policy("clock:enter=0").value()->enters_referenced());
}

TEST_CASE("policies: a wrong name is refused, and the message says what is wrong") {
  struct Row {
    std::string_view name;
    std::string_view message;
  };
  const Row rows[] = {
      {"", "no policy is named ''; there are lru, fifo, clock"},
      {"LRU", "no policy is named 'LRU'; there are lru, fifo, clock"},
      {"mru:enter=0", "no policy is named 'mru'; there are lru, fifo, clock"},
      {"lru:enter=0", "policy lru has no option 'enter'"},
      {"fifo:x=y", "policy fifo has no option 'x'"},
      {"clock:exit=0", "policy clock has no option 'exit'"},
      {"clock:enter=2", "policy clock: enter is 0 or 1, not '2'"},
      {"clock:enter=", "policy clock: enter is 0 or 1, not ''"},
      {"clock:enter", "policy option 'enter' is not of the form key=value"},
      {"clock:", "policy option '' is not of the form key=value"},
      {"clock:enter=1,", "policy option '' is not of the form key=value"},
      {"clock:=1", "policy option '=1' is not of the form key=value"},
      {"clock:enter=0,enter=3", "policy clock: enter is 0 or 1, not '3'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const MadePolicy made = make_policy(row.name);
    REQUIRE(!made.ok());
    CHECK(made.error().to_string() == row.message);
  }
}

}  // namespace
}  // namespace faultline::reclaim
