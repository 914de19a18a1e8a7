#include "tests/differential/probes/tracee.h"

#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "sim/base/check.h"

namespace faultline::probes {
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
};

uint64_t address_of(Routine routine) {
  return Tracee::kText + kCodeOffset + kRoutineBytes * static_cast<uint64_t>(routine);
}

// An ELF file of one page of code and one segment of zeros, whose end is where the break starts.
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
  header.e_phnum = 2;
  Elf64_Phdr segments[2]{};
  segments[0] = {PT_LOAD, PF_R | PF_X, 0, Tracee::kText, Tracee::kText, 4096, 4096, 4096};
  segments[1] = {PT_LOAD, PF_R | PF_W,           0,   Tracee::kScratch, Tracee::kScratch,
                 0,       Tracee::kScratchBytes, 4096};
  std::vector<char> file(4096);
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, segments, sizeof segments);
  std::memcpy(file.data() + kCodeOffset, kCode, sizeof kCode);
  return file;
}

[[noreturn]] void become_tracee(int program) {
  personality(ADDR_NO_RANDOMIZE);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  // An ordinary user; a tracer of root may go on tracing.
  if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
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

Tracee::Tracee() {
  const int program = memfd_create("scenario", MFD_CLOEXEC);
  const std::vector<char> file = tracee_program();
  FL_CHECK(write(program, file.data(), file.size()) == static_cast<ssize_t>(file.size()));
  fchmod(program, 0755);
  pid_ = fork();
  FL_CHECK(pid_ >= 0);
  if (pid_ == 0) become_tracee(program);
  close(program);
  int status = 0;
  waitpid(pid_, &status, 0);
  FL_CHECK_MSG(WIFSTOPPED(status), "the tracee did not start; this program must run as root");
  ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL);
  ptrace(PTRACE_GETREGS, pid_, nullptr, &start_);
  unmap_vdso();
  // Every page that we use ourselves is there before the first statement.
  run(Routine::kStore, kScratch, kScratchBytes, kScratch);
  run(Routine::kStore, start_.rsp - 256, 256, kScratch);
}

Tracee::~Tracee() {
  if (alive_) kill(pid_, SIGKILL);
  if (alive_) waitpid(pid_, nullptr, 0);
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

int64_t Tracee::system_call(long number, std::array<uint64_t, 6> arguments) {
  user_regs_struct registers = start_;
  registers.rip = address_of(Routine::kSystemCall);
  registers.rax = static_cast<uint64_t>(number);
  registers.orig_rax = ~0ULL;  // not within a system call: nothing to restart
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
  ptrace(PTRACE_SETREGS, pid_, nullptr, &registers);
  ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
  int status = 0;
  waitpid(pid_, &status, 0);
  if (!WIFSTOPPED(status)) {
    alive_ = false;
    return 0;
  }
  ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
  return static_cast<int64_t>(registers.rax);
}

Outcome Tracee::run(Routine routine, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
  Outcome outcome{.registers = start_};
  user_regs_struct& registers = outcome.registers;
  registers.rip = address_of(routine);
  registers.orig_rax = ~0ULL;
  registers.rdi = rdi;
  registers.rsi = rsi;
  registers.rdx = rdx;
  ptrace(PTRACE_SETREGS, pid_, nullptr, &registers);
  ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
  int status = 0;
  waitpid(pid_, &status, 0);
  FL_CHECK_MSG(WIFSTOPPED(status), "the tracee died");
  siginfo_t info{};
  ptrace(PTRACE_GETSIGINFO, pid_, nullptr, &info);
  ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
  if (info.si_signo == SIGSEGV || info.si_signo == SIGBUS) outcome.signal = signal_of(info);
  FL_CHECK_MSG(outcome.signal || info.si_signo == SIGTRAP, "signal {}", info.si_signo);
  return outcome;
}

void Tracee::read_memory(uint64_t address, std::span<std::byte> out) const {
  const iovec local{out.data(), out.size()};
  const iovec remote{reinterpret_cast<void*>(address), out.size()};
  if (!out.empty()) process_vm_readv(pid_, &local, 1, &remote, 1, 0);
}

void Tracee::write_memory(uint64_t address, std::span<const std::byte> bytes) const {
  const iovec local{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const iovec remote{reinterpret_cast<void*>(address), bytes.size()};
  if (!bytes.empty()) process_vm_writev(pid_, &local, 1, &remote, 1, 0);
}

}  // namespace faultline::probes
