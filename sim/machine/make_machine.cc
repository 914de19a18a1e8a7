// Machines are made here, once their options have been found sound.
#include <string>

#include "faultline/machine.h"
#include "sim/machine/machine_impl.h"
#include "sim/reclaim/policy_table.h"

namespace faultline {
namespace {

// More entries than any processor has; it bounds what a mistyped option can ask for.
constexpr uint32_t kTlbEntriesMax = 1 << 20;

std::string level_error(std::string_view name, const TlbLevelOptions& level) {
  const std::string prefix = "TLB level " + std::string(name) + ": ";
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
    if (std::string error = level_error(name, level); !error.empty()) return error;
  return {};
}

}  // namespace

Result<std::unique_ptr<Machine>, InputError> make_machine(const MachineOptions& options) {
  const hw::PagingFormat* format = hw::find_paging_format(options.paging);
  if (format == nullptr)
    return InputError{.message = "paging format '" + options.paging + "' is not known"};
  const uint64_t frames_max = format->frames_max();
  if (options.frames && (*options.frames == 0 || *options.frames > frames_max))
    return InputError{.message = "memory must be 1 to " + std::to_string(frames_max) + " frames"};
  if (std::string error = tlb_error(options.tlb); !error.empty())
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

std::vector<NamedChoice> paging_names() {
  std::vector<NamedChoice> names;
  for (const hw::PagingFormat& format : hw::paging_formats())
    names.push_back({format.name, format.description});
  return names;
}

}  // namespace faultline
