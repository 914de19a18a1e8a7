// Plugin: runs inside QEMU, sees each block of instructions, each access and each system call of
// the traced program, and tells the recorder by messages (wire.h).
//
// The order of the messages. Within a thread: exact. A thread's events are written before each of
// its system calls, so that what goes through the kernel (pipes, wait(2), futexes) is told before
// what follows from it. Mapping calls and the making of threads are made one at a time, and the
// events of every thread are written before: an access is told on that side of a mapping call on
// which it was made. Accesses of threads that work side by side are told in pieces of up to
// ThreadEvents::kEvents events.
//
// Threads: callbacks come on every thread of the program. lock_ protects the pieces of
// ThreadEvents that its comment says, and the table of attached memory.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "sim/record/plugin/channel.h"
#include "sim/record/plugin/plugin_file.h"
#include "sim/record/plugin/qemu_api.h"
#include "sim/record/plugin/thread_events.h"

namespace faultline::record {

// What the recorder asks of the plugin.
struct PluginOptions {
  int fd = 0;                  // the pipe, inherited; 0: none
  char pipe[64] = {};          // a path to the pipe
  char plugin[64] = {};        // a path to the plugin's file, for the next program
  bool block_fetches = false;  // a fetch a block, not an instruction
};

class Plugin {
 public:
  // False: the recorder cannot be reached.
  bool start(const PluginOptions& options);

  // QEMU has translated `block`: tells what it is and asks for the callbacks that it needs.
  void on_translated(QemuBlock* block);
  // The thread of `vcpu` begins to run a block: its event.
  void on_block(unsigned vcpu, uint64_t event) {
    ThreadEvents* thread = threads_[vcpu];
    if (thread == nullptr) [[unlikely]]
      thread = &begin_thread(vcpu);
    append(*thread, event);
  }
  // The same where the instructions are counted: they tell if the block before was left early.
  void on_counted_block(unsigned vcpu, uint64_t event) {
    ThreadEvents* thread = threads_[vcpu];
    if (thread == nullptr) [[unlikely]]
      thread = &begin_thread(vcpu);
    if (instructions_begun_ != thread->instructions_expected) [[unlikely]]
      left_early(*thread);
    instructions_begun_ = 0;
    thread->instructions_expected = event_instruction_count(event);
    append(*thread, event);
  }
  // `instruction` is its index, shifted as in the event.
  void on_access(unsigned vcpu, QemuAccess access, uint64_t address, uint64_t instruction) {
    const uint64_t size_and_rw = access < kAccessKinds && access_kinds_[access] != 0
                                     ? access_kinds_[access]
                                     : learn_access_kind(access);
    append(*threads_[vcpu], address << kAddressShift | instruction | size_and_rw);
  }
  void on_call(unsigned vcpu, int64_t number, const uint64_t (&arguments)[6]);
  void on_return(unsigned vcpu, int64_t number, int64_t result);
  // The host's kernel sends this thread a signal that may end the program.
  void on_fault_signal();

 private:
  static constexpr unsigned kThreadsMax = 1 << 15;
  static constexpr uint32_t kAccessKinds = 1 << 18;
  static constexpr unsigned kAttachedMax = 256;

  struct Attached {  // by shmat(2)
    uint64_t address = 0;
    uint64_t bytes = 0;
  };

  void append(ThreadEvents& thread, uint64_t event) {
    if (thread.full()) [[unlikely]]
      flush_own(thread);
    thread.append(event);
  }
  uint64_t learn_access_kind(QemuAccess access);
  void left_early(ThreadEvents& thread);
  ThreadEvents& begin_thread(unsigned vcpu);
  std::span<ThreadEvents*> threads() { return {threads_, threads_end_}; }
  void tell_image(uint32_t tid);
  void tell_maps(uint32_t tid);

  void lock() { pthread_mutex_lock(&lock_); }
  void unlock() { pthread_mutex_unlock(&lock_); }
  // Writes what there is of `thread`. REQUIRES: the lock is held.
  void write_events(ThreadEvents& thread);
  void flush_own(ThreadEvents& thread);
  void flush_all();
  void write(MessageKind kind, uint32_t tid, const Pieces& pieces);

  // system_calls.cc
  void end_thread(unsigned vcpu, ThreadEvents& thread);
  void end_process(ThreadEvents& thread);
  void tell_call(const ThreadEvents& thread, TraceCallKind kind, int64_t result,
                 const char* path = "", uint64_t file_bytes = 0);
  void tell_mmap(const ThreadEvents& thread, int64_t result);
  void tell_shmat(ThreadEvents& thread, int64_t result);
  void tell_shmdt(ThreadEvents& thread, int64_t result);
  void on_fork_return(unsigned vcpu, ThreadEvents& thread, int64_t result);
  void become_child(unsigned vcpu, ThreadEvents& thread);

  // transfers.cc: the accesses of the kernel during a call that succeeded.
  void tell_transfer(const ThreadEvents& thread, int64_t number, int64_t result);
  void tell_kernel_access(const ThreadEvents& thread, uint64_t address, uint64_t bytes,
                          bool is_store);
  void tell_vector(const ThreadEvents& thread, uint64_t vector, uint64_t count, uint64_t bytes,
                   bool is_store);
  void tell_socket_message(const ThreadEvents& thread, uint64_t bytes, bool is_store);

  // follow.cc: replaces QEMU by another that runs what the program executes; returns where that
  // cannot be done.
  void follow(const ThreadEvents& thread, const char* path, uint64_t argv, uint64_t environment);
  void follow_at(const ThreadEvents& thread);

  PluginOptions options_{};
  Channel channel_{};
  PluginFile file_{};
  uint32_t pid_ = 0;
  std::atomic<uint32_t> blocks_ = 0;
  // Instructions are counted while there is one thread: the counter is one for all.
  std::atomic<bool> counting_ = false;
  uint64_t instructions_begun_ = 0;  // QEMU adds to it, in the code that it makes
  bool image_told_ = false;
  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
  Attached attached_[kAttachedMax] = {};
  ThreadEvents* threads_[kThreadsMax] = {};  // by vCPU
  unsigned threads_end_ = 0;                 // no vCPU from here on has been seen
  uint8_t access_kinds_[kAccessKinds] = {};  // size and rw, shifted; 0: not asked yet
};

// The one there is: QEMU's callbacks for system calls carry nothing of ours.
extern Plugin plugin;

}  // namespace faultline::record
