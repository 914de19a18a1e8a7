// The plugin's messages (sim/record/wire.h), for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/record/wire.h"

namespace faultline::record::testing {

// Messages, one behind the other.
class Messages {
 public:
  template <typename T>
  Messages& add(MessageKind kind, TraceTask task, const T& payload, const std::string& rest = {}) {
    std::string bytes(reinterpret_cast<const char*>(&payload), sizeof payload);
    return add_bytes(kind, task, bytes + rest);
  }
  Messages& add_bytes(MessageKind kind, TraceTask task, const std::string& payload) {
    const MessageHeader header{uint16_t(sizeof(MessageHeader) + payload.size()), kind, task.pid,
                               task.tid};
    bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
    bytes_ += payload;
    return *this;
  }
  Messages& start(TraceTask task) { return add_bytes(MessageKind::kStart, task, {}); }
  // A block of two instructions, at 4096.
  Messages& block(TraceTask task, uint32_t id) {
    return add(MessageKind::kBlock, task, BlockMessage{4096, id, 2}, "\x03\x02");
  }
  Messages& events(TraceTask task, const std::vector<uint64_t>& events) {
    return add_bytes(
        MessageKind::kEvents, task,
        {reinterpret_cast<const char*>(events.data()), events.size() * sizeof events[0]});
  }
  Messages& call(TraceTask task, TraceCallKind kind, int64_t result) {
    CallMessage message{.kind = kind};
    message.result = result;
    return add(MessageKind::kCall, task, message, "/a/file");
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

 private:
  std::string bytes_{};
};

}  // namespace faultline::record::testing
