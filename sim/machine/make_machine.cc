// Machines are made here, once their options have been found sound.
#include <optional>
#include <string>

#include "faultline/machine.h"
#include "sim/hw/paging_description.h"
#include "sim/machine/machine_impl.h"
#include "sim/reclaim/policy_table.h"

namespace faultline {
namespace {

// More entries than any processor has; it bounds what a mistyped option can ask for.
constexpr uint32_t kTlbEntriesMax = 1 << 20;

std::string level_error(std::string prefix, const TlbLevelOptions& level) {
  if (level.entries == 0 || level.ways == 0) return prefix + "entries and ways must be at least 1";
  if (level.entries > kTlbEntriesMax)
    return prefix + "more than " + std::to_string(kTlbEntriesMax) + " entries";
  if (level.entries % level.ways != 0) return prefix + "the ways must divide the entries";
  const uint32_t sets = level.entries / level.ways;
  if ((sets & (sets - 1)) != 0)
    return prefix + "the number of sets (entries / ways) must be a power of two";
  return {};
}

std::string tlb_error(const TlbOptions& tlb) {
  if (!tlb.enabled) return {};
  for (const auto& [name, level] :
       {std::pair("l1d", tlb.l1d), std::pair("l1i", tlb.l1i), std::pair("l2", tlb.l2)})
    if (std::string error = level_error("TLB level " + std::string(name) + ": ", level);
        !error.empty())
      return error;
  return {};
}

std::string walk_cache_error(const WalkCacheOptions& walk_cache, const hw::PagingFormat& format) {
  for (size_t i = 0; i < walk_cache.levels.size(); ++i) {
    const TlbLevelOptions& level = walk_cache.levels[i];
    if (level == TlbLevelOptions{}) continue;
    const std::string prefix = "walk cache " + std::string(kWalkCacheLevelNames[i]) + ": ";
    if (i + 1 >= format.levels)
      return prefix + "page tables of " + std::to_string(format.levels) +
             " levels have no such entry";
    if (std::string error = level_error(prefix, level); !error.empty()) return error;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Machine>, InputError> make_machine(const MachineOptions& options) {
  const auto format = hw::make_paging_format(options.paging, options.paging_description);
  if (!format) return format.error();
  const uint64_t frames_max = format->frames_max();
  if (options.frames && (*options.frames == 0 || *options.frames > frames_max))
    return InputError{.message = "memory must be 1 to " + std::to_string(frames_max) + " frames"};
  if (std::string error = tlb_error(options.tlb); !error.empty())
    return InputError{.message = std::move(error)};
  if (std::string error = walk_cache_error(options.walk_cache, *format); !error.empty())
    return InputError{.message = std::move(error)};
  auto policy = reclaim::make_policy(options.policy, {.frames = options.frames.value_or(frames_max),
                                                      .seed = options.seed,
                                                      .next_uses = options.next_uses});
  if (!policy) return policy.error();
  return std::unique_ptr<Machine>(
      std::make_unique<machine::MachineImpl>(options, *format, std::move(*policy)));
}

std::vector<NamedChoice> policy_names() {
  std::vector<NamedChoice> names;
  for (const reclaim::PolicyRow& row : reclaim::policy_rows())
    names.push_back({row.name, row.description});
  return names;
}

std::optional<InputError> paging_description_error(std::string_view text) {
  auto format = hw::parse_paging_format(text);
  if (format) return std::nullopt;
  return format.error();
}

std::vector<NamedChoice> paging_names() {
  std::vector<NamedChoice> names;
  for (const hw::PagingFormat& format : hw::paging_formats())
    names.push_back({format.name, format.description});
  return names;
}

}  // namespace faultline
