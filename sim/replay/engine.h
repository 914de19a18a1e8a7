// Engine: replays a trace and counts: Machine, which can do everything, or its fast twin RunMachine
// (run_machine.h), for traces without calls.
//
// With MachineOptions::paranoid_interval it is Machine, which has more to check.
//
// Ownership: an engine owns its machine; the reader is the caller's. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/events.h"
#include "faultline/options.h"
#include "faultline/process.h"
#include "faultline/trace.h"
#include "sim/replay/replayer.h"
#include "sim/replay/run_condenser.h"

namespace faultline::replay {

class Engine {
 public:
  virtual ~Engine() = default;
  // "machine" or "runs".
  virtual std::string_view name() const = 0;
  // Replays what is left of `reader`. Errors: as replay::replay().
  virtual Result<ReplayOutcome, InputError> replay(TraceReader& reader,
                                                   const ReplayOptions& options) = 0;
  // What page runs may be condensed for; nothing: it takes them as they are.
  virtual std::optional<CondenserLimits> condenser_limits() const { return std::nullopt; }
  virtual Stats stats() = 0;
  virtual void validate() = 0;
};

struct EngineOptions {
  MachineOptions machine{};
  std::vector<MapsLine> maps{};  // that the first process starts with
  std::string maps_file{};       // where they come from, for messages
  EventSink* events = nullptr;   // null: nobody listens
};

// The faster engine that can replay what `reader` holds. Errors: an option that no machine has;
// mappings that cannot be made; calls or mappings, and a paging format whose pages are not of 4
// KiB.
Result<std::unique_ptr<Engine>, InputError> make_engine(const EngineOptions& options,
                                                        const TraceReader& reader);

}  // namespace faultline::replay
