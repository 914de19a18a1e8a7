#include "sim/rmap/reverse_map.h"

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::rmap {

ReverseMap::ReverseMap(phys::FrameTable& frames) : frames_(frames) {}

void ReverseMap::add(Pfn pfn, Mapping mapping) {
  if (pfn == phys::kZeroPagePfn) return;
  FL_CHECK(mapping.space != nullptr);
  if (pfn.value >= first_.size()) first_.grow_to(frames_.size());
  Mapping& first = first_[pfn.value];
  if (first.space == nullptr) {
    first = mapping;
  } else {
    FL_CHECK_MSG(!contains(pfn, mapping), "frame {} is mapped twice at page {:x}", pfn.value,
                 mapping.vpn.value);
    others_[pfn.value].push_back(mapping);
  }
  ++frames_[pfn].mapcount;
}

void ReverseMap::remove(Pfn pfn, Mapping mapping) {
  if (pfn == phys::kZeroPagePfn) return;
  FL_CHECK_MSG(contains(pfn, mapping), "frame {} is not mapped at page {:x}", pfn.value,
               mapping.vpn.value);
  const auto others = others_.find(pfn.value);
  Mapping& first = first_[pfn.value];
  if (others == others_.end()) {
    first = {};
  } else {
    std::vector<Mapping>& list = others->second;
    if (first == mapping) {
      first = list.front();
      list.erase(list.begin());
    } else {
      list.erase(std::find(list.begin(), list.end(), mapping));
    }
    if (list.empty()) others_.erase(others);
  }
  --frames_[pfn].mapcount;
}

bool ReverseMap::contains(Pfn pfn, Mapping mapping) const {
  if (pfn.value >= first_.size()) return false;
  if (first_[pfn.value] == mapping) return true;
  const auto others = others_.find(pfn.value);
  return others != others_.end() &&
         std::find(others->second.begin(), others->second.end(), mapping) != others->second.end();
}

void ReverseMap::for_each(Pfn pfn, const std::function<void(Mapping)>& visit) const {
  if (pfn.value >= first_.size() || first_[pfn.value].space == nullptr) return;
  const Mapping first = first_[pfn.value];
  const auto others = others_.find(pfn.value);
  // A copy, because `visit` may remove what it is shown.
  const std::vector<Mapping> rest =
      others == others_.end() ? std::vector<Mapping>{} : others->second;
  visit(first);
  for (const Mapping& mapping : rest) visit(mapping);
}

bool ReverseMap::unmap_everywhere(Pfn pfn, hw::Pte replacement, hw::TlbGather& gather) {
  bool dirty = false;
  for_each(pfn, [&](Mapping m) { dirty |= m.space->unmap_page(m.vpn, replacement, gather); });
  return dirty;
}

bool ReverseMap::test_and_clear_accessed(Pfn pfn, hw::TlbGather& gather) {
  bool accessed = false;
  for_each(pfn, [&](Mapping m) { accessed |= m.space->test_and_clear_accessed(m.vpn, gather); });
  return accessed;
}

bool ReverseMap::dirty(Pfn pfn) const {
  bool dirty = false;
  for_each(pfn, [&](Mapping m) { dirty |= m.space->page_dirty(m.vpn); });
  return dirty;
}

bool ReverseMap::clean_everywhere(Pfn pfn, hw::TlbGather& gather) {
  bool dirty = false;
  for_each(pfn, [&](Mapping m) { dirty |= m.space->clean_page(m.vpn, gather); });
  return dirty;
}

bool ReverseMap::evictable(Pfn pfn) const {
  bool evictable = (frames_[pfn].flags & phys::kFrameMlocked) == 0;
  for_each(pfn, [&](Mapping m) { evictable &= m.space->evictable(m.vpn); });
  return evictable;
}

void ReverseMap::add_space(uint32_t backing, MappingSpace& space) {
  std::vector<MappingSpace*>& list = spaces_[backing];
  FL_CHECK(std::find(list.begin(), list.end(), &space) == list.end());
  list.push_back(&space);
}

void ReverseMap::remove_space(uint32_t backing, MappingSpace& space) {
  const auto found = spaces_.find(backing);
  FL_CHECK(found != spaces_.end());
  std::vector<MappingSpace*>& list = found->second;
  const auto place = std::find(list.begin(), list.end(), &space);
  FL_CHECK(place != list.end());
  list.erase(place);
  if (list.empty()) spaces_.erase(found);
}

bool ReverseMap::has_space(uint32_t backing, const MappingSpace& space) const {
  const auto found = spaces_.find(backing);
  return found != spaces_.end() &&
         std::find(found->second.begin(), found->second.end(), &space) != found->second.end();
}

void ReverseMap::zap_file_range(FileRange range, Zap what, hw::TlbGather& gather) {
  const auto found = spaces_.find(range.backing);
  if (found == spaces_.end()) return;
  for (MappingSpace* space : found->second) space->zap_file_range(range, what, gather);
}

void ReverseMap::validate() const {
  for (const auto& [pfn, list] : others_) {
    FL_CHECK_MSG(!list.empty() && pfn < first_.size() && first_[pfn].space != nullptr,
                 "invariant 3: frame {}", pfn);
  }
  for (uint32_t pfn = 0; pfn < first_.size(); ++pfn) {
    const auto others = others_.find(pfn);
    const uint64_t more = others == others_.end() ? 0 : others->second.size();
    const uint64_t count = first_[pfn].space == nullptr ? 0 : 1 + more;
    FL_CHECK_MSG(pfn != phys::kZeroPagePfn.value || count == 0, "invariant 4: {} entries", count);
    FL_CHECK_MSG(frames_[Pfn{pfn}].mapcount == count, "invariant 1: frame {}: mapcount {}, {}", pfn,
                 frames_[Pfn{pfn}].mapcount, count);
    if (more == 0) continue;
    std::vector<Mapping> all = others->second;
    all.push_back(first_[pfn]);
    const std::less<MappingSpace*> before;
    std::sort(all.begin(), all.end(), [&](const Mapping& a, const Mapping& b) {
      return a.space != b.space ? before(a.space, b.space) : a.vpn < b.vpn;
    });
    FL_CHECK_MSG(std::adjacent_find(all.begin(), all.end()) == all.end(), "invariant 2: frame {}",
                 pfn);
  }
}

}  // namespace faultline::rmap
