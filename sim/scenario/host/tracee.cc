#include "sim/scenario/host/tracee.h"

#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "sim/base/check.h"

namespace faultline::host {
namespace {

// One routine every 32 bytes from kCodeOffset on, in the order of Routine. Each ends in int3.
constexpr uint64_t kCodeOffset = 0x200;
constexpr uint64_t kRoutineBytes = 32;
constexpr unsigned char kCode[][kRoutineBytes] = {
    {0x0f, 0x05, 0xcc},  // syscall
    // next: test rsi,rsi; je done; mov al,[rdi]; inc rdi; dec rsi; jmp next; done: int3
    {0x48, 0x85, 0xf6, 0x74, 0x0a, 0x8a, 0x07, 0x48, 0xff, 0xc7, 0x48, 0xff, 0xce, 0xeb, 0xf1,
     0xcc},
    // the same with mov al,[rdx]; mov [rdi],al; inc rdi; inc rdx; dec rsi
    {0x48, 0x85, 0xf6, 0x74, 0x0f, 0x8a, 0x02, 0x88, 0x07, 0x48, 0xff,
     0xc7, 0x48, 0xff, 0xc2, 0x48, 0xff, 0xce, 0xeb, 0xec, 0xcc},
    // the same with call rdi; inc rdi; dec rsi
    {0x48, 0x85, 0xf6, 0x74, 0x0a, 0xff, 0xd7, 0x48, 0xff, 0xc7, 0x48, 0xff, 0xce, 0xeb, 0xf1,
     0xcc},
    {0xf0, 0x0f, 0xc0, 0x17, 0xcc},        // lock xadd [rdi],dl
    {0x66, 0xf0, 0x0f, 0xc1, 0x17, 0xcc},  // lock xadd [rdi],dx
    {0xf0, 0x0f, 0xc1, 0x17, 0xcc},        // lock xadd [rdi],edx
    {0xf0, 0x48, 0x0f, 0xc1, 0x17, 0xcc},  // lock xadd [rdi],rdx
    {0x8a, 0x17, 0xcc},                    // mov dl,[rdi]
    {0x66, 0x8b, 0x17, 0xcc},              // mov dx,[rdi]
    {0x8b, 0x17, 0xcc},                    // mov edx,[rdi]
    {0x48, 0x8b, 0x17, 0xcc},              // mov rdx,[rdi]
    {0x88, 0x17, 0xcc},                    // mov [rdi],dl
    {0x66, 0x89, 0x17, 0xcc},              // mov [rdi],dx
    {0x89, 0x17, 0xcc},                    // mov [rdi],edx
    {0x48, 0x89, 0x17, 0xcc},              // mov [rdi],rdx
};

uint64_t address_of(Routine routine) {
  return Tracee::kText + kCodeOffset + kRoutineBytes * static_cast<uint64_t>(routine);
}

// An ELF file of one page of code, one segment of zeros, and one page at whose end the break
// starts. The zeros lie in the file, so that no anonymous mapping of a scenario merges with them.
std::vector<char> tracee_program() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_entry = address_of(Routine::kSystemCall);
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  Elf64_Phdr segments[3]{};
  header.e_phnum = std::size(segments);
  segments[0] = {PT_LOAD,       PF_R | PF_X, 0,          Tracee::kText,
                 Tracee::kText, kPageBytes,  kPageBytes, 4096};
  segments[1] = {PT_LOAD,
                 PF_R | PF_W,
                 kPageBytes,
                 Tracee::kScratch,
                 Tracee::kScratch,
                 Tracee::kScratchBytes,
                 Tracee::kScratchBytes,
                 4096};
  segments[2] = {
      PT_LOAD,    PF_R,       kPageBytes, Tracee::kBreak - kPageBytes, Tracee::kBreak - kPageBytes,
      kPageBytes, kPageBytes, 4096};
  std::vector<char> file(kPageBytes + Tracee::kScratchBytes);
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, segments, sizeof segments);
  std::memcpy(file.data() + kCodeOffset, kCode, sizeof kCode);
  return file;
}

// The kernel's OOM killer is to take the tracee before anything else of the host.
// Source: proc_pid_oom_score_adj(5).
void go_first_without_memory() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, "1000", 4) != 4) _exit(1);
  close(file);
}

void set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  rlimit limit{};
  getrlimit(resource, &limit);
  // An ordinary user may not raise what is lower.
  const bool root = getuid() == 0;
  limit.rlim_max = root ? hard : std::min(hard, limit.rlim_max);
  limit.rlim_cur = std::min(soft, limit.rlim_max);
  setrlimit(resource, &limit);
}

// Descriptors 0 to 2 are open and cannot be used; whatever else we have ends with exec.
void open_unusable_descriptors() {
  const int unusable = open("/", O_PATH);
  if (unusable < 0) _exit(1);
  for (int fd = 0; fd <= 2; ++fd) {
    if (dup2(unusable, fd) != fd) _exit(1);
  }
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) _exit(1);
}

[[noreturn]] void become_tracee(int program, const TraceeLimits& limits) {
  constexpr rlim_t kEightMiB = 8 << 20;
  go_first_without_memory();
  set_limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds);
  set_limit(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
  set_limit(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY);
  set_limit(RLIMIT_STACK, kEightMiB, RLIM_INFINITY);
  set_limit(RLIMIT_MEMLOCK, kEightMiB, kEightMiB);
  set_limit(RLIMIT_NOFILE, 1024, 4096);
  set_limit(RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY);
  personality(ADDR_NO_RANDOMIZE);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  // An ordinary user, as the scenario's process is; a tracer of root may go on tracing.
  if (getuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
    _exit(1);
  // The end of a child is asked for, not told of, and a file that would grow too large is an error.
  // The mask outlives exec and is inherited. (What is ignored a tracer would be told of.)
  sigset_t unheard;
  sigemptyset(&unheard);
  sigaddset(&unheard, SIGCHLD);
  sigaddset(&unheard, SIGXFSZ);
  sigprocmask(SIG_BLOCK, &unheard, nullptr);
  open_unusable_descriptors();
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  char name[] = "scenario";
  char* arguments[] = {name, nullptr};
  char* environment[] = {nullptr};
  fexecve(program, arguments, environment);
  _exit(2);
}

SigInfo signal_of(const siginfo_t& info) {
  const VirtAddr address{reinterpret_cast<uint64_t>(info.si_addr)};
  if (info.si_signo == SIGBUS) return {SignalCode::kBusAdrErr, address};
  if (info.si_code == SEGV_MAPERR) return {SignalCode::kSegvMapErr, address};
  if (info.si_code == SEGV_ACCERR) return {SignalCode::kSegvAccErr, address};
  return {SignalCode::kSiKernel, address};
}

}  // namespace

Routine sized(Routine first, uint32_t size_bytes) {
  const int index = size_bytes == 1 ? 0 : size_bytes == 2 ? 1 : size_bytes == 4 ? 2 : 3;
  return static_cast<Routine>(static_cast<int>(first) + index);
}

Tracee::Tracee(const TraceeLimits& limits) {
  const int program = memfd_create("scenario", MFD_CLOEXEC);
  const std::vector<char> file = tracee_program();
  FL_CHECK(write(program, file.data(), file.size()) == static_cast<ssize_t>(file.size()));
  fchmod(program, 0755);
  pid_ = ::fork();
  FL_CHECK(pid_ >= 0);
  if (pid_ == 0) become_tracee(program, limits);
  close(program);
  int status = 0;
  waitpid(pid_, &status, 0);
  FL_CHECK_MSG(WIFSTOPPED(status), "the worker process did not start");
  // Its children are traced in the same way.
  ptrace(PTRACE_SETOPTIONS, pid_, nullptr,
         PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE);
  open_stat();
  ptrace(PTRACE_GETREGS, pid_, nullptr, &start_);
  unmap_vdso();
  // Nothing lies right below the heap.
  FL_CHECK(system_call(SYS_munmap, {kBreak - kPageBytes, kPageBytes}) == 0);
  take_protection_keys();
  // Every page that we use ourselves is there before the first statement.
  touch_own_pages();
  run(Routine::kStore, start_.rsp - 256, 256, kScratch);
  // The stack is as docs/scenario.md says: its top two pages are resident.
  run(Routine::kStore, kStackTop - 8192, 1, kScratch);
}

// A child that has just been made, and has stopped for it.
Tracee::Tracee(pid_t pid, const user_regs_struct& start) : pid_(pid), start_(start) {
  int status = 0;
  FL_CHECK(waitpid(pid_, &status, __WALL) == pid_ && WIFSTOPPED(status));
  open_stat();
}

void Tracee::open_stat() {
  stat_ = open(("/proc/" + std::to_string(pid_) + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  FL_CHECK_MSG(stat_ >= 0, "/proc is not mounted");
}

Tracee::~Tracee() {
  if (alive_) kill(pid_, SIGKILL);
  if (alive_) waitpid(pid_, nullptr, 0);
  close(stat_);
}

FaultCounts Tracee::faults() const { return all_faults() - own_faults_; }

// Fields 10 and 12 of the line, behind the name in brackets. Source: proc_pid_stat(5).
FaultCounts Tracee::all_faults() const {
  char line[1024];
  const ssize_t size = pread(stat_, line, sizeof line - 1, 0);
  if (size <= 0) return {};
  line[size] = '\0';
  const char* behind_name = std::strrchr(line, ')');
  FaultCounts counts;
  FL_CHECK(behind_name != nullptr &&
           std::sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &counts.minor,
                       &counts.major) == 2);
  return counts;
}

void Tracee::unmap_vdso() {
  std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[vdso]") == std::string::npos && line.find("[vvar") == std::string::npos) {
      continue;
    }
    uint64_t start = 0;
    uint64_t end = 0;
    FL_CHECK(std::sscanf(line.c_str(), "%lx-%lx", &start, &end) == 2);
    FL_CHECK(system_call(SYS_munmap, {start, end - start}) == 0);
  }
}

// A mapping of PROT_EXEC alone is given a protection key, where the processor has them and one is
// left, and cannot be read then; without a key it can, as on other processors. Children inherit
// that the keys are taken. Source: Linux arch/x86/mm/pkeys.c __execute_only_pkey(), 6.18.
void Tracee::take_protection_keys() {
  constexpr int kKeysMax = 16;
  for (int i = 0; i < kKeysMax && system_call(SYS_pkey_alloc, {0, 0}) >= 0; ++i) {
  }
}

bool Tracee::resume(user_regs_struct& registers) {
  registers.orig_rax = ~0ULL;  // not within a system call: nothing to restart
  int status = 0;
  if (in_vfork_) waitpid(pid_, &status, 0);  // the child has ended, and so has the call
  in_vfork_ = false;
  if (!alive_ || ptrace(PTRACE_SETREGS, pid_, nullptr, &registers) != 0 ||
      ptrace(PTRACE_CONT, pid_, nullptr, nullptr) != 0 || waitpid(pid_, &status, 0) != pid_ ||
      !WIFSTOPPED(status)) {
    lost_ = lost_ || (alive_ && !WIFEXITED(status));
    alive_ = false;
    return false;
  }
  ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
  return true;
}

user_regs_struct Tracee::call_registers(long number,
                                        const std::array<uint64_t, 6>& arguments) const {
  user_regs_struct registers = start_;
  registers.rip = address_of(Routine::kSystemCall);
  registers.rax = static_cast<uint64_t>(number);
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
  return registers;
}

int64_t Tracee::system_call(long number, std::array<uint64_t, 6> arguments) {
  user_regs_struct registers = call_registers(number, arguments);
  return resume(registers) ? static_cast<int64_t>(registers.rax) : 0;
}

// The call stops once when the child is there, and, but for vfork, again when it is done.
std::unique_ptr<Tracee> Tracee::fork(long number, std::array<uint64_t, 6> arguments,
                                     int64_t* result) {
  user_regs_struct registers = call_registers(number, arguments);
  *result = resume(registers) ? static_cast<int64_t>(registers.rax) : 0;
  siginfo_t stop{};
  unsigned long child_pid = 0;
  // A stop at the routine's end is a SIGTRAP without a number of an event.
  if (!alive_ || ptrace(PTRACE_GETSIGINFO, pid_, nullptr, &stop) != 0) return nullptr;
  const int event = stop.si_code >> 8;
  if (event == 0 || ptrace(PTRACE_GETEVENTMSG, pid_, nullptr, &child_pid) != 0) return nullptr;
  std::unique_ptr<Tracee> child(new Tracee(static_cast<pid_t>(child_pid), start_));
  *result = static_cast<int64_t>(child_pid);
  ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
  in_vfork_ = event == PTRACE_EVENT_VFORK;
  int status = 0;
  if (!in_vfork_) waitpid(pid_, &status, 0);
  if (in_vfork_ || !WIFSTOPPED(status)) return child;
  touch_own_pages();
  child->touch_own_pages();
  return child;
}

void Tracee::end_by(long number, std::array<uint64_t, 6> arguments) {
  const bool was_lost = lost_;
  system_call(number, arguments);
  lost_ = was_lost;
}

void Tracee::killed() {
  int status = 0;
  if (alive_) waitpid(pid_, &status, 0);
  alive_ = false;
}

void Tracee::touch_own_pages() {
  const FaultCounts before = all_faults();
  run(Routine::kStore, kScratch, kScratchBytes, kScratch);
  const FaultCounts grown = all_faults() - before;
  own_faults_ = {own_faults_.minor + grown.minor, own_faults_.major + grown.major};
}

Outcome Tracee::run(Routine routine, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
  Outcome outcome{.registers = start_};
  user_regs_struct& registers = outcome.registers;
  registers.rip = address_of(routine);
  // What a fetch calls returns by way of the stack, and the scenario's is not for that.
  registers.rsp = kScratch + kScratchBytes;
  registers.rdi = rdi;
  registers.rsi = rsi;
  registers.rdx = rdx;
  if (!resume(registers)) return outcome;
  siginfo_t info{};
  ptrace(PTRACE_GETSIGINFO, pid_, nullptr, &info);
  if (info.si_signo == SIGSEGV || info.si_signo == SIGBUS) outcome.signal = signal_of(info);
  FL_CHECK_MSG(outcome.signal || info.si_signo == SIGTRAP, "signal {}", info.si_signo);
  return outcome;
}

void Tracee::read_memory(uint64_t address, std::span<std::byte> out) const {
  if (out.empty()) return;
  // process_vm_readv() pins what it reads, and so copies what is shared since a fork; nor does it
  // read a mapping of PROT_WRITE alone.
  const std::string path = "/proc/" + std::to_string(pid_) + "/mem";
  const int memory = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) return;
  const ssize_t count = pread(memory, out.data(), out.size(), static_cast<off_t>(address));
  FL_CHECK_MSG(count == static_cast<ssize_t>(out.size()), "{} bytes at {:x}", count, address);
  close(memory);
}

void Tracee::write_memory(uint64_t address, std::span<const std::byte> bytes) const {
  const iovec local{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const iovec remote{reinterpret_cast<void*>(address), bytes.size()};
  if (!bytes.empty()) process_vm_writev(pid_, &local, 1, &remote, 1, 0);
}

}  // namespace faultline::host
