// SharedTrace: one reading of a trace for many replays, each of which has a reader of its own on a
// thread of its own.
//
// The trace is read by pieces. A few of them are kept until every replay has had them, so that
// memory does not depend on how long the trace is; whoever is ahead waits. Of all threads,
// including the one that reads, no more than `jobs` work at a time.
//
// Ownership: the source is the caller's. Threads: read() belongs to one, each reader to one; the
// readers may be on as many threads as there are.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "faultline/trace.h"

namespace faultline::replay {

// In which forms the replays want the trace.
struct TraceForms {
  bool accesses = false;
  bool runs = false;
};

class SharedTrace {
 public:
  struct Options {
    TraceForms forms{};
    unsigned jobs = 1;
    uint64_t accesses_max = ~uint64_t{0};  // nothing is read behind so many
    // When it rises the trace ends, for all replays at the same access; null: never.
    const std::atomic<bool>* interrupted = nullptr;
    // Told by read() after each piece how many accesses have been read; may be empty.
    std::function<void(uint64_t accesses)> on_progress{};
  };
  SharedTrace(TraceReader& source, const Options& options);

  // A reader for one more replay; it has the forms asked for. It must be destroyed when its replay
  // is over, on the replay's thread. REQUIRES: read() has not been called.
  std::unique_ptr<TraceReader> make_reader();

  // Reads the trace to its end, or as long as anybody wants to have it.
  void read();
  // The source's error, if that is what ended it; all readers have had it. REQUIRES: read() is
  // done.
  const std::optional<InputError>& error() const { return error_; }
  // What else ended it: the host has no memory. REQUIRES: as above.
  std::exception_ptr failure() const { return failure_; }
  // Whether it was interrupted. REQUIRES: as above.
  bool interrupted() const { return interrupted_; }

 private:
  friend class SharedReader;

  struct Runs {
    std::vector<uint64_t> pages{};
    std::vector<PageRun> runs{};
  };
  // A piece of the trace, which owns what it holds. Pieces are used again: their memory is warm.
  struct Piece {
    std::vector<Access> accesses{};
    std::vector<Runs> runs{};
    size_t runs_count = 0;  // of `runs`, the others are of before
    TraceTask task{};
    std::optional<TraceCall> call{};
    size_t readers = 0;  // that have not done with it yet
  };

  // At most so many pieces are kept.
  static constexpr size_t kPiecesMax = 8;

  // Fills the piece. False: the end of what is to be read.
  bool read_piece(Piece& piece);
  void add_runs(Piece& piece, const PageRunBlock& block);
  bool read_accesses(Piece& piece);
  bool read_runs(Piece& piece);
  // For a reader that is done with the piece before `position`, if it has that: the piece at
  // `position`, null at the end; with it goes a place to work, which the reader keeps as long as it
  // need not wait: threads that took turns at every piece would do little else.
  const Piece* next(uint64_t position, bool has_piece);
  // A reader is gone.
  void leave(uint64_t position, bool has_piece);
  // Whether a piece was let go by that.
  bool give_back(uint64_t position);

  TraceReader& source_;
  const Options options_;
  PageRunReader* runs_ = nullptr;  // of the source, or of collapsed_; null: accesses are read
  std::unique_ptr<PageRunReader> collapsed_{};
  uint64_t accesses_ = 0;  // read so far

  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::deque<std::unique_ptr<Piece>> pieces_{};
  std::vector<std::unique_ptr<Piece>> spare_{};
  uint64_t first_ = 0;  // the position of pieces_.front()
  size_t readers_ = 0;  // that are not gone
  unsigned places_;     // threads that may begin to work
  bool ended_ = false;
  bool interrupted_ = false;
  std::optional<InputError> error_{};
  std::exception_ptr failure_{};
};

}  // namespace faultline::replay
