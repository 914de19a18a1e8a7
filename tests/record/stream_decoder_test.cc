#include "sim/record/stream_decoder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/record/messages.h"

namespace faultline::record {
namespace {

using testing::Messages;

// Each block as text: `pid/tid:accesses call(result)`.
struct TextSink : public TraceSink {
  bool take(const TraceBlock& block) override {
    if (!block.accesses.empty()) {
      text += std::to_string(block.task.pid) + "/" + std::to_string(block.task.tid) + ":" +
              std::to_string(block.accesses.size());
      for (const Access& access : block.accesses) by_kernel += access.by == AccessBy::kKernel;
    }
    if (block.call != nullptr) {
      text += " " + std::to_string(block.call->task.pid) + "." + trace_call_name(block.call->kind) +
              "(" + std::to_string(block.call->result) + ")";
      last_call = *block.call;
    }
    text += "; ";
    return --wanted > 0;
  }
  std::string text{};
  TraceCall last_call{};
  int by_kernel = 0;
  int wanted = 1000;
};

constexpr TraceTask kRoot{10, 10};
constexpr TraceTask kOther{10, 11};
constexpr TraceTask kChild{20, 20};

// What a sink is given; empty: the messages make no sense.
std::string decoded(const Messages& messages) {
  TextSink sink;
  StreamDecoder decoder(sink, FetchUnit::kInstruction);
  const auto taken = decoder.take(messages.bytes());
  if (!taken) return {};
  CHECK(*taken == messages.bytes().size());
  decoder.finish(kRoot.pid, 0);
  return sink.text;
}

TEST_CASE("StreamDecoder: a call comes behind all that its thread did") {
  Messages messages;
  messages.start(kRoot).block(kRoot, 0).events(kRoot, {block_event(0, 2)});
  messages.call(kRoot, TraceCallKind::kMmap, 8192).call(kRoot, TraceCallKind::kExit, 0);
  CHECK(decoded(messages) == "10/10:2 10.mmap(8192);  10.exit(0); ");
}

TEST_CASE("StreamDecoder: the call's arguments, path and length") {
  TextSink sink;
  StreamDecoder decoder(sink, FetchUnit::kInstruction);
  Messages messages;
  CallMessage call{.kind = TraceCallKind::kMmap, .result = 77, .file_bytes = 5};
  call.arguments[5] = 9;
  messages.start(kRoot).add(MessageKind::kCall, kRoot, call, "/a/file");
  REQUIRE(decoder.take(messages.bytes()).ok());
  CHECK(sink.last_call.path == "/a/file");
  CHECK(sink.last_call.file_bytes == 5);
  CHECK(sink.last_call.result == 77);
  CHECK(sink.last_call.arguments == std::array<uint64_t, 6>{0, 0, 0, 0, 0, 9});
  CHECK(sink.last_call.task == kRoot);
}

TEST_CASE("StreamDecoder: threads keep their accesses apart") {
  Messages messages;
  messages.start(kRoot).block(kRoot, 0).call(kRoot, TraceCallKind::kThread, 11);
  messages.events(kRoot, {block_event(0, 2), block_event(0, 2)});
  messages.events(kOther, {block_event(0, 2), block_event(0, 2)});
  messages.call(kOther, TraceCallKind::kThreadExit, 0);
  messages.call(kRoot, TraceCallKind::kThreadExit, 0);
  CHECK(decoded(messages) ==
        " 10.thread(11); 10/10:2; 10/11:4 10.thread_exit(0); 10/10:2 10.exit(0); ");
}

TEST_CASE("StreamDecoder: a fork is told once, before its child, by whoever comes first") {
  const ForkedMessage forked{kRoot.pid, kRoot.tid, 17};
  Messages child_first;
  child_first.start(kRoot).block(kRoot, 0).events(kRoot, {block_event(0, 2)});
  child_first.add(MessageKind::kForked, kChild, forked);
  child_first.events(kChild, {block_event(0, 2), block_event(0, 2)});
  child_first.call(kRoot, TraceCallKind::kFork, 20).call(kChild, TraceCallKind::kExit, 0);
  CHECK(decoded(child_first) == "10/10:2 10.fork(20); 20/20:2; 20/20:2 20.exit(0);  10.exit(0); ");

  Messages parent_first;
  parent_first.start(kRoot).block(kRoot, 0).events(kRoot, {block_event(0, 2)});
  parent_first.call(kRoot, TraceCallKind::kFork, 20);
  parent_first.add(MessageKind::kForked, kChild, forked);
  parent_first.events(kChild, {block_event(0, 2)}).call(kChild, TraceCallKind::kExit, 0);
  CHECK(decoded(parent_first) == "10/10:2 10.fork(20); 20/20:2 20.exit(0);  10.exit(0); ");
}

TEST_CASE(
    "StreamDecoder: a parent that dies before it tells of its child does no harm to the next") {
  const ForkedMessage forked{kRoot.pid, kRoot.tid, 17};
  Messages messages;
  messages.start(kRoot);
  for (int i = 0; i < 2; ++i) {
    messages.add(MessageKind::kForked, kChild, forked).call(kChild, TraceCallKind::kExit, 0);
  }
  CHECK(decoded(messages) == " 10.fork(20);  20.exit(0);  10.fork(20);  20.exit(0);  10.exit(0); ");
}

TEST_CASE("StreamDecoder: a new program forgets the blocks of the one before") {
  Messages messages;
  messages.start(kRoot).block(kRoot, 0).start(kRoot).events(kRoot, {block_event(0, 2)});
  CHECK(decoded(messages).empty());
}

TEST_CASE("StreamDecoder: what comes of a process after its end is dropped") {
  Messages messages;
  messages.start(kRoot).block(kRoot, 0).call(kRoot, TraceCallKind::kExit, 0);
  messages.events(kOther, {block_event(0, 2)}).call(kOther, TraceCallKind::kExit, 0);
  CHECK(decoded(messages) == " 10.exit(0); ");
}

TEST_CASE("StreamDecoder: the kernel's accesses are parted at pages, behind the thread's own") {
  TextSink sink;
  StreamDecoder decoder(sink, FetchUnit::kInstruction);
  Messages messages;
  messages.start(kRoot).block(kRoot, 0).events(kRoot, {block_event(0, 2)});
  messages.add(MessageKind::kKernelAccess, kRoot, KernelAccessMessage{4000, 8192, 1});
  REQUIRE(decoder.take(messages.bytes()).ok());
  decoder.finish(kRoot.pid, 0);
  CHECK(sink.text == "10/10:5 10.exit(0); ");
  CHECK(sink.by_kernel == 3);
}

TEST_CASE("StreamDecoder: a message that is not there as a whole is left for later") {
  Messages messages;
  messages.start(kRoot).block(kRoot, 0).events(kRoot, {block_event(0, 2)});
  messages.call(kRoot, TraceCallKind::kExit, 0);
  const std::string expected = decoded(messages);
  for (size_t piece = 1; piece <= messages.bytes().size(); ++piece) {
    TextSink sink;
    StreamDecoder decoder(sink, FetchUnit::kInstruction);
    size_t taken = 0;
    size_t come = 0;
    while (taken < messages.bytes().size()) {
      come = std::min(come + piece, messages.bytes().size());
      const auto more = decoder.take(messages.bytes().subspan(taken, come - taken));
      REQUIRE(more.ok());
      taken += *more;
    }
    decoder.finish(kRoot.pid, 0);
    CHECK(sink.text == expected);
  }
}

TEST_CASE("StreamDecoder: programs that were not followed") {
  TextSink sink;
  StreamDecoder decoder(sink, FetchUnit::kInstruction);
  Messages messages;
  messages.start(kRoot).add_bytes(MessageKind::kNotFollowed, kRoot, "/bin/failed");
  messages.call(kRoot, TraceCallKind::kBrk, 0);  // the program is still there: that failed
  messages.start(kChild).add_bytes(MessageKind::kNotFollowed, kChild, "/bin/su");
  REQUIRE(decoder.take(messages.bytes()).ok());
  decoder.finish(kRoot.pid, 0);
  CHECK(decoder.not_followed() == std::vector<std::string>{"/bin/su"});
}

TEST_CASE("StreamDecoder: a sink that wants no more is given no more") {
  TextSink sink;
  sink.wanted = 2;
  StreamDecoder decoder(sink, FetchUnit::kInstruction);
  Messages messages;
  messages.start(kRoot);
  for (int i = 0; i < 5; ++i) messages.call(kRoot, TraceCallKind::kBrk, i);
  REQUIRE(decoder.take(messages.bytes()).ok());
  decoder.finish(kRoot.pid, 0);
  CHECK(sink.text == " 10.brk(0);  10.brk(1); ");
}

TEST_CASE("StreamDecoder: messages that make no sense are refused") {
  const auto refused = [](const Messages& messages) { return decoded(messages).empty(); };
  CHECK(refused(Messages().start(kRoot).block(kRoot, 0xffffffff)));  // far from the others
  CHECK(refused(Messages().start(kRoot).add(MessageKind::kKernelAccess, kRoot,
                                            KernelAccessMessage{0, uint64_t{1} << 60, 0})));
  CHECK(refused(Messages().start(kRoot).add(MessageKind::kKernelAccess, kRoot,
                                            KernelAccessMessage{~uint64_t{0}, 8, 0})));
  CHECK(refused(Messages().block(kRoot, 0)));  // of no process
  CHECK(refused(Messages().start(kRoot).events(kRoot, {block_event(1, 1)})));
  CHECK(refused(Messages().start(kRoot).add_bytes(MessageKind::kEvents, kRoot, "1234")));
  CHECK(refused(Messages().start(kRoot).add_bytes(MessageKind::kCall, kRoot, "1234")));
  CHECK(refused(Messages().start(kRoot).add_bytes(MessageKind(99), kRoot, "1234")));
  CHECK(refused(
      Messages().start(kRoot).add(MessageKind::kBlock, kRoot, BlockMessage{0, 0, 2}, "\x03")));
  CHECK(refused(Messages().start(kRoot).add(MessageKind::kForked, kChild, ForkedMessage{1, 1, 0})));
  CHECK(refused(Messages().start(kRoot).add(MessageKind::kImage, kRoot, ImageMessage{1}, "/x")));
  CHECK(refused(Messages().start(kRoot).add_bytes(MessageKind::kEvents, kRoot,
                                                  std::string(kPayloadBytesMax + 8, '\0'))));
}

}  // namespace
}  // namespace faultline::record
