#include "sim/cli/sweep_configurations.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "faultline/sweep.h"
#include "sim/cli/message.h"
#include "sim/cli/paging_option.h"
#include "sim/cli/quantities.h"
#include "sim/replay/replayer.h"

namespace faultline::cli {
namespace {

constexpr uint64_t kSizesMax = kSweepConfigurationsMax;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> items;
  for (;;) {
    const size_t end = text.find(separator);
    items.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return items;
    text.remove_prefix(end + 1);
  }
}

using Sizes = Result<std::vector<uint64_t>, InputError>;

// "A..B": from A on twice as much each time, and B; "A..B/N": N sizes, evenly spread. In pages.
Sizes parse_range(const std::string& text, uint64_t page_size) {
  const size_t dots = text.find("..");
  const size_t slash = std::min(text.find('/'), text.size());
  const auto from = parse_size_in_pages("--memory", text.substr(0, dots), page_size);
  if (!from) return from.error();
  const auto to =
      parse_size_in_pages("--memory", text.substr(dots + 2, slash - dots - 2), page_size);
  if (!to) return to.error();
  if (*to < *from) return wrong("--memory: '" + text + "' goes down");
  std::vector<uint64_t> sizes;
  if (slash == text.size()) {
    for (uint64_t size = *from; size < *to; size *= 2) {
      sizes.push_back(size);
      if (size > *to / 2) break;
    }
    sizes.push_back(*to);
    return sizes;
  }
  const auto steps = parse_count("--memory", text.substr(slash + 1));
  if (!steps) return steps.error();
  if (*steps < 2 || *steps > kSizesMax)
    return wrong("--memory: '" + text + "' asks for less than 2 sizes, or more than " +
                 std::to_string(kSizesMax));
  // Without a product that could overflow.
  const uint64_t gaps = *steps - 1;
  const uint64_t each = (*to - *from) / gaps;
  const uint64_t left = (*to - *from) % gaps;
  for (uint64_t i = 0; i <= gaps; ++i) {
    const uint64_t size = *from + each * i + left * i / gaps;
    if (sizes.empty() || sizes.back() != size) sizes.push_back(size);
  }
  return sizes;
}

Result<std::vector<TlbOptions>, InputError> parse_tlbs(const std::string& text) {
  if (text.empty()) return std::vector<TlbOptions>{TlbOptions{}};
  std::vector<TlbOptions> tlbs;
  for (const std::string& item : split(text, ';')) {
    const auto tlb = parse_tlb("--tlb", item);
    if (!tlb) return tlb.error();
    tlbs.push_back(*tlb);
  }
  return tlbs;
}

Result<std::vector<WalkCacheOptions>, InputError> parse_walk_caches(const std::string& text) {
  std::vector<WalkCacheOptions> walk_caches;
  for (const std::string& item : split(text, ';')) {
    const auto walk_cache = parse_walk_cache("--walk-cache", item);
    if (!walk_cache) return walk_cache.error();
    walk_caches.push_back(*walk_cache);
  }
  return walk_caches;
}

// A paging format of the list, and the sizes of memory with it: a size in bytes is another number
// of pages of another size.
struct Paged {
  MachineOptions machine{};
  std::vector<std::optional<uint64_t>> memories{};
};

Result<std::vector<Paged>, InputError> parse_pagings(const SweepLists& lists) {
  std::vector<Paged> all;
  for (const std::string& paging : split(lists.paging, ',')) {
    auto description = read_paging(paging);
    if (!description) return description.error();
    MachineOptions machine{.paging = paging,
                           .paging_description = std::move(description).value(),
                           .contents = Contents::kNone};
    auto memories = parse_memories(lists.memory, replay::page_size_of(machine).bytes());
    if (!memories) return memories.error();
    if (!all.empty() && all.front().memories.size() != memories->size())
      return wrong("--memory: '" + lists.memory + "' is not as many sizes with every --paging");
    all.push_back({std::move(machine), std::move(memories).value()});
  }
  return all;
}

}  // namespace

std::vector<std::string> split_policies(std::string_view text) {
  std::vector<std::string> policies;
  for (const std::string& item : split(text, ',')) {
    const bool is_option = item.find('=') != item.npos && item.find(':') == item.npos;
    if (is_option && !policies.empty()) {
      policies.back() += ',' + item;
    } else {
      policies.push_back(item);
    }
  }
  return policies;
}

Result<std::vector<std::optional<uint64_t>>, InputError> parse_memories(const std::string& text,
                                                                        uint64_t page_size) {
  std::vector<std::optional<uint64_t>> memories;
  if (text.empty()) return std::vector<std::optional<uint64_t>>{std::nullopt};
  for (const std::string& item : split(text, ',')) {
    if (item == "unlimited") {
      memories.push_back(std::nullopt);
    } else if (item.find("..") != item.npos) {
      const auto range = parse_range(item, page_size);
      if (!range) return range.error();
      memories.insert(memories.end(), range->begin(), range->end());
    } else {
      const auto size = parse_size_in_pages("--memory", item, page_size);
      if (!size) return size.error();
      memories.push_back(*size);
    }
  }
  return memories;
}

Result<std::vector<MachineOptions>, InputError> sweep_configurations(const SweepLists& lists) {
  const auto pagings = parse_pagings(lists);
  if (!pagings) return pagings.error();
  const auto tlbs = parse_tlbs(lists.tlb);
  if (!tlbs) return tlbs.error();
  const auto walk_caches = parse_walk_caches(lists.walk_cache);
  if (!walk_caches) return walk_caches.error();
  const std::vector<std::string> policies = split_policies(lists.policy);
  const size_t sizes = pagings->front().memories.size();
  // Each factor is no longer than the command line, or kSizesMax for each of its items.
  if (sizes * policies.size() * tlbs->size() * walk_caches->size() * pagings->size() >
      kSweepConfigurationsMax)
    return wrong("more than " + std::to_string(kSweepConfigurationsMax) + " configurations");
  std::vector<MachineOptions> machines;  // of one size and policy
  for (const TlbOptions& tlb : *tlbs) {
    for (const WalkCacheOptions& walk_cache : *walk_caches) {
      for (const Paged& paged : *pagings) {
        MachineOptions& machine = machines.emplace_back(paged.machine);
        machine.tlb = tlb;
        machine.walk_cache = walk_cache;
      }
    }
  }
  std::vector<MachineOptions> configurations;
  for (size_t size = 0; size < sizes; ++size) {
    for (const std::string& policy : policies) {
      for (size_t i = 0; i < machines.size(); ++i) {
        MachineOptions& machine = configurations.emplace_back(machines[i]);
        machine.frames = (*pagings)[i % pagings->size()].memories[size];
        machine.policy = policy;
      }
    }
  }
  return configurations;
}

Result<ShardOf, InputError> parse_shard_of(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash != text.npos) {
    const auto number = parse_count("--shard", text.substr(0, slash));
    const auto of = parse_count("--shard", text.substr(slash + 1));
    if (number && of && *number >= 1 && *number <= *of)
      return ShardOf{.number = *number, .of = *of};
  }
  return wrong("--shard: '" + text + "' is not of the form I/N, with I from 1 to N");
}

}  // namespace faultline::cli
