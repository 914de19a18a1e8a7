#include "sim/replay/beside.h"

#include <exception>
#include <memory>
#include <system_error>
#include <thread>

#include "sim/replay/shared_trace.h"

namespace faultline::replay {

bool read_beside(TraceReader& reader, const BesideOptions& options,
                 const std::function<void(TraceReader&)>& use) {
  // Two threads are enough: one more costs them more than it takes off them.
  if (reader.has_thread()) {
    use(reader);
    return false;
  }
  const bool holds_runs = reader.page_runs() != nullptr;
  SharedTrace trace(reader, {.forms = {.accesses = !holds_runs,
                                       .runs = holds_runs,
                                       .numbers = holds_runs && options.numbers},
                             .jobs = 2,
                             .accesses_max = options.accesses_max,
                             .interrupted = options.interrupted});
  std::unique_ptr<SharedReader> pieces = trace.make_reader();
  std::exception_ptr failure;
  std::thread thread;
  try {
    thread = std::thread([&] {
      try {
        use(*pieces);
      } catch (...) {
        failure = std::current_exception();
      }
      // Whatever happened, the trace must not be kept for it.
      pieces.reset();
    });
  } catch (const std::system_error&) {
    // Nothing was read yet.
    use(reader);
    return false;
  }
  trace.read();
  thread.join();
  if (failure) std::rethrow_exception(failure);
  if (trace.failure()) std::rethrow_exception(trace.failure());
  return trace.interrupted();
}

}  // namespace faultline::replay
