// A small trace in each format, and what it means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace faultline::testing {

struct Sample {
  std::string format;
  std::string bytes;
  std::string accesses;  // as Lackey writes them
};

// One of each format, or more.
const std::vector<Sample>& samples();

// A record of ChampSim: ip, at most two stores and four loads.
std::string champsim_record(std::uint64_t ip, std::vector<std::uint64_t> stores,
                            std::vector<std::uint64_t> loads);
// An entry of drmemtrace.
std::string drmemtrace_entry(std::uint16_t type, std::uint16_t size, std::uint64_t address);
// A record of oracleGeneral.
std::string oracle_general_record(std::uint64_t object, std::int64_t next);

}  // namespace faultline::testing
