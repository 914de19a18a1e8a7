// The replacement policies that there are, by name.
//
// A policy is an object (faultline/policy.h); which one runs is chosen by a name with options:
// `lru`, `clock`, `clock:enter=0`, several options divided by commas. Each policy is one .cc in
// policies/ and one row here; tests/reclaim/policy_conformance_test.cc runs over every row.
//
// Thread safety: the table is constant; each policy made from it belongs to one machine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "faultline/input_error.h"
#include "faultline/policy.h"
#include "faultline/result.h"

namespace faultline::reclaim {

// One `key=value` of a policy's name.
struct PolicyOption {
  std::string_view key;
  std::string_view value;
};

// What a policy is made for.
struct PolicySetting {
  uint64_t frames = 1;  // of the memory: what shares of it are shares of
  uint64_t seed = 0;    // of random numbers
  // What is to come, for those that know the future; null: not known.
  NextUses* next_uses = nullptr;
};

struct PolicyRequest {
  std::span<const PolicyOption> options;
  PolicySetting setting;
};

using MadePolicy = Result<std::unique_ptr<ReplacementPolicy>, InputError>;

struct PolicyRow {
  std::string_view name;
  std::string_view description;  // what it does and what it sees, in one line
  // Errors: an option that the policy does not have, or a value that the option does not take; the
  // future is not known, and it must be.
  MadePolicy (*make)(const PolicyRequest& request);
};

// In the order in which they are listed; names are unique.
std::span<const PolicyRow> policy_rows();

// Makes the policy that `name` describes ("clock:enter=0").
// Errors: no such policy, or options it does not take; the message names them. Its `file` is empty.
MadePolicy make_policy(std::string_view name, const PolicySetting& setting = {});

}  // namespace faultline::reclaim
