// The fuzz target without libFuzzer: over a corpus, its truncations, and mutations of fixed seeds.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/record/wire.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/mutate.h"
#include "tests/record/messages.h"

namespace faultline::testing {
namespace {

using record::block_event;
using record::MessageKind;
using record::testing::Messages;

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string text_of(const Messages& messages) {
  return {reinterpret_cast<const char*>(messages.bytes().data()), messages.bytes().size()};
}

std::string some_messages() {
  constexpr TraceTask kRoot{1, 1};
  constexpr TraceTask kOther{1, 2};
  constexpr TraceTask kChild{3, 3};
  Messages messages;
  messages.start(kRoot);
  messages.add_bytes(MessageKind::kMaps, kRoot,
                     "00400000-00401000 r-xp 00000000 00:00 0 /no/program\n"
                     "7f0000000000-7f0000001000 r-xp 00000000 00:00 0 /no/qemu\n");
  messages.add(MessageKind::kImage, kRoot, record::ImageMessage{0x7f0000000010}, "/no/program");
  messages.block(kRoot, 0).block(kRoot, 1);
  messages.events(kRoot, {block_event(0, 2), record::access_event(0x5000, 0, 3, record::kRwLoad),
                          record::access_event(0x5000, 0, 3, record::kRwStore),
                          record::left_event(1), block_event(1, 2)});
  messages.call(kRoot, TraceCallKind::kThread, 2).call(kRoot, TraceCallKind::kMmap, 0x8000);
  messages.events(kOther, {block_event(1, 2)});
  messages.add(MessageKind::kKernelAccess, kOther, record::KernelAccessMessage{0x5ff0, 64, 1});
  messages.add(MessageKind::kForked, kChild, record::ForkedMessage{1, 1, 17});
  messages.events(kChild, {block_event(0, 2)}).call(kRoot, TraceCallKind::kFork, 3);
  messages.add_bytes(MessageKind::kNotFollowed, kChild, "/bin/su");
  messages.call(kOther, TraceCallKind::kThreadExit, 0).call(kRoot, TraceCallKind::kExit, 0);
  return text_of(messages);
}

constexpr char kLog[] =
    "==100== Lackey, an example Valgrind tool\n"
    "--100--   SCHED[1]: entering VG_(scheduler)\n"
    "I  0401ab70,3\n S 1fff000708,8\n L 1fff000708,8\n M 04032ba0,4\n"
    "SYSCALL[100,1](257) sys_openat ( 4294967196, 0x4835540(/a), 524288 ) --> [async] ... \n"
    "SYSCALL[100,1](257) ... [async] --> Success(0x4) \n"
    "SYSCALL[100,1](32) sys_dup ( 4 )[sync] --> Success(0x5) \n"
    "SYSCALL[100,1](9) sys_mmap ( 0x0, 8192, 3, 2, 5, 4096 ) --> [pre-success] "
    "Success(0x4835000) \n"
    "SYSCALL[100,1](0) sys_read ( 3, 0x1000, 8192 ) --> [async] ... \n"
    "SYSCALL[100,1](0) ... [async] --> Success(0x1001) \n"
    "SYSCALL[100,1](56) sys_clone ( 3d0f00, 0x522bf70, 0x522c990, 0x522c990, 0x522c6c0 ) --> "
    "[pre-success] Success(0x65) --100--   SCHED[1]: releasing lock (VG_(vg_yield)) -> x\n"
    "--100--   SCHED[2]:  acquired lock (thread_wrapper(starting new thread))\n"
    " S 2000,8\n"
    "SYSCALL[100,2](60) exit( 0 ) --> [pre-success] Success(0x0) \n"
    "SYSCALL[100,1](231) exit_group( 5 ) --> [pre-success] Success(0x0) \n";

std::vector<std::string> make_corpus() {
  return {std::string(1, '\0') + some_messages(), std::string(1, '\1') + kLog, "\1", "\1\n"};
}

TEST_CASE("Fuzz smoke: the corpus, and every truncation of it") {
  for (const std::string& bytes : make_corpus())
    for (std::size_t size = 0; size <= bytes.size(); ++size) run(bytes.substr(0, size));
}

TEST_CASE("Fuzz smoke: 1,000 mutations of the corpus") {
  const std::vector<std::string> corpus = make_corpus();
  base::Prng prng(1);
  for (int i = 0; i < 1'000; ++i) run(mutate(corpus[prng.below(corpus.size())], corpus, prng));
}

}  // namespace
}  // namespace faultline::testing
