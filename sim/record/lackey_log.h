// LackeyLog: the log of `valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes
// --trace-sched=yes`, as it comes, made into a trace of one process with its threads.
//
// Where a line says what a call was answered, the call is made: Valgrind runs one thread at a time.
// The files behind descriptors are kept track of, by the calls that open and duplicate them.
//
// Threads: one. Ownership: the sink outlives it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/process.h"
#include "sim/record/access_buffer.h"
#include "sim/record/lackey_call.h"
#include "sim/record/trace_sink.h"

namespace faultline::record {

class LackeyLog {
 public:
  // `image` is asked once, when the program is about to begin, for what it maps then.
  using Image = std::function<std::vector<MapsLine>()>;
  LackeyLog(TraceSink& sink, uint32_t pid, const std::string& program, Image image);

  // Takes whole lines from the front of `bytes`; how many bytes they were.
  size_t take(std::string_view bytes);
  void finish(uint64_t exit_status);

  // Whether the program began.
  bool began() const { return began_; }
  // Processes that it forked, which are not in the trace.
  unsigned forks() const { return forks_; }
  // The program that it executed in its own place, if it did.
  const std::string& left_for() const { return left_for_; }

 private:
  void take_line(std::string_view line);
  void take_note(std::string_view line);
  void switch_to(unsigned thread, bool is_new);
  void answered(const LackeyCall& call);
  void tell_mapping(const LackeyCall& call);
  void tell_clone(const LackeyCall& call);
  void tell_end(const LackeyCall& call);
  void tell_transfer(const LackeyCall& call);
  void keep_track_of_files(const LackeyCall& call);
  void tell(TraceCallKind kind, const LackeyCall& call, const std::string& path = {},
            uint64_t file_bytes = 0);

  AccessBuffer out_;
  const uint32_t pid_;
  const std::string program_;
  const Image image_;
  TraceTask task_;
  bool began_ = false;
  bool ended_ = false;
  unsigned forks_ = 0;
  std::string left_for_{};
  std::map<unsigned, uint32_t> tids_{};          // by Valgrind's number
  std::deque<uint32_t> new_tids_{};              // of threads that were made and have not run
  std::map<unsigned, LackeyCall> unanswered_{};  // by Valgrind's number of the thread
  std::optional<LackeyCall> split_{};            // its answer is on the next line
  std::map<uint64_t, std::string> files_{};      // by descriptor
};

}  // namespace faultline::record
