// FormatWriter: the TraceWriter of other programs' formats. It refuses what the format cannot hold,
// or with `lossy` makes of it what it can.
//
// Ownership: owns the sink. Threads: one.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "sim/trace/byte_sink.h"
#include "sim/trace/writers/writer.h"

namespace faultline::trace {

class FormatWriter final : public TraceWriter {
 public:
  // `file` is for errors.
  FormatWriter(std::string file, const WriterRow& row, bool lossy, std::unique_ptr<ByteSink> sink);

  Written write(const TraceBlock& block) override;
  Written finish() override;

 private:
  std::optional<Trait> find_missing(const Access& access);
  bool is_next_page(const Access& access);
  void write_access(Access access);
  void number_page(Access& access);
  Written refuse(Trait trait) const;
  Written flush();

  const std::string file_;
  const WriterRow& row_;
  const bool lossy_;
  const std::unique_ptr<ByteSink> sink_;
  const std::unique_ptr<RecordWriter> records_;
  std::optional<TraceTask> task_{};                   // of the records before
  uint64_t accesses_ = 0;                             // written
  uint64_t pages_ = 0;                                // numbered so far
  std::unordered_map<uint64_t, uint64_t> numbers_{};  // of pages, where they are numbered anew
  std::string out_{};                                 // not in the sink yet
};

}  // namespace faultline::trace
