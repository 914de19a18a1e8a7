// Asks the running kernel: executes memory calls, one a line, and prints each with its answer.
//
//     sudo calls <FILE.cases >tests/golden/FILE.txt
//
// Every case ("case NAME" begins one) runs in a fresh process as scenario.md says a scenario starts
// in: no ASLR, no vdso, a break at 0x600000, an ordinary user, huge pages off. This program is
// freestanding, because a C library would make mappings of its own; it lies below the break, keeps
// its stack in its .bss, and leaves itself out of what it prints. tests/mm/kernel_cases.h says what
// the lines mean.
// Build: gcc -O1 -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie
//   -Wl,-z,noseparate-code -T calls.ld -o calls calls.c, as one line.
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "freestanding.h"

#define START_BRK 0x600000ul

static char g_input[2 << 20];
static char g_smaps[1 << 20] __attribute__((aligned(4096)));
static char g_signal_stack[65536];
char g_stack[262144] __attribute__((aligned(16)));
static int g_files[8];
static const char *const kFileNames[] = {"disk", "disk2", "ro", "wo", "dir", "memfd", 0};

// ---- Accesses

static volatile int g_fault_code;
extern char g_recover[];
struct Context {
  uint64_t flags, link, stack[3], regs[16], rip;
};
static void on_fault(int signal, int *info, struct Context *context) {
  g_fault_code = signal * 1000 + info[2];
  context->rip = (uint64_t)g_recover;
}
__asm__(".text\nrestore: mov $15, %eax\n syscall\n");
extern char restore[];
static void catch_faults(void) {
  struct {
    void *handler;
    uint64_t flags;
    void *restorer;
    uint64_t mask;
  } action = {(void *)on_fault, 0x4 | 0x04000000 | 0x08000000 | 0x40000000, restore, 0};
  struct {
    void *base;
    int flags;
    uint64_t size;
  } stack = {g_signal_stack, 0, sizeof g_signal_stack};
  CALL(__NR_sigaltstack, &stack, 0, 0);
  call6(__NR_rt_sigaction, 11, (long)&action, 0, 8, 0, 0);
  call6(__NR_rt_sigaction, 7, (long)&action, 0, 8, 0, 0);
}
static __attribute__((noinline)) void touch(uint64_t address, int store) {
  g_fault_code = 0;
  if (store) {
    __asm__ volatile("movb $1, (%0)\n.globl g_recover\ng_recover:\n" : : "r"(address) : "memory");
  } else {
    __asm__ volatile("movb (%0), %%al\njmp g_recover\n" : : "r"(address) : "rax", "memory");
  }
  put_text(g_fault_code == 0       ? "ok"
           : g_fault_code == 11001 ? "SEGV_MAPERR"
           : g_fault_code == 11002 ? "SEGV_ACCERR"
           : g_fault_code == 7002  ? "BUS_ADRERR"
                                   : "SIGSEGV");
}

// ---- /proc

static void read_file(const char *path, char *to, unsigned long size) {
  long fd = CALL(__NR_open, path, O_RDONLY, 0);
  unsigned long done = 0;
  for (long got; (got = CALL(__NR_read, fd, to + done, size - 1 - done)) > 0;)
    done += (unsigned long)got;
  to[done] = 0;
  CALL(__NR_close, fd, 0, 0);
}
static const char *next_line(const char *line) {
  while (*line && *line != '\n') ++line;
  return *line ? line + 1 : line;
}
static uint64_t hex(const char **text) {
  uint64_t value = 0;
  for (;; ++*text) {
    char c = **text;
    if (c >= '0' && c <= '9')
      value = value * 16 + (uint64_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      value = value * 16 + (uint64_t)(c - 'a' + 10);
    else
      return value;
  }
}
static uint64_t map_count(void) {
  uint64_t count = 0;
  long fd = CALL(__NR_open, "/proc/self/maps", O_RDONLY, 0);
  for (long got; (got = CALL(__NR_read, fd, g_smaps, sizeof g_smaps)) > 0;)
    for (long i = 0; i < got; ++i) count += g_smaps[i] == '\n';
  CALL(__NR_close, fd, 0, 0);
  return count - 1;  // [vsyscall]
}
static uint64_t read_kb(const char *path, const char *key) {
  read_file(path, g_smaps, sizeof g_smaps);
  for (const char *line = g_smaps; *line; line = next_line(line)) {
    if (!starts(line, key)) continue;
    while (*line < '0' || *line > '9') ++line;
    return number(line);
  }
  return 0;
}
// What the case has added to the counters of /proc/self/status, in pages.
static void put_counters(void) {
  static const char *const kKeys[] = {"VmSize:", "VmLck:", "VmData:", "VmStk:", "RssAnon:"};
  static uint64_t before[5];
  static int known;
  for (int i = 0; i < 5; ++i) {
    const uint64_t now = read_kb("/proc/self/status", kKeys[i]) * 1024 / PAGE;
    if (!known) {
      before[i] = now;
      continue;
    }
    if (i) put(' ');
    put_signed((int64_t)(now - before[i]));
  }
  known = 1;
}
static void put_maps(void) {
  int shown = 0, count = 0;
  read_file("/proc/self/smaps", g_smaps, sizeof g_smaps);
  for (const char *line = g_smaps; *line; line = next_line(line)) {
    const char *at = line;
    if (starts(line, "VmFlags:") && shown) {
      put_text(" {");
      int first = 1;
      for (at = line + 9; *at != '\n'; at += at[0] == ' ' ? 1 : 2) {
        if (*at == ' ' || starts(at, "sd")) continue;
        if (!first) put(' ');
        first = 0;
        put(at[0]);
        put(at[1]);
      }
      put('}');
    }
    if (*at >= 'A' && *at <= 'Z') continue;
    uint64_t start = hex(&at);
    shown = start >= START_BRK && start < 1ul << 63;
    if (!shown) continue;
    if (count++) put_text("; ");
    for (int column = 0; column < 3; ++column) {  // range, permissions, offset
      const char *from = line;
      for (int skip = column; skip > 0; ++from)
        if (*from == ' ') --skip;
      if (column) put(' ');
      while (*from != ' ') put(*from++);
    }
    const char *end = line, *name = line;
    while (*end != '\n') ++end;
    int columns = 0;
    for (const char *p = line; p < end && columns < 5; ++p)
      if (*p == ' ') ++columns, name = p + 1;
    for (const char *p = name; p < end; ++p)
      if (*p == '/') name = p + 1;
    while (name < end && *name == ' ') ++name;
    if (name < end) put(' ');
    while (name < end) put(*name++);
  }
}

// ---- Calls

static char *g_words[8];
static int split(char *line) {
  int count = 0;
  while (*line && count < 8) {
    g_words[count++] = line;
    while (*line && *line != ' ') ++line;
    while (*line == ' ') *line++ = 0;
  }
  return count;
}
static uint64_t argument(int index) { return number(g_words[index]); }
static long file_of(const char *name) {
  for (int i = 0; kFileNames[i]; ++i)
    if (same(name, kFileNames[i])) return g_files[i];
  return -1;
}
static void set_limit(const char *what, const char *value) {
  int resource = same(what, "as")      ? RLIMIT_AS
                 : same(what, "data")  ? RLIMIT_DATA
                 : same(what, "stack") ? RLIMIT_STACK
                                       : RLIMIT_MEMLOCK;
  uint64_t limit = number(value[0] == '+' ? value + 1 : value);
  if (value[0] == '+')  // pages more than there are
    limit = limit * PAGE +
            read_kb("/proc/self/status", resource == RLIMIT_AS ? "VmSize" : "VmData") * 1024;
  uint64_t limits[2];
  call6(__NR_prlimit64, 0, resource, 0, (long)limits, 0, 0);
  limits[0] = limit;  // an ordinary user may not raise the hard one
  call6(__NR_prlimit64, 0, resource, (long)limits, 0, 0, 0);
}
// Makes one-page mappings that do not merge until there are `wanted` VMAs.
static void fill(uint64_t wanted, uint64_t address) {
  for (uint64_t i = 0, count = map_count(); count < wanted; ++i, ++count)
    call6(__NR_mmap, (long)(address + i * PAGE), PAGE, i % 2 ? PROT_READ : PROT_NONE,
          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
static void execute(char *line) {
  put_text(line);
  put_text(" = ");
  split(line);
  const char *verb = g_words[0];
  if (same(verb, "mmap"))
    put_result(call6(__NR_mmap, (long)argument(1), (long)argument(2), (long)argument(3),
                     (long)argument(4), file_of(g_words[5]), (long)argument(6)),
               1);
  else if (same(verb, "munmap"))
    put_result(CALL(__NR_munmap, argument(1), argument(2), 0), 0);
  else if (same(verb, "mprotect"))
    put_result(CALL(__NR_mprotect, argument(1), argument(2), argument(3)), 0);
  else if (same(verb, "msync"))
    put_result(CALL(__NR_msync, argument(1), argument(2), argument(3)), 0);
  else if (same(verb, "mremap"))
    put_result(call6(__NR_mremap, (long)argument(1), (long)argument(2), (long)argument(3),
                     (long)argument(4), (long)argument(5), 0),
               1);
  else if (same(verb, "remap_file_pages"))
    put_result(call6(__NR_remap_file_pages, (long)argument(1), (long)argument(2), (long)argument(3),
                     (long)argument(4), (long)argument(5), 0),
               0);
  else if (same(verb, "mseal"))
    put_result(CALL(462, argument(1), argument(2), argument(3)), 0);
  else if (same(verb, "counters"))
    put_counters();
  else if (same(verb, "brk"))
    put_result(CALL(__NR_brk, argument(1), 0, 0), 1);
  else if (same(verb, "mlock"))
    put_result(CALL(__NR_mlock, argument(1), argument(2), 0), 0);
  else if (same(verb, "mlock2"))
    put_result(CALL(__NR_mlock2, argument(1), argument(2), argument(3)), 0);
  else if (same(verb, "munlock"))
    put_result(CALL(__NR_munlock, argument(1), argument(2), 0), 0);
  else if (same(verb, "mlockall"))
    put_result(CALL(__NR_mlockall, argument(1), 0, 0), 0);
  else if (same(verb, "munlockall"))
    put_result(CALL(__NR_munlockall, 0, 0, 0), 0);
  else if (same(verb, "locked"))
    put_number(read_kb("/proc/self/status", "VmLck:") * 1024 / PAGE, 10);
  else if (same(verb, "mdwe"))
    put_result(call6(__NR_prctl, 65, 1, 0, 0, 0, 0), 0);
  else if (same(verb, "persona"))
    CALL(__NR_personality, argument(1), 0, 0), put('0');
  else if (same(verb, "load") || same(verb, "store"))
    touch(argument(1), verb[0] == 's');
  else if (same(verb, "rlimit"))
    set_limit(g_words[1], g_words[2]), put('0');
  else if (same(verb, "fill"))
    fill(argument(1), argument(2)), put('0');
  else if (same(verb, "maps"))
    put_maps();
  else
    put_text("unknown");
  put('\n');
}

// ---- Processes

static void open_files(void) {
  const char *path = "/var/tmp/faultline-probe-disk";
  static const int kModes[] = {O_RDWR, O_RDWR, O_RDONLY, O_WRONLY};
  long made = CALL(__NR_open, path, O_RDWR | O_CREAT, 0666);
  CALL(__NR_ftruncate, made, 64 * PAGE, 0);
  CALL(__NR_close, made, 0, 0);
  for (int i = 0; i < 4; ++i) g_files[i] = (int)CALL(__NR_open, path, kModes[i], 0);
  g_files[4] = (int)CALL(__NR_open, "/var/tmp", O_RDONLY | O_DIRECTORY, 0);
  g_files[5] = (int)CALL(__NR_memfd_create, "memfd", 0, 0);
  CALL(__NR_ftruncate, g_files[5], 64 * PAGE, 0);
}
static void run_case(void) {
  unsigned long size = 0;
  for (long got; (got = CALL(__NR_read, 0, g_input + size, sizeof g_input - 1 - size)) > 0;)
    size += (unsigned long)got;
  g_memory_pages = read_kb("/proc/meminfo", "MemTotal") / 4;
  open_files();
  CALL(__NR_prctl, PR_SET_THP_DISABLE, 1, 0);
  read_file("/proc/self/maps", g_smaps, sizeof g_smaps);
  for (const char *line = g_smaps; *line; line = next_line(line)) {
    const char *at = line;
    uint64_t start = hex(&at);
    ++at;
    uint64_t end = hex(&at);
    if (start >= START_BRK && start < 0x7ffffffde000) CALL(__NR_munmap, start, end - start, 0);
  }
  CALL(__NR_setgid, 65534, 0, 0);
  CALL(__NR_setuid, 65534, 0, 0);
  catch_faults();
  // Every page of this program is there before the first count.
  for (uint64_t at = (uint64_t)g_stack & ~(PAGE - 1); at < START_BRK; at += PAGE)
    *(volatile char *)at = *(volatile char *)at;
  put_counters();
  for (char *line = g_input; *line;) {
    char *end = line;
    while (*end && *end != '\n') ++end;
    char *next = *end ? end + 1 : end;
    *end = 0;
    execute(line);
    line = next;
  }
  flush();
  CALL(__NR_exit_group, 0, 0, 0);
}
static void run_case_in_child(const char *text, unsigned long size) {
  static char *const kArguments[] = {"calls", "case", 0};
  int ends[2];
  CALL(__NR_pipe, ends, 0, 0);
  flush();
  long child = CALL(__NR_fork, 0, 0, 0);
  if (child == 0) {
    CALL(__NR_dup2, ends[0], 0, 0);
    CALL(__NR_close, ends[0], 0, 0);
    CALL(__NR_close, ends[1], 0, 0);
    CALL(__NR_personality, ADDR_NO_RANDOMIZE, 0, 0);
    CALL(__NR_execve, "/proc/self/exe", kArguments, 0);
    CALL(__NR_exit_group, 127, 0, 0);
  }
  CALL(__NR_close, ends[0], 0, 0);
  while (size > 0) {
    long wrote = CALL(__NR_write, ends[1], text, size);
    if (wrote <= 0) break;
    text += wrote, size -= (unsigned long)wrote;
  }
  CALL(__NR_close, ends[1], 0, 0);
  int status = 0;
  call6(__NR_wait4, child, (long)&status, 0, 0, 0, 0);
  if (status) put_text("the case died\n");
}
static void run_all(void) {
  static char release[6][65];
  unsigned long size = 0;
  CALL(__NR_uname, release, 0, 0);
  put_text("# Linux ");
  for (const char *p = release[2]; (*p >= '0' && *p <= '9') || *p == '.'; ++p) put(*p);
  put_text(", pages of memory: ");
  put_number(read_kb("/proc/meminfo", "MemTotal") / 4, 10);
  put('\n');
  for (long got; (got = CALL(__NR_read, 0, g_input + size, sizeof g_input - 1 - size)) > 0;)
    size += (unsigned long)got;
  for (const char *line = g_input; *line;) {
    const char *begin = next_line(line);
    if (!starts(line, "case ")) {
      line = begin;  // a comment or an empty line
      continue;
    }
    for (const char *p = line; p < begin; ++p) put(*p);
    const char *end = begin;
    while (*end && *end != '\n' && *end != '#' && !starts(end, "case ")) end = next_line(end);
    run_case_in_child(begin, (unsigned long)(end - begin));
    line = end;
  }
  flush();
  CALL(__NR_exit_group, 0, 0, 0);
}

__attribute__((used)) static void start(uint64_t argument_count) {
  if (argument_count > 1) run_case();
  run_all();
}
__asm__(
    ".globl _start\n_start:\n"
    "mov (%rsp), %rdi\n"
    "lea g_stack+262128(%rip), %rsp\n"
    "call start\n");
