// Stores to a page of its own, says where that lies, stores once more, and dies of SIGSEGV.
#include <unistd.h>

#include <cstdio>

namespace {

constexpr int kStores = 41;

alignas(4096) volatile char page[4096];

}  // namespace

int main() {
  for (int i = 0; i < kStores; ++i) page[i] = 1;
  std::printf("%p\n", static_cast<const void*>(const_cast<const char*>(page)));
  std::fflush(stdout);
  page[kStores] = 1;
  *reinterpret_cast<volatile char*>(page[0]) = 1;  // address 1
  return 0;
}
