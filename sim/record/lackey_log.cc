#include "sim/record/lackey_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "sim/record/call_numbers.h"
#include "sim/trace/formats/lackey_line.h"

namespace faultline::record {
namespace {

constexpr uint64_t kCloneVm = 0x100;
constexpr uint64_t kCloneVfork = 0x4000;

// The buffer of a call that the kernel fills or reads: which argument, and how long it is.
struct Buffer {
  int64_t number;
  size_t argument;
  bool is_store;
  uint64_t bytes;  // 0: as many as the result says
};
constexpr Buffer kBuffers[] = {
    {kCallRead, 1, true, 0},         {kCallPread64, 1, true, 0},  {kCallWrite, 1, false, 0},
    {kCallPwrite64, 1, false, 0},    {kCallRecvfrom, 1, true, 0}, {kCallSendto, 1, false, 0},
    {kCallGetdents64, 1, true, 0},   {kCallReadlink, 1, true, 0}, {kCallGetcwd, 0, true, 0},
    {kCallGetrandom, 0, true, 0},    {kCallStat, 1, true, 144},   {kCallFstat, 1, true, 144},
    {kCallLstat, 1, true, 144},      {kCallUname, 0, true, 390},  {kCallPipe2, 0, true, 8},
    {kCallNewfstatat, 2, true, 144},
};

std::string absolute(const std::string& path) {
  char* const real = realpath(path.c_str(), nullptr);
  std::string result = real != nullptr ? real : path;
  free(real);
  return result;
}

}  // namespace

LackeyLog::LackeyLog(TraceSink& sink, uint32_t pid, const std::string& program, Image image)
    : out_(sink),
      pid_(pid),
      program_(absolute(program)),
      image_(std::move(image)),
      task_{pid, pid} {
  tids_[1] = pid;
  out_.set_task(task_);
}

size_t LackeyLog::take(std::string_view bytes) {
  size_t taken = 0;
  for (;;) {
    const size_t end = bytes.find('\n', taken);
    if (end == std::string_view::npos) return taken;
    take_line(bytes.substr(taken, end - taken));
    taken = end + 1;
  }
}

void LackeyLog::take_line(std::string_view line) {
  const trace::ParsedLine parsed = trace::parse_lackey_line(line);
  if (parsed.kind == trace::LineKind::kAccess) {
    if (ended_) return;
    out_.make_room();
    out_.add(parsed.access);
    return;
  }
  if (auto call = parse_lackey_call(line)) {
    if (call->continued) {
      const auto begun = unanswered_.find(call->thread);
      if (begun == unanswered_.end()) return;
      begun->second.result = call->result;
      answered(begun->second);
      unanswered_.erase(begun);
    } else if (call->result) {
      answered(*call);
    } else if (line.ends_with("[async] ... ")) {
      unanswered_[call->thread] = *call;
    } else {
      split_ = std::move(call);
    }
  } else if (split_ && line.find("-->") != std::string_view::npos) {
    split_->result = parse_lackey_result(line);
    if (split_->result) answered(*std::exchange(split_, std::nullopt));
  }
  // The scheduler's notes stand behind an answer now and then.
  if (line.find("  SCHED[") != std::string_view::npos) take_note(line);
}

void LackeyLog::take_note(std::string_view line) {
  constexpr std::string_view kNoteMark = "SCHED[";
  line.remove_prefix(line.find(kNoteMark) + kNoteMark.size());
  const unsigned thread = unsigned(std::strtoul(std::string(line).c_str(), nullptr, 10));
  if (line.find("acquired lock") != std::string_view::npos) {
    switch_to(thread, line.find("starting new thread") != std::string_view::npos);
  } else if (!began_ && line.find("entering VG_(scheduler)") != std::string_view::npos) {
    began_ = true;
    TraceCall call{.kind = TraceCallKind::kExec, .task = task_, .path = program_, .maps = image_()};
    out_.flush(&call);
  }
}

void LackeyLog::switch_to(unsigned thread, bool is_new) {
  if (is_new && !new_tids_.empty()) {
    tids_[thread] = new_tids_.front();
    new_tids_.pop_front();
  }
  task_.tid = tids_[thread];
  out_.set_task(task_);
}

void LackeyLog::answered(const LackeyCall& call) {
  const int64_t result = *call.result;
  const bool failed = result < 0 && result >= -4095;
  switch (call.number) {
    case kCallMmap:
    case kCallMunmap:
    case kCallMprotect:
    case kCallMremap:
    case kCallBrk:
    case kCallMadvise:
    case kCallMsync:
      return tell_mapping(call);
    case kCallClone:
    case kCallFork:
    case kCallVfork:
      if (!failed) tell_clone(call);
      return;
    case kCallExit:
    case kCallExitGroup:
      return tell_end(call);
    case kCallWait4:
      // The children are not in the trace: that they are gone is known from here.
      if (!failed && result > 0) {
        TraceCall end{.kind = TraceCallKind::kExit, .task = {uint32_t(result), uint32_t(result)}};
        out_.flush(&end);
      }
      return;
    case kCallExecve:
      if (!failed) left_for_ = call.path;
      return;
    default:
      if (failed) return;
      keep_track_of_files(call);
      tell_transfer(call);
  }
}

void LackeyLog::tell(TraceCallKind kind, const LackeyCall& call, const std::string& path,
                     uint64_t file_bytes) {
  if (ended_) return;
  TraceCall told{.kind = kind,
                 .task = {pid_, tids_[call.thread]},
                 .result = *call.result,
                 .path = path,
                 .file_bytes = file_bytes};
  std::copy_n(call.arguments.begin(), std::min(call.arguments.size(), told.arguments.size()),
              told.arguments.begin());
  out_.flush(&told);
}

void LackeyLog::tell_mapping(const LackeyCall& call) {
  constexpr std::pair<int64_t, TraceCallKind> kKinds[] = {
      {kCallMmap, TraceCallKind::kMmap},         {kCallMunmap, TraceCallKind::kMunmap},
      {kCallMprotect, TraceCallKind::kMprotect}, {kCallMremap, TraceCallKind::kMremap},
      {kCallBrk, TraceCallKind::kBrk},           {kCallMadvise, TraceCallKind::kMadvise},
      {kCallMsync, TraceCallKind::kMsync},
  };
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const auto& row) { return row.first == call.number; });
  std::string path;
  struct stat status {};
  constexpr uint64_t kMapAnonymous = 0x20;
  if (call.number == kCallMmap && (call.argument(3) & kMapAnonymous) == 0) {
    const auto file = files_.find(call.argument(4));
    if (file != files_.end()) path = file->second;
    if (path.empty() || stat(path.c_str(), &status) != 0) status.st_size = 0;
  }
  tell(kind->second, call, path, uint64_t(status.st_size));
}

void LackeyLog::tell_clone(const LackeyCall& call) {
  const uint64_t flags = call.number == kCallClone ? call.argument(0) : uint64_t{SIGCHLD};
  const bool is_thread = (flags & kCloneVm) != 0 && (flags & kCloneVfork) == 0;
  if (is_thread) {
    new_tids_.push_back(uint32_t(*call.result));
    tell(TraceCallKind::kThread, call);
    return;
  }
  ++forks_;
  // Valgrind, too, makes a fork of a vfork.
  LackeyCall fork = call;
  fork.arguments = {flags & ~(kCloneVm | kCloneVfork)};
  tell(TraceCallKind::kFork, fork);
}

void LackeyLog::tell_end(const LackeyCall& call) {
  const bool is_thread = call.number == kCallExit && tids_.size() > 1;
  tell(is_thread ? TraceCallKind::kThreadExit : TraceCallKind::kExit, call);
  if (is_thread) {
    tids_.erase(call.thread);
  } else {
    ended_ = true;
  }
}

void LackeyLog::tell_transfer(const LackeyCall& call) {
  const auto* const buffer =
      std::find_if(std::begin(kBuffers), std::end(kBuffers),
                   [&](const Buffer& row) { return row.number == call.number; });
  if (buffer == std::end(kBuffers) || ended_) return;
  const uint64_t bytes =
      buffer->bytes != 0 ? buffer->bytes
                         : std::min(uint64_t(*call.result), call.argument(buffer->argument + 1));
  const uint64_t address = call.argument(buffer->argument);
  if (AccessBuffer::can_transfer(address, bytes))
    out_.add_kernel_access(address, bytes, buffer->is_store);
}

void LackeyLog::keep_track_of_files(const LackeyCall& call) {
  const uint64_t result = uint64_t(*call.result);
  switch (call.number) {
    case kCallOpen:
    case kCallCreat:
      files_[result] = absolute(call.path);
      break;
    case kCallOpenat: {
      const bool relative = !call.path.starts_with('/') && int(call.argument(0)) != AT_FDCWD;
      files_[result] = absolute(relative ? files_[call.argument(0)] + "/" + call.path : call.path);
      break;
    }
    case kCallDup:
    case kCallDup2:
    case kCallDup3:
      files_[result] = files_[call.argument(0)];
      break;
    case kCallClose:
      files_.erase(call.argument(0));
      break;
    default:
      break;
  }
}

void LackeyLog::finish(uint64_t exit_status) {
  if (began_ && !ended_) {
    TraceCall end{.kind = TraceCallKind::kExit, .task = {pid_, pid_}, .arguments = {exit_status}};
    out_.flush(&end);
  }
  out_.flush(nullptr);
}

}  // namespace faultline::record
