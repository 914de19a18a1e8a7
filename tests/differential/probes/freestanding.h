// System calls, text and numbers for a program without a C library; calls.c alone includes it.
#pragma once

#include <asm/unistd.h>
#include <stdint.h>

#define PAGE 4096ul

static uint64_t g_memory_pages;

static long call6(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#define CALL(n, a, b, c) call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

void *memset(void *to, int byte, unsigned long size) {
  for (unsigned long i = 0; i < size; ++i) ((char *)to)[i] = (char)byte;
  return to;
}
void *memcpy(void *to, const void *from, unsigned long size) {
  for (unsigned long i = 0; i < size; ++i) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

// ---- Text

static char g_out[65536];
static unsigned long g_out_size;
static void flush(void) {
  for (unsigned long done = 0; done < g_out_size;)
    done += (unsigned long)CALL(__NR_write, 1, g_out + done, g_out_size - done);
  g_out_size = 0;
}
static void put(char c) {
  if (g_out_size == sizeof g_out) flush();
  g_out[g_out_size++] = c;
}
static void put_text(const char *text) {
  while (*text) put(*text++);
}
static void put_number(uint64_t value, unsigned base) {
  char digits[24];
  int count = 0;
  do digits[count++] = "0123456789abcdef"[value % base];
  while (value /= base);
  while (count > 0) put(digits[--count]);
}
static void put_signed(int64_t value) {
  if (value < 0) put('-');
  put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}
static int same(const char *a, const char *b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}
static int starts(const char *text, const char *with) {
  while (*with)
    if (*text++ != *with++) return 0;
  return 1;
}
static uint64_t number(const char *text) {
  uint64_t value = 0, base = 10;
  int negative = *text == '-' && text[1];
  if (negative) ++text;
  if (text[0] == '0' && text[1] == 'x') base = 16, text += 2;
  for (;; ++text) {
    char c = *text;
    uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
                                            : 99;
    if (digit >= base) break;
    value = value * base + digit;
  }
  if (*text == 'T') value *= g_memory_pages * PAGE;  // total memory
  value <<= *text == 'K' ? 10 : *text == 'M' ? 20 : *text == 'G' ? 30 : 0;
  while (*text && *text != '+' && *text != ' ') ++text;
  if (*text == '+') value += number(text + 1);
  return negative ? -value : value;
}
static void put_result(long result, int is_address) {
  static const struct {
    long number;
    const char *name;
  } kErrors[] = {{1, "EPERM"},   {9, "EBADF"},   {11, "EAGAIN"},    {12, "ENOMEM"},
                 {13, "EACCES"}, {14, "EFAULT"}, {16, "EBUSY"},     {17, "EEXIST"},
                 {19, "ENODEV"}, {22, "EINVAL"}, {75, "EOVERFLOW"}, {95, "EOPNOTSUPP"}};
  if (result < 0 && result > -4096) {
    for (unsigned i = 0; i < sizeof kErrors / sizeof *kErrors; ++i)
      if (kErrors[i].number == -result) return put_text(kErrors[i].name);
    put_text("errno ");
    return put_number((uint64_t)-result, 10);
  }
  if (is_address) put_text("0x");
  put_number((uint64_t)result, is_address ? 16 : 10);
}
