#include "tests/record/mapping_checker.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

namespace faultline::record::testing {
namespace {

constexpr uint64_t kPageBytes = 4096;

uint64_t page_of(uint64_t address) { return address & ~(kPageBytes - 1); }
uint64_t round_up(uint64_t bytes) { return page_of(bytes + kPageBytes - 1); }

uint64_t prot_for(AccessKind kind) {
  if (kind == AccessKind::kFetch) return PROT_EXEC;
  return is_store(kind) ? PROT_WRITE : PROT_READ;
}

uint64_t prot_of(const MapsLine& line) {
  return (line.permissions[0] == 'r' ? PROT_READ : 0U) |
         (line.permissions[1] == 'w' ? PROT_WRITE : 0U) |
         (line.permissions[2] == 'x' ? PROT_EXEC : 0U);
}

}  // namespace

bool MappingChecker::take(const TraceBlock& block) {
  if (!block.accesses.empty()) {
    ProcessRanges& process = processes_[block.task.pid];
    for (const Access& access : block.accesses) check(process, block.task, access);
  }
  if (block.call != nullptr) {
    calls_.push_back(*block.call);
    make(*block.call);
  }
  return true;
}

size_t MappingChecker::count_calls(TraceCallKind kind) const {
  return size_t(std::count_if(calls_.begin(), calls_.end(),
                              [kind](const TraceCall& call) { return call.kind == kind; }));
}

void MappingChecker::check(ProcessRanges& process, TraceTask task, const Access& access) {
  ++counts_.by_kind[size_t(access.kind)];
  if (access.by == AccessBy::kKernel) ++counts_.by_kernel;
  const uint64_t last = access.address.value + access.size_bytes - 1;
  bool allowed = true;
  for (uint64_t page = page_of(access.address.value); page <= last; page += kPageBytes)
    allowed = allowed && allows(process, page, prot_for(access.kind));
  if (allowed || outside_++ > 0) return;
  char text[128];
  std::snprintf(text, sizeof text, "access %llu of %u/%u: kind %u at %llx, %u bytes",
                static_cast<unsigned long long>(counts_.total()), task.pid, task.tid,
                unsigned(access.kind), static_cast<unsigned long long>(access.address.value),
                access.size_bytes);
  first_outside_ = text;
}

// A store may go where only PROT_WRITE is, and a load too: x86 has no rights to write alone.
bool MappingChecker::allows(ProcessRanges& process, uint64_t page, uint64_t prot) {
  uint64_t& recent = process.recent[page / kPageBytes % process.recent.size()];
  if (page_of(recent) != page || recent == 0) {
    auto at = process.ranges.upper_bound(page);
    const bool below_stack = at != process.ranges.end() && at->second.grows_down;
    const bool in_one = at != process.ranges.begin() && std::prev(at)->second.end > page;
    if (!in_one && !below_stack) return false;
    if (in_one) --at;
    recent = page | at->second.prot;
  }
  const uint64_t rights = recent & (kPageBytes - 1);
  return (rights & prot) != 0 || (prot == PROT_READ && rights != 0);
}

void MappingChecker::make(const TraceCall& call) {
  if (call.failed()) return;
  ProcessRanges& process = processes_[call.task.pid];
  process.recent = {};
  const auto& [address, length, third, flags, fifth, sixth] = call.arguments;
  switch (call.kind) {
    case TraceCallKind::kExec:
      process = {};
      for (const MapsLine& line : call.maps) {
        process.ranges[line.range.start.value] = {line.range.end.value, prot_of(line),
                                                  line.path == "[stack]"};
      }
      break;
    case TraceCallKind::kMmap: {
      const uint64_t start = uint64_t(call.result);
      cut(process.ranges, start, start + round_up(length));
      process.ranges[start] = {start + round_up(length), third, false};
      break;
    }
    case TraceCallKind::kMunmap:
      cut(process.ranges, address, address + round_up(length));
      break;
    case TraceCallKind::kMprotect:
      split(process.ranges, address);
      split(process.ranges, address + round_up(length));
      for (auto at = process.ranges.lower_bound(address);
           at != process.ranges.end() && at->first < address + length; ++at)
        at->second.prot = third;
      break;
    case TraceCallKind::kMremap:
      remap(process.ranges, call);
      break;
    case TraceCallKind::kBrk:
      move_brk(process, call);
      break;
    case TraceCallKind::kFork:
      processes_[uint32_t(call.result)] = process;
      break;
    default:
      break;
  }
}

void MappingChecker::remap(Ranges& ranges, const TraceCall& call) {
  const uint64_t from = call.arguments[0];
  const uint64_t to = uint64_t(call.result);
  const uint64_t bytes = round_up(call.arguments[2]);
  const auto at = std::prev(ranges.upper_bound(from));
  const Range moved{to + bytes, at->second.prot, false};
  if ((call.arguments[3] & MREMAP_DONTUNMAP) == 0)
    cut(ranges, from, from + round_up(call.arguments[1]));
  cut(ranges, to, to + bytes);
  ranges[to] = moved;
}

void MappingChecker::move_brk(ProcessRanges& process, const TraceCall& call) {
  const uint64_t now = round_up(uint64_t(call.result));
  if (process.brk == 0) process.brk = now;
  if (now < process.brk) cut(process.ranges, now, process.brk);
  if (now > process.brk) process.ranges[process.brk] = {now, PROT_READ | PROT_WRITE, false};
  process.brk = now;
}

void MappingChecker::cut(Ranges& ranges, uint64_t start, uint64_t end) {
  split(ranges, start);
  split(ranges, end);
  ranges.erase(ranges.lower_bound(start), ranges.lower_bound(end));
}

void MappingChecker::split(Ranges& ranges, uint64_t at) {
  const auto after = ranges.upper_bound(at);
  if (after == ranges.begin()) return;
  const auto before = std::prev(after);
  if (before->first == at || before->second.end <= at) return;
  Range upper = before->second;
  upper.grows_down = false;
  before->second.end = at;
  ranges[at] = upper;
}

}  // namespace faultline::record::testing
