// dies_with: sees an FL_CHECK fire without ending the test.
//
//     CHECK(dies_with([] { align_up(1, 3); }, "is_power_of_two(alignment)"));

#pragma once

#include <functional>
#include <string_view>

namespace faultline::testing {

// Runs `body` in a forked child. True if the child aborts and its standard error holds `expected`;
// otherwise says on standard error what happened instead.
bool dies_with(const std::function<void()>& body, std::string_view expected);

}  // namespace faultline::testing
