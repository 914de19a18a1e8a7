// The report of a sweep: the JSON documents of its replays, and tables and a chart made from these,
// so that a sweep that is merged from shards prints what a whole one does.
//
// Threads: pure; any thread may use it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/result.h"

namespace faultline::report {

// Documents of replays (replay_report_json), in the order of the configurations. REQUIRES of all
// functions: they are such.
using Documents = std::vector<std::string>;

// One line, an array, without a newline.
std::string sweep_json(const Documents& documents);
// A row of names, and one a configuration.
std::string sweep_csv(const Documents& documents);
// The same for a person; what all configurations have in common is said once.
std::string sweep_text(const Documents& documents);
// Misses by the size of memory, a line for each of what differs otherwise.
std::string sweep_svg(const Documents& documents);
std::string sweep_html(const Documents& documents);

// A part of a sweep.
struct Shard {
  std::string file{};           // where it was read from, for messages
  uint64_t number = 1;          // from 1
  uint64_t of = 1;              // how many there are
  uint64_t configurations = 0;  // of the whole sweep
  std::string options{};        // of the whole sweep, as text: shards of one sweep have the same
  bool interrupted = false;     // it ends where the user stopped it
  std::string trace{};  // what the documents say of it, read from them; empty: there are none
  std::vector<uint64_t> indices{};  // of the documents, from 0
  Documents documents{};
};

// One line, without a newline.
std::string shard_json(const Shard& shard);
// Errors: it is not a document of a shard.
Result<Shard, InputError> parse_shard(const std::string& file, const std::string& text);
// The documents of the whole sweep. Errors: a shard is missing, there twice or was interrupted, or
// they are not of one sweep or one trace, as far as its files, format and counts tell; says which.
// REQUIRES: there are some.
Result<Documents, InputError> merge_shards(const std::vector<Shard>& shards);

}  // namespace faultline::report
