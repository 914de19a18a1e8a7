// FaultCensus: which mappings the faults of a replay fell into.
//
// It listens to the machine, and counts by page; pages that lie together in mappings of one name
// make a row.
//
// Memory: about 60 bytes a page that faulted. Owns nothing. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "faultline/events.h"
#include "faultline/process.h"
#include "faultline/report.h"
#include "faultline/types.h"

namespace faultline::replay {

class FaultCensus final : public EventSink {
 public:
  // Events go on to `next`, unless it is null. Pages are the machine's.
  FaultCensus(EventSink* next, PageSize page_size) : next_(next), page_size_(page_size) {}

  // Whose accesses come next, and what the trace calls it.
  void set_process(const Process& process, uint32_t pid);
  // Mappings may have changed.
  void forget_mappings() { maps_.clear(); }

  void on_event(const Event& event) override;
  // In the order of processes and addresses.
  std::vector<MappingFaults> by_mapping() const;

 private:
  struct Counts {
    uint32_t name = 0;  // index in names_
    uint64_t minor = 0;
    uint64_t major = 0;
  };
  using Mappings = std::map<uint64_t, std::pair<uint64_t, uint32_t>>;  // start to end and name

  uint32_t name_at(uint64_t address);
  uint32_t name_in(const Mappings& mappings, uint64_t address) const;
  Mappings list_mappings();
  uint32_t number_of(const std::string& name);

  EventSink* const next_;
  const PageSize page_size_;
  const Process* process_ = nullptr;
  uint32_t pid_ = 0;
  std::unordered_map<const Process*, Mappings> maps_;
  std::vector<std::string> names_{""};  // the first is no name
  std::map<std::string, uint32_t> numbers_{{"", 0}};
  std::map<uint32_t, std::unordered_map<uint64_t, Counts>> by_page_;  // by pid and page
};

}  // namespace faultline::replay
