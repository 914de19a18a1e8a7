#include "sim/replay/beside.h"

#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "sim/replay/shared_trace.h"

namespace faultline::replay {

bool read_beside(TraceReader& reader, const BesideOptions& options,
                 const std::function<void(TraceReader&, const CondensedSource*)>& use) {
  // Two threads are enough: one more costs them more than it takes off them.
  if (reader.has_thread()) {
    use(reader, nullptr);
    return false;
  }
  const bool holds_runs = reader.page_runs() != nullptr;
  const bool condenses = holds_runs && options.condensed;
  TraceForms forms{.accesses = !holds_runs,
                   .runs = holds_runs,
                   .numbers = holds_runs && options.numbers,
                   .by_number_below = holds_runs ? options.by_number_below : 0,
                   .when = TraceForms::When::kReadersAreBehind};
  if (condenses) forms.condensed.push_back(*options.condensed);
  SharedTrace trace(reader, {.forms = forms,
                             .jobs = 2,
                             .accesses_max = options.accesses_max,
                             .interrupted = options.interrupted});
  std::unique_ptr<SharedReader> pieces =
      trace.make_reader(condenses ? std::optional<size_t>(0) : std::nullopt);
  std::exception_ptr failure;
  std::thread thread;
  try {
    thread = std::thread([&] {
      try {
        use(*pieces, condenses ? pieces.get() : nullptr);
      } catch (...) {
        failure = std::current_exception();
      }
      // Whatever happened, the trace must not be kept for it.
      pieces.reset();
    });
  } catch (const std::system_error&) {
    // Nothing was read yet.
    use(reader, nullptr);
    return false;
  }
  trace.read();
  thread.join();
  if (failure) std::rethrow_exception(failure);
  if (trace.failure()) std::rethrow_exception(trace.failure());
  return trace.interrupted();
}

}  // namespace faultline::replay
