// Prints what the running kernel's /proc/self/smaps says of a spread of mappings, each block under
// its case's name, without addresses, device and inode. tests/proc:smaps_test makes the same
// mappings in the simulator; tests/golden/smaps.txt is the output. Makes a file in /var/tmp, which
// should be on ext4, and removes it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#define P 4096
#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define DROPPABLE (8 | MAP_ANONYMOUS)

static char text[1 << 20];
static volatile char sink;

static char* map(int pages, int prot, int flags, int fd) {
  return mmap(NULL, (size_t)pages * P, prot, flags, fd, 0);
}

static void load(char* at) { sink = *at; }
static void store(char* at) { *(volatile char*)at = 1; }

// The block of the mapping that starts at `at`.
static void show(const char* name, char* at) {
  int fd = open("/proc/self/smaps", O_RDONLY);
  ssize_t length = 0, got;
  while ((got = read(fd, text + length, sizeof text - 1 - (size_t)length)) > 0) length += got;
  close(fd);
  text[length] = 0;
  char key[32];
  snprintf(key, sizeof key, "%lx-", (unsigned long)at);
  char* line = strstr(text, key);
  char permissions[5], path[256] = "";
  unsigned long offset;
  char* end = strchr(line, '\n');
  *end = 0;
  sscanf(line, "%*s %4s %lx %*s %*s %255[^\n]", permissions, &offset, path);
  char* base = strrchr(path, '/');
  printf("case %s\n%s %08lx %s\n", name, permissions, offset, base ? base + 1 : path);
  for (line = end + 1; strncmp(line, "VmFlags", 7); line = end + 1) {
    end = strchr(line, '\n');
    *end = 0;
    puts(line);
  }
  *strchr(line, '\n') = 0;
  puts(line);
}

static void anonymous(void) {
  char* p = map(64, RW, PRIVATE, -1);
  store(p), store(p + P), load(p + 2 * P);
  show("anonymous memory, two pages stored to, one read", p);
  mprotect(p, 64 * P, PROT_NONE);
  show("the same without rights", p);
  show("locked", map(16, RW, PRIVATE | MAP_LOCKED, -1));
  p = map(8, RW, PRIVATE | MAP_NORESERVE, -1);
  load(p);
  show("not reserved, read", p);
  p = map(8, RW, PRIVATE | MAP_GROWSDOWN, -1);
  store(p + 4 * P);
  show("growing down", p);
  show("for a stack", map(8, RW, PRIVATE | MAP_STACK, -1));
  show("executable", map(8, PROT_READ | PROT_EXEC, PRIVATE, -1));
  p = map(8, RW, DROPPABLE, -1);
  store(p), load(p + P);
  show("droppable", p);
  show("huge pages that there are not", map(512, RW, PRIVATE | MAP_HUGETLB | MAP_NORESERVE, -1));
  p = map(8, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
  load(p), store(p + P);
  show("shared anonymous memory, a page read, one stored to", p);
}

static void tmpfs(void) {
  int fd = memfd_create("memfd", 0);
  ftruncate(fd, 8 * P);
  char* p = map(8, RW, MAP_SHARED, fd);
  load(p);
  show("a hole of a memfd, read", p);
  store(p), store(p + P);
  pwrite(fd, "x", 1, 2 * P);
  load(p + 2 * P);
  show("then stored to, the next too, a third one by pwrite", p);
  char* q = map(8, PROT_READ, MAP_SHARED, fd);
  load(q);
  show("another mapping that only reads", q);
  show("the first one meanwhile", p);
  munmap(p, 8 * P);
  show("the other one when the first is gone", q);
  p = map(8, RW, MAP_PRIVATE, fd);
  load(p), store(p + P);
  show("a private one, a page read, one copied", p);
}

static void disk(void) {
  char name[] = "/var/tmp/file";
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  char page[P];
  memset(page, 7, sizeof page);
  for (int i = 0; i < 32; ++i) write(fd, page, sizeof page);
  char* p = map(32, RW, MAP_SHARED, fd);
  load(p);
  show("a file just written, read", p);
  fsync(fd);
  show("after fsync", p);
  store(p);
  show("a page stored to", p);
  char* q = map(32, RW, MAP_PRIVATE, fd);
  load(q), store(q + P);
  show("a private mapping of the file, a page copied", q);
  show("the shared one meanwhile", p);
  show("all pages mapped at once", map(32, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd));
  show("all pages locked", map(3, PROT_READ, MAP_SHARED | MAP_LOCKED, fd));
  unlink(name);
}

int main(int argc, char** argv) {
  (void)argc;
  if (getenv("FIXED") == NULL) {
    personality(ADDR_NO_RANDOMIZE);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    setenv("FIXED", "1", 1);
    execv("/proc/self/exe", argv);
  }
  struct utsname kernel;
  uname(&kernel);
  kernel.release[strcspn(kernel.release, "-+")] = 0;
  printf("Linux %s\n", kernel.release);
  anonymous();
  tmpfs();
  disk();
  return 0;
}
