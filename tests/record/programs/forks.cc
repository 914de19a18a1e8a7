// Forks; the child writes to memory that both have, and executes the program argv[1] with the rest
// of the arguments; the parent waits, and ends with the child's status.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 2) return 99;
  volatile char* const memory = static_cast<volatile char*>(std::malloc(100000));
  for (int i = 0; i < 100000; i += 1000) memory[i] = 1;
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 100000; i += 1000) memory[i] = 2;
    // What programs do that start others: it closes the recorder's descriptors too.
    for (int fd = 3; fd < 2048; ++fd) close(fd);
    execv(argv[1], argv + 1);
    _exit(98);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}
