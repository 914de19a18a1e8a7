#include "sim/scenario/verify/random_scenario.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/scenario/verify/random_writer.h"

namespace faultline::verify {
namespace {

uint64_t total_weight(const Profile& profile) {
  uint64_t total = 0;
  for (const Weight& each : profile.weights) total += each.weight;
  return total;
}

Kind kind_at(const Profile& profile, uint64_t ticket) {
  for (const Weight& each : profile.weights) {
    if (ticket < each.weight) return each.kind;
    ticket -= each.weight;
  }
  FL_CHECK(false);
  return Kind::kMaps;
}

}  // namespace

std::vector<std::string> make_random_scenario(const Profile& profile, ScenarioSeed seed,
                                              uint64_t statements) {
  RandomWriter writer(seed, profile.files);
  const uint64_t total = total_weight(profile);
  for (uint64_t i = 0; i < statements; ++i) {
    writer.write(kind_at(profile, writer.prng().below(total)));
  }
  writer.write(Kind::kMaps);
  return writer.take_lines();
}

}  // namespace faultline::verify
