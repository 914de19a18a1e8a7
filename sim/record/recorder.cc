#include "sim/record/recorder.h"

#include "sim/record/child.h"
#include "sim/record/lackey_recorder.h"
#include "sim/record/qemu_recorder.h"

namespace faultline::record {

Result<Backend, InputError> choose_backend(Backend asked) {
  const bool has_qemu = !find_program(kQemuProgram).empty();
  const bool has_lackey = !find_program(kValgrindProgram).empty();
  if (asked != Backend::kLackey && has_qemu) return Backend::kQemu;
  if (asked != Backend::kQemu && has_lackey) return Backend::kLackey;
  switch (asked) {
    case Backend::kQemu:
      return InputError{.message =
                            "--backend qemu needs the program qemu-x86_64, which is not in PATH: "
                            "install Debian's package qemu-user"};
    case Backend::kLackey:
      return InputError{.message =
                            "--backend lackey needs the program valgrind, which is not in PATH: "
                            "install Debian's package valgrind"};
    default:
      return InputError{.message =
                            "recording needs the program qemu-x86_64 or valgrind, and neither is "
                            "in PATH: install Debian's package qemu-user, or valgrind"};
  }
}

const char* backend_name(Backend backend) {
  return backend == Backend::kQemu ? "qemu" : backend == Backend::kLackey ? "lackey" : "auto";
}

Result<Recording, InputError> record(const RecordRequest& request, TraceSink& sink) {
  auto backend = choose_backend(request.backend);
  if (!backend) return backend.error();
  return *backend == Backend::kQemu ? record_by_qemu(request, sink)
                                    : record_by_lackey(request, sink);
}

}  // namespace faultline::record
