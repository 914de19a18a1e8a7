// Writers of other programs' formats: what each can hold, and what a row needs. A new one is one
// .cc file with the function of its row, declared here, and its row in create_trace.cc.
//
// Threads: the table is constant; any thread may use it. A writer belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "faultline/access.h"
#include "faultline/trace_call.h"

namespace faultline::trace {

// What a trace may hold besides loads of one byte, and not every format can. In the order in which
// a refusal names them.
enum class Trait : uint8_t {
  kCalls,
  kTasks,
  kThreads,  // of a format that holds tasks: not their processes alone
  kKernel,   // which accesses were the kernel's
  kFetches,
  kStores,
  kModifies,
  kSizes,        // other than 1
  kOffsets,      // addresses within pages
  kPageNumbers,  // other than in the order of their first access, from 0
  // What RecordWriter::find_missing() alone misses.
  kAddressZero,
  kUpperHalf,     // of the address space
  kFarAddresses,  // in neither half of an address space of 57 bits
  kUnfetched,     // loads and stores before the first fetch
  kManyOperands,  // of an instruction: beyond four loads, and two stores behind them
};
inline constexpr unsigned kTraits = unsigned(Trait::kManyOperands) + 1;

// A set of them.
class Traits {
 public:
  constexpr Traits() = default;
  constexpr Traits(std::initializer_list<Trait> traits) {
    for (const Trait trait : traits) add(trait);
  }
  constexpr void add(Trait trait) { bits_ |= 1U << unsigned(trait); }
  constexpr bool has(Trait trait) const { return (bits_ >> unsigned(trait) & 1U) != 0; }

 private:
  unsigned bits_ = 0;
};

// Turns accesses into records.
class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  // Appends what stands before the first record.
  virtual void begin(std::string& /*out*/) {}
  // What follows is of that task. Called before the first record, where tasks are held.
  virtual void set_task(TraceTask /*task*/, std::string& /*out*/) {}
  // What the format would have to hold for `access` after those written, besides the traits of its
  // row.
  virtual std::optional<Trait> find_missing(const Access& /*access*/) const { return std::nullopt; }
  // Appends the record of `access`, which is as the format can hold it, but for kUnfetched and
  // kManyOperands, which the writer makes something of.
  virtual void write(const Access& access, std::string& out) = 0;
  // An access that was left out.
  virtual void pass(const Access& /*access*/) {}
  // Appends what stands behind the last one.
  virtual void end(std::string& /*out*/) {}
};

struct WriterRow {
  std::string_view name;
  Traits holds;
  uint32_t size_max;  // of an access, where sizes are held
  std::unique_ptr<RecordWriter> (*make_writer)();
};

std::span<const WriterRow> writer_rows();

std::unique_ptr<RecordWriter> make_lackey_writer();
std::unique_ptr<RecordWriter> make_hexrw_writer();
std::unique_ptr<RecordWriter> make_ostep_writer();
std::unique_ptr<RecordWriter> make_pinatrace_writer();
std::unique_ptr<RecordWriter> make_din_writer();
std::unique_ptr<RecordWriter> make_drmemtrace_writer();
std::unique_ptr<RecordWriter> make_oraclegeneral_writer();
std::unique_ptr<RecordWriter> make_csv_writer();
std::unique_ptr<RecordWriter> make_champsim_writer();
std::unique_ptr<RecordWriter> make_perf_writer();
std::unique_ptr<RecordWriter> make_plain_writer();

}  // namespace faultline::trace
