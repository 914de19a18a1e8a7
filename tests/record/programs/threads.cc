// Four threads that map, fill and unmap memory side by side, so that one is given the addresses
// that another has just given back.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 50;
constexpr size_t kBytes = 64 << 10;

void touch(void* memory, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 512) static_cast<volatile char*>(memory)[at] = 1;
}

void work() {
  for (int i = 0; i < kRounds; ++i) {
    void* const mapped =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    touch(mapped, kBytes);
    munmap(mapped, kBytes);
    void* const allocated = std::malloc(4 * kBytes);
    touch(allocated, 4 * kBytes);
    std::free(allocated);
  }
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return 0;
}
