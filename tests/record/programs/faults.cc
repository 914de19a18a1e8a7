// Loads from a page that it may not read, in the middle of a row of instructions; its handler of
// SIGSEGV allows it, and the load is made again. Says where the load and the instructions behind it
// lie, and how many rounds it made.
#include <sys/mman.h>

#include <csignal>
#include <cstdio>

extern "C" {
void row_of_instructions(const void* address);
extern const char row_load[], row_end[];
}

// One block for QEMU: nothing in it jumps.
asm(R"(
  .text
  .globl row_of_instructions
row_of_instructions:
  nop
  nop
  .globl row_load
row_load:
  movl (%rdi), %eax
  nop
  nop
  nop
  nop
  .globl row_end
row_end:
  ret
)");

namespace {

constexpr int kRounds = 5;
void* page;

void allow(int) { mprotect(page, 4096, PROT_READ); }

}  // namespace

int main() {
  page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::signal(SIGSEGV, allow);
  for (int i = 0; i < kRounds; ++i) {
    mprotect(page, 4096, PROT_NONE);
    row_of_instructions(page);
  }
  std::printf("%p %p %p %d\n", static_cast<const void*>(row_load),
              static_cast<const void*>(row_end), page, kRounds);
  return 0;
}
