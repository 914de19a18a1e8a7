// Symptom: lirs, clockpro and linux missed otherwise than their papers and sources say, where pages
// that had been evicted came back.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/reclaim/policy_table.h"
#include "tests/reclaim/small_memory.h"

namespace faultline::reclaim {
namespace {

std::string picture_after(std::string_view policy, uint64_t frames, std::string_view references) {
  testing::SmallMemory memory(make_policy(policy, {.frames = frames}).value(), frames);
  memory.reference_all(references);
  return memory.picture();
}

// One page is remembered: C, which comes back. That D goes for it, and is remembered, does not make
// C be forgotten before it has come: it is LIR, and so is D when it comes back.
TEST_CASE("issue: lirs forgot the page that came back for the sake of its victim") {
  CHECK(picture_after("lirs:ghosts=1", 3, "ABCDCD") == "DBC");
}

// B comes back in its test period and is hot at once, and another page is cold for it then, not
// when the next victim is wanted, by when it has been used.
TEST_CASE("issue: clockpro put the hot hand off until the next victim was wanted") {
  CHECK(picture_after("clockpro", 3, "AABCDBC") == "ACB");
}

// C comes back when its own eviction and A's have happened since, with one active page: a distance
// of 2, which is too long.
TEST_CASE("issue: linux did not count a page's own eviction in its refault distance") {
  CHECK(picture_after("linux", 2, "ABCBACD") == "DB");
}

// PG_referenced stays with a page that becomes active.
TEST_CASE("issue: linux wanted two uses of a page that had been active") {
  CHECK(picture_after("linux", 3, "ABCDCBECBD") == "BDC");
}

}  // namespace
}  // namespace faultline::reclaim
