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
    CHECK(make_policy(row.name).ok() == (row.name != "opt"));
    CHECK(row.description.find("sees ") != std::string_view::npos);
  }
  CHECK(names.contains("lru"));
  CHECK(names.contains("fifo"));
  CHECK(names.contains("clock"));
}

TEST_CASE("policies: each sees what its row says") {
  for (const PolicyRow& row : policy_rows()) {
    if (row.name == "opt") continue;
    CAPTURE(row.name);
    const PolicySees sees = make_policy(row.name).value()->sees();
    const auto says = [&](std::string_view text) {
      return row.description.find(text) != std::string_view::npos;
    };
    const bool every = sees == PolicySees::kLastReference || sees == PolicySees::kEveryReference;
    CHECK(says("sees every access") == every);
    CHECK(says("sees accessed bits") == (sees == PolicySees::kAccessedBits));
    CHECK(says("sees no access") == (sees == PolicySees::kNothing));
  }
  CHECK(make_policy("lru").value()->sees() == PolicySees::kLastReference);
  CHECK(make_policy("fifo").value()->sees() == PolicySees::kNothing);
  CHECK(make_policy("clock").value()->sees() == PolicySees::kAccessedBits);
}

TEST_CASE("policies: for which the reference that brings a page in does not count") {
  for (const PolicyRow& row : policy_rows()) {
    if (row.name == "opt") continue;
    CHECK(make_policy(row.name).value()->enters_referenced() !=
          (row.name == "sieve" || row.name == "clockpro"));
  }
  CHECK(make_policy("clock:enter=1").value()->enters_referenced());
  CHECK(!make_policy("clock:enter=0").value()->enters_referenced());
}

TEST_CASE("policies: a wrong name is refused, and the message says what is wrong") {
  struct Row {
    std::string_view name;
    std::string_view message;
  };
  const Row rows[] = {
      {"opt", "policy opt knows the future: it needs a whole trace to replay"},
      {"opt:x=1", "policy opt has no option 'x'"},
      {"2q:kin=25,kout=0", "policy 2q: kout is a number from 1 to 1000, not '0'"},
      {"nbit:bits=two", "policy nbit: bits is a number from 1 to 64, not 'two'"},
      {"nbit:bits=65", "policy nbit: bits is a number from 1 to 64, not '65'"},
      {"nbit:bits=2x", "policy nbit: bits is a number from 1 to 64, not '2x'"},
      {"nbit:bits=99999999999999999999",
       "policy nbit: bits is a number from 1 to 64, not '99999999999999999999'"},
      {"nru:tick=0", "policy nru: tick is a number from 1 to 281474976710656, not '0'"},
      {"lru:enter=0", "policy lru has no option 'enter'"},
      {"fifo:x=y", "policy fifo has no option 'x'"},
      {"clock:exit=0", "policy clock has no option 'exit'"},
      {"clock:enter=2", "policy clock: enter is 0 or 1, not '2'"},
      {"clock:enter=", "policy clock: enter is 0 or 1, not ''"},
      {"clock:enter", "policy option 'enter' is not of the form key=value"},
      {"clock:", "policy option '' is not of the form key=value"},
      {"clock:enter=1,", "policy option '' is not of the form key=value"},
      {"clock:=1", "policy option '=1' is not of the form key=value"},
      {"clock:enter=0,enter=1", "policy option 'enter=1' is there twice"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const MadePolicy made = make_policy(row.name);
    REQUIRE(!made.ok());
    CHECK(made.error().to_string() == row.message);
  }
  std::string names;
  for (const PolicyRow& row : policy_rows())
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  for (const std::string name : {"", "LRU", "mruk"}) {
    CHECK(make_policy(name).error().to_string() ==
          "no policy is named '" + name + "'; there are " + names);
  }
}

}  // namespace
}  // namespace faultline::reclaim
