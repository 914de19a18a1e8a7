#include "sim/record/plugin/plugin.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>

namespace faultline::record {
namespace {

// Where QEMU keeps whether an access loads and stores (plugins/api.c): its functions tell stores
// from loads, and not what is both.
constexpr unsigned kQemuRwShift = 16;

uint32_t own_tid() { return uint32_t(syscall(SYS_gettid)); }

// What QEMU itself does with SIGSEGV and SIGBUS.
struct sigaction qemu_on_segv, qemu_on_bus;

void on_signal(int signal, siginfo_t* info, void* context) {
  plugin.on_fault_signal();
  const struct sigaction& chained = signal == SIGSEGV ? qemu_on_segv : qemu_on_bus;
  if ((chained.sa_flags & SA_SIGINFO) != 0) chained.sa_sigaction(signal, info, context);
}

void chain(int signal, struct sigaction& former) {
  if (sigaction(signal, nullptr, &former) != 0 || (former.sa_flags & SA_SIGINFO) == 0) return;
  struct sigaction ours = former;
  ours.sa_sigaction = on_signal;
  sigaction(signal, &ours, nullptr);
}

void block_callback(unsigned vcpu, void* user) { plugin.on_block(vcpu, uint64_t(user)); }
void counted_block_callback(unsigned vcpu, void* user) {
  plugin.on_counted_block(vcpu, uint64_t(user));
}
void access_callback(unsigned vcpu, QemuAccess access, uint64_t address, void* user) {
  plugin.on_access(vcpu, access, address, uint64_t(user));
}

}  // namespace

Plugin plugin;

bool Plugin::start(const PluginOptions& options) {
  options_ = options;
  pid_ = uint32_t(getpid());
  counting_.store(!options.block_fetches);
  if (!channel_.open(options.fd, options.pipe)) return false;
  file_.read(options.plugin);
  write(MessageKind::kStart, own_tid(), {});
  return true;
}

// The recorder must know a block before any thread runs it, and this comes first.
void Plugin::on_translated(QemuBlock* block) {
  const size_t count = std::min(qemu_plugin_tb_n_insns(block), kBlockInstructionsMax);
  const bool counted = counting_.load(std::memory_order_relaxed);
  BlockMessage message{.id = blocks_.fetch_add(1), .instruction_count = uint32_t(count)};
  uint8_t sizes[kBlockInstructionsMax];
  for (size_t i = 0; i < count; ++i) {
    QemuInstruction* const instruction = qemu_plugin_tb_get_insn(block, i);
    if (i == 0) message.address = qemu_plugin_insn_vaddr(instruction);
    sizes[i] = uint8_t(qemu_plugin_insn_size(instruction));
    qemu_plugin_register_vcpu_mem_cb(instruction, access_callback, kQemuNoRegisters,
                                     kQemuLoadsAndStores,
                                     reinterpret_cast<void*>(uint64_t{i} << kInstructionShift));
    if (counted) {
      qemu_plugin_register_vcpu_insn_exec_inline(instruction, kQemuAddU64, &instructions_begun_, 1);
    }
  }
  write(MessageKind::kBlock, own_tid(), {&message, sizeof message, sizes, count});
  qemu_plugin_register_vcpu_tb_exec_cb(block, counted ? counted_block_callback : block_callback,
                                       kQemuNoRegisters,
                                       reinterpret_cast<void*>(block_event(message.id, count)));
}

uint64_t Plugin::learn_access_kind(QemuAccess access) {
  const bool is_store = qemu_plugin_mem_is_store(access);
  const uint64_t qemu_rw = access >> kQemuRwShift & (kRwLoad | kRwStore);
  uint64_t rw = is_store ? kRwStore : kRwLoad;
  if (is_store && qemu_rw == (kRwLoad | kRwStore)) rw = qemu_rw;
  const uint64_t kind = uint64_t{qemu_plugin_mem_size_shift(access)} << kSizeShift | rw << kRwShift;
  if (access < kAccessKinds) access_kinds_[access] = uint8_t(kind);
  return kind;
}

// Where the thread has company, others have moved the counter: then nothing is known.
void Plugin::left_early(ThreadEvents& thread) {
  if (counting_.load(std::memory_order_relaxed)) append(thread, left_event(instructions_begun_));
}

ThreadEvents& Plugin::begin_thread(unsigned vcpu) {
  if (vcpu >= kThreadsMax) abort();  // QEMU numbers by what lives; Linux has no more threads
  void* const memory = malloc(sizeof(ThreadEvents));
  if (memory == nullptr) abort();
  auto* const thread = new (memory) ThreadEvents;
  thread->tid = own_tid();
  lock();
  if (!image_told_) {
    image_told_ = true;
    tell_image(thread->tid);
  }
  threads_[vcpu] = thread;
  threads_end_ = std::max(threads_end_, vcpu + 1);
  unlock();
  return *thread;
}

void Plugin::tell_image(uint32_t tid) {
  // By now QEMU has set up its own signals.
  chain(SIGSEGV, qemu_on_segv);
  chain(SIGBUS, qemu_on_bus);
  tell_maps(tid);
  const char* const said = qemu_plugin_path_to_binary();
  char* const path = said == nullptr ? nullptr : realpath(said, nullptr);
  const ImageMessage message{uint64_t(reinterpret_cast<uintptr_t>(&qemu_plugin_tb_n_insns))};
  const size_t path_bytes = path == nullptr ? 0 : strnlen(path, kPayloadBytesMax - sizeof message);
  write(MessageKind::kImage, tid, {&message, sizeof message, path, path_bytes});
  free(path);
  free(const_cast<char*>(said));
}

void Plugin::tell_maps(uint32_t tid) {
  const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  char piece[kPayloadBytesMax];
  ssize_t bytes;
  while ((bytes = read(fd, piece, sizeof piece)) > 0)
    write(MessageKind::kMaps, tid, {piece, size_t(bytes)});
  close(fd);
}

void Plugin::write_events(ThreadEvents& thread) {
  uint64_t* const next = thread.next.load(std::memory_order_acquire);
  if (next == thread.written) return;
  write(MessageKind::kEvents, thread.tid,
        {thread.written, size_t(next - thread.written) * sizeof(uint64_t)});
  thread.written = next;
}

void Plugin::flush_own(ThreadEvents& thread) {
  lock();
  write_events(thread);
  thread.written = thread.events;
  thread.next.store(thread.events, std::memory_order_relaxed);
  unlock();
}

void Plugin::flush_all() {
  for (ThreadEvents* thread : threads())
    if (thread != nullptr) write_events(*thread);
}

void Plugin::write(MessageKind kind, uint32_t tid, const Pieces& pieces) {
  channel_.write({.kind = kind, .pid = pid_, .tid = tid}, pieces);
}

// It may be the last that is heard of this thread. It holds the lock only where QEMU itself
// stumbled over what the program gave it for a call, and then its events are written.
void Plugin::on_fault_signal() {
  const uint32_t tid = own_tid();
  for (ThreadEvents* thread : threads()) {
    if (thread == nullptr || thread->tid != tid || pthread_mutex_trylock(&lock_) != 0) continue;
    write_events(*thread);
    unlock();
  }
}

}  // namespace faultline::record
