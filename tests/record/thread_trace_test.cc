#include "sim/record/thread_trace.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/record/wire.h"

namespace faultline::record {
namespace {

// The accesses as text: the kind's letter, the address and the size.
struct TextSink : public TraceSink {
  bool take(const TraceBlock& block) override {
    for (const Access& access : block.accesses) {
      if (!text.empty()) text += ' ';
      text += "FLSM"[int(access.kind)] + std::to_string(access.address.value) + "," +
              std::to_string(access.size_bytes);
    }
    return true;
  }
  std::string text{};
};

// One thread, and blocks of instructions: 0: 100 and 103 and 105; 1: 200; 2: 103 and 105.
class Thread {
 public:
  Thread() : out_(sink_) {
    const uint8_t sizes[] = {3, 2, 4};
    blocks_.add(0, 100, sizes);
    blocks_.add(1, 200, std::span(sizes).first(1));
    blocks_.add(2, 103, std::span(sizes).subspan(1));
  }
  bool add(const std::vector<uint64_t>& events) { return trace_.add(events, blocks_, out_); }
  // All that it did, at a system call.
  std::string finish() {
    trace_.finish(out_);
    return so_far();
  }
  std::string so_far() {
    out_.flush(nullptr);
    return sink_.text;
  }

 private:
  TextSink sink_{};
  AccessBuffer out_;
  BlockTable blocks_{};
  ThreadTrace trace_{};
};

uint64_t load(uint64_t address, uint64_t instruction) {
  return access_event(address, instruction, 3, kRwLoad);
}
uint64_t store(uint64_t address, uint64_t instruction) {
  return access_event(address, instruction, 3, kRwStore);
}

TEST_CASE("ThreadTrace: a block is its fetches; they come when it is known to have run on") {
  Thread thread;
  CHECK(thread.add({block_event(0, 3)}));
  CHECK(thread.so_far().empty());
  CHECK(thread.add({block_event(1, 1)}));
  CHECK(thread.so_far() == "F100,3 F103,2 F105,4");
  CHECK(thread.finish() == "F100,3 F103,2 F105,4 F200,3");
  CHECK(thread.finish() == "F100,3 F103,2 F105,4 F200,3");
}

TEST_CASE("ThreadTrace: data lies between the fetches of the instructions that access it") {
  Thread thread;
  CHECK(thread.add({block_event(0, 3), load(1, 1), store(2, 1), load(3, 2)}));
  CHECK(thread.finish() == "F100,3 F103,2 L1,8 S2,8 F105,4 L3,8");
}

TEST_CASE("ThreadTrace: a load and a store of one instruction to the same bytes are a modify") {
  Thread thread;
  CHECK(thread.add({block_event(0, 3), load(1, 0), store(1, 0), load(1, 1), store(1, 2)}));
  CHECK(thread.finish() == "F100,3 M1,8 F103,2 L1,8 F105,4 S1,8");

  Thread other;
  CHECK(other.add({block_event(1, 1), load(1, 0), access_event(1, 0, 2, kRwStore), load(2, 0),
                   load(1, 0), store(1, 0), store(1, 0)}));
  CHECK(other.finish() == "F200,3 L1,8 S1,4 L2,8 M1,8 S1,8");

  Thread at_once;
  CHECK(at_once.add({block_event(1, 1), access_event(1, 0, 0, kRwLoad | kRwStore)}));
  CHECK(at_once.finish() == "F200,3 M1,1");
}

TEST_CASE("ThreadTrace: where events are parted makes no difference") {
  const std::vector<uint64_t> events = {block_event(0, 3), load(1, 0), store(1, 0),
                                        store(5, 2),       load(6, 2), block_event(1, 1),
                                        load(1, 0),        store(1, 0)};
  Thread whole;
  CHECK(whole.add(events));
  const std::string expected = whole.finish();
  CHECK(expected == "F100,3 M1,8 F103,2 F105,4 S5,8 L6,8 F200,3 M1,8");
  for (size_t at = 0; at <= events.size(); ++at) {
    CAPTURE(at);
    Thread parted;
    CHECK(parted.add({events.begin(), events.begin() + std::ptrdiff_t(at)}));
    parted.so_far();
    CHECK(parted.add({events.begin() + std::ptrdiff_t(at), events.end()}));
    CHECK(parted.finish() == expected);
  }
}

TEST_CASE("ThreadTrace: a block that is left early") {
  Thread faulted;
  CHECK(faulted.add({block_event(0, 3), load(1, 0), left_event(2), block_event(1, 1)}));
  CHECK(faulted.finish() == "F100,3 L1,8 F103,2 F200,3");

  // QEMU began the instruction again: one fetch.
  Thread again;
  CHECK(again.add({block_event(0, 3), left_event(2), block_event(2, 2)}));
  CHECK(again.finish() == "F100,3 F103,2 F105,4");
}

TEST_CASE("ThreadTrace: a block that is one fetch has it first") {
  BlockTable blocks;
  const uint8_t sizes[] = {3, 2, 4};
  blocks.add_whole(0, 100, sizes);
  TextSink sink;
  AccessBuffer out(sink);
  ThreadTrace trace;
  CHECK(trace.add(std::vector<uint64_t>{block_event(0, 3), load(1, 1), store(1, 1), load(2, 2)},
                  blocks, out));
  trace.finish(out);
  out.flush(nullptr);
  CHECK(sink.text == "F100,9 M1,8 L2,8");
}

TEST_CASE("ThreadTrace: events that make no sense") {
  CHECK_FALSE(Thread().add({block_event(9, 1)}));
  CHECK_FALSE(Thread().add({load(1, 0)}));
  CHECK_FALSE(Thread().add({3}));
}

TEST_CASE("ThreadTrace: more accesses than a buffer holds, by one instruction") {
  Thread thread;
  CHECK(thread.add({block_event(1, 1)}));
  std::string expected = "F200,3";
  for (int i = 0; i < 300; ++i) {
    std::vector<uint64_t> events;
    for (int k = 0; k < 100; ++k) {
      events.push_back(store(7, 0));
      expected += " S7,8";
    }
    CHECK(thread.add(events));
  }
  CHECK(thread.finish() == expected);
}

}  // namespace
}  // namespace faultline::record
