#include "sim/replay/fault_census.h"

#include <algorithm>
#include <utility>

namespace faultline::replay {
namespace {

// Pages farther apart are not one row.
constexpr uint64_t kGapBytes = 1 << 20;
constexpr uint32_t kNoName = ~uint32_t{0};

}  // namespace

void FaultCensus::set_process(const Process& process, uint32_t pid) {
  process_ = &process;
  pid_ = pid;
}

void FaultCensus::on_event(const Event& event) {
  if (next_ != nullptr) next_->on_event(event);
  const bool major = event.kind == EventKind::kMajorFault;
  if (!major && event.kind != EventKind::kMinorFault) return;
  const uint64_t address = event.address.value;
  auto [found, is_new] = by_page_[pid_].try_emplace(page_size_.vpn({address}).value);
  Counts& counts = found->second;
  if (is_new) counts.name = name_at(address);
  ++(major ? counts.major : counts.minor);
}

// Of the mapping there, whose list may be older than the mapping: inferred ones and stacks grow.
uint32_t FaultCensus::name_at(uint64_t address) {
  const auto [found, is_new] = maps_.try_emplace(process_);
  if (is_new) found->second = list_mappings();
  const uint32_t name = name_in(found->second, address);
  if (name != kNoName || is_new) return name == kNoName ? 0 : name;
  // Without names there is nothing to learn from looking again.
  const bool named = std::any_of(found->second.begin(), found->second.end(),
                                 [](const auto& entry) { return entry.second.second != 0; });
  if (!named) return 0;
  found->second = list_mappings();
  const uint32_t now = name_in(found->second, address);
  return now == kNoName ? 0 : now;
}

uint32_t FaultCensus::name_in(const Mappings& mappings, uint64_t address) const {
  const auto after = mappings.upper_bound(address);
  if (after == mappings.begin()) return kNoName;
  const auto& [end, name] = std::prev(after)->second;
  return address < end ? name : kNoName;
}

FaultCensus::Mappings FaultCensus::list_mappings() {
  Mappings mappings;
  for (const MapsLine& line : process_->maps())
    mappings[line.range.start.value] = {line.range.end.value, number_of(line.path)};
  return mappings;
}

uint32_t FaultCensus::number_of(const std::string& name) {
  const auto [found, is_new] = numbers_.try_emplace(name, static_cast<uint32_t>(names_.size()));
  if (is_new) names_.push_back(name);
  return found->second;
}

std::vector<MappingFaults> FaultCensus::by_mapping() const {
  std::vector<MappingFaults> rows;
  for (const auto& [pid, pages] : by_page_) {
    std::vector<std::pair<uint64_t, Counts>> sorted(pages.begin(), pages.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    uint64_t end = 0;
    uint32_t name = kNoName;
    for (const auto& [page, counts] : sorted) {
      if (counts.name != name || page >= end + page_size_.pages(kGapBytes)) {
        rows.push_back({.pid = pid,
                        .range{page_size_.address({page}), VirtAddr{}},
                        .name = names_[counts.name]});
      }
      name = counts.name;
      end = page + 1;
      MappingFaults& row = rows.back();
      row.range.end = page_size_.address({end});
      ++row.pages;
      row.minor += counts.minor;
      row.major += counts.major;
    }
  }
  return rows;
}

}  // namespace faultline::replay
