#include "sim/record/stream_decoder.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "sim/record/guest_layout.h"

namespace faultline::record {
namespace {

// Takes a T from the front of `bytes`. False: it is not there.
template <typename T>
bool take_from(std::span<const std::byte>& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return true;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<size_t, InputError> StreamDecoder::take(std::span<const std::byte> bytes) {
  size_t taken = 0;
  for (;;) {
    std::span<const std::byte> rest = bytes.subspan(taken);
    MessageHeader header;
    if (!take_from(rest, header)) return taken;
    const bool whole_size = header.bytes >= sizeof header && header.bytes <= kMessageBytesMax;
    if (whole_size && header.bytes - sizeof header > rest.size()) return taken;
    if (!whole_size || !take_message(header, rest.first(header.bytes - sizeof header)))
      return InputError{.message = "the plugin's messages make no sense"};
    taken += header.bytes;
  }
}

bool StreamDecoder::take_message(const MessageHeader& header, std::span<const std::byte> payload) {
  const TraceTask task{header.pid, header.tid};
  if (header.kind == MessageKind::kStart) return start(task), true;
  if (header.kind == MessageKind::kForked) return take_forked(task, payload);
  const auto found = processes_.find(header.pid);
  if (found == processes_.end()) return false;
  ProcessTrace& process = found->second;
  if (process.ended) return true;
  process.leaving_to.clear();
  switch (header.kind) {
    case MessageKind::kMaps:
      process.maps += text_of(payload);
      return true;
    case MessageKind::kImage:
      return take_image(task, process, payload);
    case MessageKind::kBlock:
      return take_block(process, payload);
    case MessageKind::kEvents:
      return take_events(task, process, payload);
    case MessageKind::kCall:
      return take_call(task, process, payload);
    case MessageKind::kKernelAccess:
      return take_kernel_access(task, process, payload);
    case MessageKind::kNotFollowed:
      process.leaving_to = text_of(payload);
      return true;
    default:
      return false;
  }
}

void StreamDecoder::start(TraceTask task) { processes_[task.pid] = {}; }

bool StreamDecoder::take_block(ProcessTrace& process, std::span<const std::byte> payload) {
  BlockMessage block;
  if (!take_from(payload, block) || block.instruction_count != payload.size() ||
      block.instruction_count == 0 || block.instruction_count > kBlockInstructionsMax ||
      !process.blocks.can_add(block.id)) {
    return false;
  }
  const std::span<const uint8_t> sizes(reinterpret_cast<const uint8_t*>(payload.data()),
                                       payload.size());
  if (fetches_ == FetchUnit::kInstruction) {
    process.blocks.add(block.id, block.address, sizes);
  } else {
    process.blocks.add_whole(block.id, block.address, sizes);
  }
  return true;
}

bool StreamDecoder::take_events(TraceTask task, ProcessTrace& process,
                                std::span<const std::byte> payload) {
  if (payload.size() % sizeof(uint64_t) != 0) return false;
  uint64_t events[kPayloadBytesMax / sizeof(uint64_t)];
  std::memcpy(events, payload.data(), payload.size());
  out_.set_task(task);
  return process.threads[task.tid].add({events, payload.size() / sizeof(uint64_t)}, process.blocks,
                                       out_);
}

bool StreamDecoder::take_image(TraceTask task, ProcessTrace& process,
                               std::span<const std::byte> payload) {
  ImageMessage image;
  if (!take_from(payload, image)) return false;
  const std::string maps = std::exchange(process.maps, {});
  auto lines = guest_layout(maps, image.address_of_qemu);
  if (!lines) return false;
  tell({.kind = TraceCallKind::kExec,
        .task = task,
        .path = std::string(text_of(payload)),
        .maps = std::move(*lines)});
  return true;
}

bool StreamDecoder::take_call(TraceTask task, ProcessTrace& process,
                              std::span<const std::byte> payload) {
  CallMessage message;
  if (!take_from(payload, message) || unsigned(message.kind) >= kTraceCallKinds) return false;
  TraceCall call{.kind = message.kind,
                 .task = task,
                 .result = message.result,
                 .path = std::string(text_of(payload)),
                 .file_bytes = message.file_bytes};
  std::copy(std::begin(message.arguments), std::end(message.arguments), call.arguments.begin());
  out_.set_task(task);
  process.threads[task.tid].finish(out_);
  if (call.kind == TraceCallKind::kFork) {
    tell_fork(call, Teller::kParent);
  } else if (call.kind == TraceCallKind::kThreadExit) {
    end_thread(call, process);
  } else {
    tell(call);
    if (call.kind == TraceCallKind::kThread) process.threads[uint32_t(call.result)] = {};
    if (call.kind == TraceCallKind::kExit) process = {.ended = true};
  }
  return true;
}

// With its last thread, the process ends.
void StreamDecoder::end_thread(TraceCall& call, ProcessTrace& process) {
  process.threads.erase(call.task.tid);
  if (process.threads.empty()) call.kind = TraceCallKind::kExit;
  tell(call);
  if (process.threads.empty()) process = {.ended = true};
}

bool StreamDecoder::take_kernel_access(TraceTask task, ProcessTrace& process,
                                       std::span<const std::byte> payload) {
  KernelAccessMessage message;
  if (!take_from(payload, message) || !AccessBuffer::can_transfer(message.address, message.bytes)) {
    return false;
  }
  out_.set_task(task);
  process.threads[task.tid].finish(out_);
  out_.add_kernel_access(message.address, message.bytes, message.is_store != 0);
  return true;
}

bool StreamDecoder::take_forked(TraceTask child, std::span<const std::byte> payload) {
  ForkedMessage message;
  const bool whole = take_from(payload, message);
  const auto parent = processes_.find(message.parent_pid);
  if (!whole || parent == processes_.end()) return false;
  const TraceTask parent_task{message.parent_pid, message.parent_tid};
  if (!parent->second.ended) {
    out_.set_task(parent_task);
    parent->second.threads[message.parent_tid].finish(out_);
  }
  ProcessTrace& process = processes_[child.pid];
  process = {.blocks = parent->second.blocks};
  process.threads[child.tid] = {};
  tell_fork({.kind = TraceCallKind::kFork,
             .task = parent_task,
             .arguments = {message.flags},
             .result = child.pid},
            Teller::kChild);
  return true;
}

void StreamDecoder::tell_fork(const TraceCall& call, Teller teller) {
  const auto [told, is_first] = forks_told_.try_emplace(uint32_t(call.result), teller);
  if (!is_first && told->second != teller) {
    forks_told_.erase(told);
    return;
  }
  // Told twice by the same: of the child before that had this number, the other never told.
  tell(call);
}

void StreamDecoder::tell(const TraceCall& call) {
  out_.set_task(call.task);
  out_.flush(&call);
}

void StreamDecoder::finish(uint32_t root, uint64_t exit_status) {
  for (auto& [pid, process] : processes_) {
    if (!process.leaving_to.empty()) not_followed_.push_back(process.leaving_to);
    if (pid == root && !process.ended) {
      tell({.kind = TraceCallKind::kExit, .task = {root, root}, .arguments = {exit_status}});
    }
  }
  out_.flush(nullptr);
}

}  // namespace faultline::record
