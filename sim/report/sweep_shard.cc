// Shards of a sweep: their documents, and what becomes of them together.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "sim/report/sweep_report.h"

namespace faultline::report {
namespace {

using nlohmann::ordered_json;

InputError wrong(const std::string& file, std::string message) {
  return {.file = file, .message = std::move(message)};
}

std::string name_of(const Shard& shard) {
  return "shard " + std::to_string(shard.number) + " of " + std::to_string(shard.of);
}

std::optional<uint64_t> count_at(const ordered_json& document, const char* key) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

// The TLB's counters, each of which is null where the TLB is disabled.
bool has_tlb(const ordered_json& document) {
  const auto tlb = document.find("tlb");
  if (tlb == document.end() || !tlb->is_object()) return false;
  return std::ranges::all_of(std::array{"l1d", "l1i", "l2"}, [&](const char* name) {
    const auto level = tlb->find(name);
    if (level == tlb->end()) return false;
    return level->is_null() ||
           (level->is_object() && count_at(*level, "hits") && count_at(*level, "misses"));
  });
}

// What all documents of a sweep say of its trace: pages and references are the machine's, too.
std::string trace_of(const ordered_json& document) {
  ordered_json trace = document.at("trace");
  trace.erase("references");
  trace.erase("pages");
  return trace.dump();
}

// What makes a document one of a replay, as far as tables look into it.
bool is_replay(const ordered_json& document) {
  const auto has = [&](const char* section, std::initializer_list<const char*> numbers) {
    const auto found = document.find(section);
    if (found == document.end() || !found->is_object()) return false;
    return std::ranges::all_of(numbers,
                               [&](const char* key) { return count_at(*found, key).has_value(); });
  };
  if (!document.is_object() || !has("trace", {"accesses", "references"}) ||
      !has("config", {"page_size"}) || !has("walks", {"count"}) ||
      !has("faults", {"minor", "major"}) ||
      !has("replacement", {"misses", "evictions", "dirty_evictions"}) || !has_tlb(document))
    return false;
  const ordered_json& config = document.at("config");
  const ordered_json& trace = document.at("trace");
  const auto frames = config.find("frames");
  const auto files = trace.find("files");
  return frames != config.end() && (frames->is_null() || frames->is_number_unsigned()) &&
         files != trace.end() && files->is_array() &&
         std::ranges::all_of(*files, [](const ordered_json& file) { return file.is_string(); });
}

// The documents of a shard with their indices; false: they are no such, or not of one trace.
bool read_documents(const ordered_json& documents, Shard& shard) {
  if (!documents.is_array()) return false;
  for (const ordered_json& one : documents) {
    if (!one.is_array() || one.size() != 2 || !one[0].is_number_unsigned() || !is_replay(one[1]))
      return false;
    const std::string trace = trace_of(one[1]);
    if (!shard.trace.empty() && shard.trace != trace) return false;
    shard.trace = trace;
    shard.indices.push_back(one[0].get<uint64_t>());
    shard.documents.push_back(one[1].dump());
  }
  return true;
}

// The first that cannot be joined with those before it.
std::optional<InputError> find_stranger(const std::vector<Shard>& shards) {
  const Shard& first = shards.front();
  const Shard* with_trace = &first;
  for (const Shard& shard : shards) {
    if (shard.of != first.of || shard.configurations != first.configurations ||
        shard.options != first.options)
      return wrong(shard.file, "is of another sweep than " + first.file);
    if (shard.interrupted) return wrong(shard.file, "is of a sweep that was interrupted");
    if (with_trace->trace.empty()) with_trace = &shard;
    if (!shard.trace.empty() && shard.trace != with_trace->trace)
      return wrong(shard.file, "is of another trace than " + with_trace->file);
  }
  return std::nullopt;
}

}  // namespace

std::string shard_json(const Shard& shard) {
  ordered_json head = {{"shard", shard.number},
                       {"shards", shard.of},
                       {"configurations", shard.configurations},
                       {"sweep", shard.options}};
  if (shard.interrupted) head["interrupted"] = true;
  std::string text = head.dump();
  text.back() = ',';
  text += "\"documents\":[";
  for (size_t i = 0; i < shard.documents.size(); ++i) {
    text += i == 0 ? "[" : ",[";
    text += std::to_string(shard.indices[i]) + ',' + shard.documents[i] + ']';
  }
  return text + "]}";
}

Result<Shard, InputError> parse_shard(const std::string& file, const std::string& text) {
  const ordered_json document = ordered_json::parse(text, nullptr, false);
  const InputError no_shard = wrong(file, "is not the output of a shard of a sweep");
  if (!document.is_object()) return no_shard;
  const auto number = count_at(document, "shard");
  const auto of = count_at(document, "shards");
  const auto configurations = count_at(document, "configurations");
  const auto options = document.find("sweep");
  const auto documents = document.find("documents");
  if (!number || !of || !configurations || *number < 1 || *number > *of ||
      options == document.end() || !options->is_string() || documents == document.end())
    return no_shard;
  Shard shard{.file = file,
              .number = *number,
              .of = *of,
              .configurations = *configurations,
              .options = options->get<std::string>(),
              .interrupted = document.contains("interrupted")};
  if (!read_documents(*documents, shard)) return no_shard;
  return shard;
}

Result<Documents, InputError> merge_shards(const std::vector<Shard>& shards) {
  const Shard& first = shards.front();
  if (auto error = find_stranger(shards)) return *error;
  std::vector<const Shard*> by_number(std::min<uint64_t>(first.of, shards.size() + 1));
  for (const Shard& shard : shards) {
    if (shard.number > by_number.size()) continue;
    const Shard*& there = by_number[shard.number - 1];
    if (there != nullptr)
      return wrong(shard.file, "is " + name_of(shard) + ", as " + there->file + " is");
    there = &shard;
  }
  for (size_t i = 0; i < by_number.size(); ++i)
    if (by_number[i] == nullptr)
      return wrong(
          "", "shard " + std::to_string(i + 1) + " of " + std::to_string(first.of) + " is missing");
  Documents documents;
  std::vector<size_t> next(shards.size(), 0);
  for (uint64_t index = 0; index < first.configurations; ++index) {
    const size_t owner = index % by_number.size();
    const Shard& shard = *by_number[owner];
    if (next[owner] >= shard.indices.size() || shard.indices[next[owner]] != index)
      return wrong(shard.file, "lacks configuration " + std::to_string(index));
    documents.push_back(shard.documents[next[owner]++]);
  }
  for (size_t i = 0; i < by_number.size(); ++i)
    if (next[i] != by_number[i]->indices.size())
      return wrong(by_number[i]->file, "has more configurations than its sweep");
  return documents;
}

}  // namespace faultline::report
