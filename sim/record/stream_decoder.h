// StreamDecoder: the plugin's messages (wire.h) back into a trace.
//
// Keeps, of each process, its blocks and its threads. A process begins with the image of a program
// or as another's child; the child is told by itself and by its parent, and the first of the two
// counts. What a process says after its end (threads that ran on) is dropped.
//
// Threads: one. Ownership: the sink outlives it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/result.h"
#include "faultline/trace_call.h"
#include "sim/record/access_buffer.h"
#include "sim/record/block_table.h"
#include "sim/record/thread_trace.h"
#include "sim/record/trace_sink.h"
#include "sim/record/wire.h"

namespace faultline::record {

class StreamDecoder {
 public:
  // With kBasicBlock, one fetch stands for a block.
  StreamDecoder(TraceSink& sink, FetchUnit fetches) : out_(sink), fetches_(fetches) {}

  // Takes whole messages from the front of `bytes`; how many bytes they were.
  // Errors: a message makes no sense.
  Result<size_t, InputError> take(std::span<const std::byte> bytes);
  // Nothing more will come. `root` is the process that was started, and how it ended.
  void finish(uint32_t root, uint64_t exit_status);

  // Whether any program began.
  bool began() const { return !processes_.empty(); }
  // Programs that some process went on to, unrecorded.
  const std::vector<std::string>& not_followed() const { return not_followed_; }

 private:
  enum class Teller : uint8_t { kParent, kChild };
  struct ProcessTrace {
    BlockTable blocks{};
    std::map<uint32_t, ThreadTrace> threads{};  // by tid
    std::string maps{};                         // as far as it was told
    std::string leaving_to{};                   // the program that it may have gone on to
    bool ended = false;
  };

  bool take_message(const MessageHeader& header, std::span<const std::byte> payload);
  bool take_block(ProcessTrace& process, std::span<const std::byte> payload);
  bool take_events(TraceTask task, ProcessTrace& process, std::span<const std::byte> payload);
  bool take_image(TraceTask task, ProcessTrace& process, std::span<const std::byte> payload);
  bool take_call(TraceTask task, ProcessTrace& process, std::span<const std::byte> payload);
  bool take_kernel_access(TraceTask task, ProcessTrace& process,
                          std::span<const std::byte> payload);
  bool take_forked(TraceTask child, std::span<const std::byte> payload);
  void start(TraceTask task);
  void end_thread(TraceCall& call, ProcessTrace& process);
  void tell_fork(const TraceCall& call, Teller teller);
  // The call of `task`, behind all that it did before.
  void tell(const TraceCall& call);

  AccessBuffer out_;
  const FetchUnit fetches_;
  std::map<uint32_t, ProcessTrace> processes_{};  // by pid
  // Children of whose two announcements one has come, and from whom.
  std::map<uint32_t, Teller> forks_told_{};
  std::vector<std::string> not_followed_{};
};

}  // namespace faultline::record
