// execve(2). QEMU would run the new program natively, unseen; so before it makes the call, QEMU is
// replaced by another QEMU with the same plugin that runs it.
//
// Where the kernel would refuse the call, or the program cannot be followed, the call is left to
// QEMU, which makes it as ever.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/record/plugin/guest_memory.h"
#include "sim/record/plugin/plugin.h"
#include "sim/record/program_file.h"

namespace faultline::record {
namespace {

constexpr char kThisQemu[] = "/proc/self/exe";
constexpr uint64_t kPointersMax = 1 << 20;

// The strings of a null-terminated array of the program's, with room for `extra` more in front.
class Strings {
 public:
  Strings(uint64_t array, size_t extra) : extra_(extra) {
    uint64_t string = 0;
    while (array != 0 && count_ < kPointersMax &&
           read_guest(array + count_ * sizeof string, &string) && string != 0) {
      ++count_;
    }
    items_ = static_cast<const char**>(calloc(extra + count_ + 1, sizeof(char*)));
    if (items_ != nullptr && count_ > 0) read_guest(array, items_ + extra, count_);
  }
  ~Strings() { free(items_); }
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;

  bool ok() const { return items_ != nullptr; }
  size_t count() const { return count_; }
  const char*& operator[](size_t index) { return items_[extra_ + index]; }
  // The array with what was put in front.
  const char** from_front(size_t used) { return items_ + extra_ - used; }

 private:
  size_t extra_;
  size_t count_ = 0;
  const char** items_ = nullptr;
};

// What the dynamic linker would heed in QEMU itself, and is meant for the program.
bool is_for_linker(const char* variable) {
  char head[3];
  return read_guest(reinterpret_cast<uint64_t>(variable), head, 3) &&
         std::memcmp(head, "LD_", 3) == 0 && std::strchr(variable, ',') == nullptr;
}

}  // namespace

void Plugin::follow(const ThreadEvents& thread, const char* path, uint64_t argv,
                    uint64_t environment) {
  char first;
  if (!read_guest(reinterpret_cast<uint64_t>(path), &first)) return;
  ProgramChain chain;
  resolve_program(path, chain);
  if (chain.end == ProgramKind::kNone || chain.end == ProgramKind::kScript) return;
  const auto not_followed = [&] {
    write(MessageKind::kNotFollowed, thread.tid, {path, strnlen(path, kPayloadBytesMax)});
  };
  Strings variables(environment, 0);
  // In front: QEMU with its options, -E for each variable, and two words for each script.
  const size_t front = 16 + 2 * variables.count() + 2 * kScriptDepthMax;
  Strings words(argv, front);
  if (chain.end == ProgramKind::kForeign || !variables.ok() || !words.ok()) return not_followed();

  // Filled from the back: the arguments are there already, the first of them aside.
  const char* argument0 = words.count() > 0 ? words[0] : "";
  size_t used = 0;
  const auto put = [&](const char* word) { *(words.from_front(++used)) = word; };
  if (words.count() > 0)
    words[0] = path;
  else
    put(path);
  for (int i = 0; i < chain.depth; ++i) {
    const ProgramFile& script = chain.scripts[i];
    if (script.argument[0] != '\0') put(script.argument);
    put(script.interpreter);
    argument0 = script.interpreter;
  }
  put(argument0);
  put("-0");
  size_t kept = 0;
  for (size_t i = 0; i < variables.count(); ++i) {
    if (!is_for_linker(variables[i])) {
      variables[kept++] = variables[i];
      continue;
    }
    put(variables[i]);
    put("-E");
  }
  variables[kept] = nullptr;
  const int copy = file_.make_copy();
  if (copy < 0) return not_followed();
  char option[256];
  snprintf(option, sizeof option, "/proc/self/fd/%d,plugin=/proc/self/fd/%d,pipe=%s,fd=%d,fetch=%s",
           copy, copy, channel_.path(), channel_.fd(), options_.block_fetches ? "block" : "insn");
  put(option);
  put("-plugin");
  put(kThisQemu);

  channel_.set_inherited(true);
  execve(kThisQemu, const_cast<char**>(words.from_front(used)),
         const_cast<char**>(variables.from_front(0)));
  channel_.set_inherited(false);
  close(copy);
  // Too long for the kernel with our words in front, perhaps.
  not_followed();
}

// The path is relative to a descriptor, or the descriptor itself.
void Plugin::follow_at(const ThreadEvents& thread) {
  const uint64_t(&arguments)[6] = thread.arguments;
  const char* const name = reinterpret_cast<const char*>(arguments[1]);
  char first;
  if (!read_guest(arguments[1], &first)) return;
  if (first == '/' || int(arguments[0]) == AT_FDCWD)
    return follow(thread, name, arguments[2], arguments[3]);
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", int(arguments[0]));
  char path[4096] = {};
  const ssize_t bytes = readlink(link, path, sizeof path - 1);
  if (bytes <= 0) return;
  if (first != '\0') {
    const size_t room = sizeof path - size_t(bytes);
    if (snprintf(path + bytes, room, "/%s", name) >= int(room)) return;
  }
  follow(thread, path, arguments[2], arguments[3]);
}

}  // namespace faultline::record
