// Random scenarios: statements that meet one another, drawn from a profile.
//
// Addresses are few, so that mappings touch and overlap: a row of pages across fault-around
// windows, some pages on both sides of the end of one above all, the heap, the top of the mappings.
// Everything follows from the profile, the seed and the scenario's index, so that one scenario of a
// long run can be made again alone. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/verify.h"

namespace faultline::verify {

// What a random statement may be.
enum class Kind : uint8_t {
  kMapAnon,
  kMapFile,
  kUnmap,
  kProtect,
  kRemap,
  kBrk,
  kSync,
  kSeal,
  kLoad,
  kStore,
  kFetch,
  kOneAccess,  // peek, poke, xadd
  kMaps,       // of status too
  kSmaps,
  kPagemap,
  kMincore,
  kLock,
  kUnlock,
  kLockAll,
  kAdvise,
  kAdviseFlags,  // the advices that change a VMA's flags alone
  kRead,         // at an offset, at the file position, or into several pieces of memory
  kWrite,
  kTruncate,
  kAllocate,
  kFileSync,
  kFileAdvice,
  kSeek,
  kDescriptor,  // dup, open, close
  kPath,        // unlink, rename, truncate
  kBadCall,
  kGrowDown,  // a MAP_GROWSDOWN mapping, or an access below one
  kLimit,
  kAttribute,  // prctl, personality
  kFork,
  kExit,
};

struct Weight {
  Kind kind;
  uint32_t weight;
};

// Where the files of a profile's scenarios lie.
enum class FileHome : uint8_t { kNone, kDisk, kTmpfs };

struct Profile {
  RandomProfile about;
  FileHome files = FileHome::kNone;
  std::span<const Weight> weights{};
};

// All profiles, in the order of docs/verify.md.
std::span<const Profile> all_profiles();
const Profile* find_profile(std::string_view name);

struct ScenarioSeed {
  uint64_t seed = 0;
  uint64_t index = 0;
};

// The lines of one scenario; those that make and open its files come first.
std::vector<std::string> make_random_scenario(const Profile& profile, ScenarioSeed seed,
                                              uint64_t statements);

}  // namespace faultline::verify
