// What the plugin inside QEMU tells the recorder: messages through a pipe.
//
// A message is one write(2) of at most kMessageBytesMax bytes, which a pipe takes whole or not at
// all (pipe(7), PIPE_BUF): the threads and processes that share the pipe need no lock, and one that
// is killed leaves no half message behind. The order of the messages is the order of the trace.
//
// Both ends are one build of one program on one machine: structures are written as they lie in
// memory. Units: addresses and lengths in bytes, of the traced program. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "faultline/trace_call.h"

namespace faultline::record {

inline constexpr size_t kMessageBytesMax = 4096;

enum class MessageKind : uint16_t {
  // A program was loaded and is about to begin; the blocks that its process had are forgotten.
  kStart,
  kMaps,          // a piece of /proc/PID/maps; the pieces come in order and before kImage
  kImage,         // ImageMessage, and the program's path: the first instruction comes next
  kBlock,         // BlockMessage: instructions that will be run
  kEvents,        // 8-byte events (below) of one thread, in its order
  kCall,          // CallMessage
  kKernelAccess,  // KernelAccessMessage
  kForked,        // ForkedMessage, of the child, before anything else of it
  kNotFollowed,   // the path of a program that will run in this process, unrecorded
};

struct MessageHeader {
  uint16_t bytes = 0;  // of the message, with this header
  MessageKind kind = MessageKind::kStart;
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint32_t reserved = 0;
};
static_assert(sizeof(MessageHeader) == 16);
inline constexpr size_t kPayloadBytesMax = kMessageBytesMax - sizeof(MessageHeader);

struct ImageMessage {
  // An address within QEMU's own program: what lies there and above is not the traced program's.
  uint64_t address_of_qemu = 0;
  // The path follows.
};

// Instructions that lie one behind the other and are run from the first on.
struct BlockMessage {
  uint64_t address = 0;
  uint32_t id = 0;
  uint32_t instruction_count = 0;
  // A byte for the size of each follows.
};
inline constexpr size_t kBlockInstructionsMax = 512;  // QEMU's TCG_MAX_INSNS

struct CallMessage {
  TraceCallKind kind = TraceCallKind::kMmap;
  uint8_t reserved[7] = {};
  uint64_t arguments[6] = {};
  int64_t result = 0;
  uint64_t file_bytes = 0;
  // The path follows.
};

// The kernel carried out a call that read or wrote memory of the program.
struct KernelAccessMessage {
  uint64_t address = 0;
  uint64_t bytes = 0;
  uint64_t is_store = 0;
};

struct ForkedMessage {
  uint32_t parent_pid = 0;
  uint32_t parent_tid = 0;
  uint64_t flags = 0;  // of clone(2)
};

// Events: what a thread did, as one word each.
//
//   block   id << 32 | instructions << 2 | kBlockEvent     it begins to run the block
//   access  address << 16 | instruction << 7 | size << 4 | rw << 2 | kAccessEvent
//           its instruction of that index in the block made the access; 1 << size bytes; rw:
//           1 a load, 2 a store, 3 both at once
//   left    instructions << 2 | kLeftEvent
//           it left the block before its end: of its instructions it began that many
//
// That the instructions of a block were fetched is not said: they follow from its beginning.
inline constexpr uint64_t kAccessEvent = 0;
inline constexpr uint64_t kBlockEvent = 1;
inline constexpr uint64_t kLeftEvent = 2;
inline constexpr unsigned kEventKindBits = 2;

inline constexpr uint64_t kRwLoad = 1;
inline constexpr uint64_t kRwStore = 2;
inline constexpr unsigned kRwShift = 2;
inline constexpr unsigned kSizeShift = 4;
inline constexpr unsigned kInstructionShift = 7;
inline constexpr unsigned kAddressShift = 16;
inline constexpr unsigned kBlockIdShift = 32;

constexpr uint64_t event_kind(uint64_t event) { return event & ((1 << kEventKindBits) - 1); }

constexpr uint64_t block_event(uint32_t id, uint64_t instruction_count) {
  return uint64_t{id} << kBlockIdShift | instruction_count << kEventKindBits | kBlockEvent;
}
constexpr uint32_t event_block_id(uint64_t event) { return uint32_t(event >> kBlockIdShift); }
// Of a block or left event.
constexpr uint32_t event_instruction_count(uint64_t event) {
  return uint32_t(event) >> kEventKindBits;
}

constexpr uint64_t left_event(uint64_t instruction_count) {
  return instruction_count << kEventKindBits | kLeftEvent;
}

constexpr uint64_t access_event(uint64_t address, uint64_t instruction, uint64_t size_shift,
                                uint64_t rw) {
  return address << kAddressShift | instruction << kInstructionShift | size_shift << kSizeShift |
         rw << kRwShift | kAccessEvent;
}
constexpr uint64_t event_address(uint64_t event) { return event >> kAddressShift; }
constexpr uint32_t event_instruction(uint64_t event) {
  return uint32_t(event) >> kInstructionShift & (kBlockInstructionsMax - 1);
}
constexpr uint32_t event_size_bytes(uint64_t event) { return 1U << (event >> kSizeShift & 7); }
constexpr uint64_t event_rw(uint64_t event) { return event >> kRwShift & 3; }

}  // namespace faultline::record
