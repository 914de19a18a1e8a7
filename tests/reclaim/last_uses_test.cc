#include "sim/reclaim/last_uses.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace faultline::reclaim {
namespace {

// A letter is a frame; a small one is brought in and not hit.
std::string last_of(LastUses& uses, std::string_view block) {
  std::vector<Reference> references;
  for (const char c : block) {
    const bool hit = c < 'a';
    references.push_back({.frame = Pfn{static_cast<uint32_t>(hit ? c : c - 'a' + 'A')},
                          .hits = hit ? 1u : 0u,
                          .brought_in = hit ? 0u : 1u});
  }
  std::string frames;
  for (const Pfn frame : uses.of(references)) frames += static_cast<char>(frame.value);
  return frames;
}

TEST_CASE("LastUses: each frame that was hit once, in the order of the last hits") {
  LastUses uses;
  CHECK(last_of(uses, "") == "");
  CHECK(last_of(uses, "A") == "A");
  CHECK(last_of(uses, "ABABAB") == "AB");
  CHECK(last_of(uses, "ABCA") == "BCA");
  CHECK(last_of(uses, "AAAA") == "A");
}

TEST_CASE("LastUses: what was only brought in was not hit") {
  LastUses uses;
  CHECK(last_of(uses, "abA") == "A");
  CHECK(last_of(uses, "AbA") == "A");
  CHECK(last_of(uses, "AaB") == "AB");
}

TEST_CASE("LastUses: a block knows nothing of the one before, longer or shorter") {
  LastUses uses;
  CHECK(last_of(uses, "ABCDEF") == "ABCDEF");
  CHECK(last_of(uses, "BA") == "BA");
  CHECK(last_of(uses, "ABCDEFGA") == "BCDEFGA");
}

}  // namespace
}  // namespace faultline::reclaim
