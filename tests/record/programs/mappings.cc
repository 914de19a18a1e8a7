// Maps, splits, moves, shrinks and reads files into memory: a walk through the mapping calls.
// argv[1] is a file of two pages or more.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>

namespace {

constexpr size_t kPage = 4096;

char* map(size_t pages, int fd = -1) {
  const int flags = MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);
  void* const at = mmap(nullptr, pages * kPage, PROT_READ | PROT_WRITE, flags, fd, 0);
  return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
}

void store(char* at) { *static_cast<volatile char*>(at) = 1; }

// Returns how many of its steps failed.
int walk(const char* file) {
  int failed = 0;
  const int fd = open(file, O_RDONLY);
  char* const mapped_file = map(2, fd);
  store(mapped_file + kPage);
  char* const memory = map(16);
  for (size_t i = 0; i < 16; ++i) store(memory + i * kPage);
  failed += munmap(memory + 4 * kPage, kPage) != 0;
  failed += mprotect(memory + 8 * kPage, 2 * kPage, PROT_READ) != 0;
  failed += madvise(memory, 4 * kPage, MADV_DONTNEED) != 0;
  store(memory);
  char* const moved =
      static_cast<char*>(mremap(memory + 10 * kPage, 6 * kPage, 64 * kPage, MREMAP_MAYMOVE));
  failed += moved == MAP_FAILED;
  store(moved + 63 * kPage);
  failed += read(fd, moved + 100, 2 * kPage) != ssize_t(2 * kPage);
  iovec pieces[2] = {{memory, 10}, {memory + kPage, 20}};
  failed += preadv(fd, pieces, 2, 0) != 30;
  failed += msync(mapped_file, kPage, MS_SYNC) != 0;
  char* const top = static_cast<char*>(sbrk(5 * kPage));
  store(top + 5 * kPage - 1);
  failed += sbrk(-5 * ptrdiff_t(kPage)) == reinterpret_cast<void*>(-1);
  const int segment = shmget(IPC_PRIVATE, 3 * kPage, 0600);
  void* const attached = shmat(segment, nullptr, 0);
  shmctl(segment, IPC_RMID, nullptr);
  if (attached != reinterpret_cast<void*>(-1)) {
    store(static_cast<char*>(attached) + 2 * kPage);
    failed += shmdt(attached) != 0;
  }
  return failed;
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? walk(argv[1]) : 99; }
