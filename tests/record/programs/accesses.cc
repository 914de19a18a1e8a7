// Makes a known number of accesses to a page of its own, and says where that lies.
#include <cstdio>

namespace {

constexpr int kLoads = 12345;
constexpr int kStores = 777;
constexpr int kModifies = 100;

alignas(4096) volatile unsigned char page[4096];

}  // namespace

int main() {
  std::printf("%p\n", static_cast<const void*>(const_cast<const unsigned char*>(page)));
  for (int i = 0; i < kLoads; ++i) asm volatile("movzbl %0, %%eax" ::"m"(page[i % 4096]) : "eax");
  for (int i = 0; i < kStores; ++i) asm volatile("movb $1, %0" : "=m"(page[i]));
  for (int i = 0; i < kModifies; ++i) asm volatile("incb %0" : "+m"(page[i]));
  return 7;
}
