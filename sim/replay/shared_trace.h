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
#include <span>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/replay/run_condenser.h"
#include "sim/replay/trace_page_ids.h"

namespace faultline::replay {

// In which forms the replays want the trace.
struct TraceForms {
  bool accesses = false;
  bool runs = false;
  bool numbers = false;  // of the pages of runs
  // Blocks of many pages, which would be looked up again and again, come by number, as long as the
  // trace has one process and its pages are no more than fit into a PageRun; but for those with
  // pages from here on. 0: all blocks. REQUIRES: numbers, or 0.
  uint64_t by_number_below = 0;
  std::vector<CondenserLimits> condensed{};  // beside the runs, once for each of these
  // Which pieces are condensed: all, or those read while replays have many others to do, who else
  // condense for themselves.
  enum class When : bool { kAlways, kReadersAreBehind };
  When when = When::kAlways;
};

class SharedReader;

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

  // A reader for one more replay; it has the forms asked for, and those condensed runs whose index
  // `condensed` is. It must be destroyed when its replay is over, on the replay's thread. REQUIRES:
  // read() has not been called.
  std::unique_ptr<SharedReader> make_reader(std::optional<size_t> condensed = std::nullopt);

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
    std::vector<uint32_t> numbers{};
    bool by_number = false;
    // As TraceForms::condensed; null where the runs had better be replayed as they are.
    std::vector<std::unique_ptr<CondensedRuns>> condensed{};
    bool tried = false;  // to condense it

    void take_as_they_are(const PageRunBlock& block, std::span<const uint32_t> its_numbers);
    void take_by_number(const PageRunBlock& block, std::span<const uint32_t> its_numbers,
                        uint64_t first);
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

  // At most so many pieces are kept. Whoever had to wait goes on when there is half of that to do,
  // so that threads seldom take turns.
  static constexpr size_t kPiecesMax = 16;
  static constexpr size_t kPiecesAtOnce = kPiecesMax / 2;

  // One of the threads: a reader's, or the one that reads the source.
  struct Worker {
    bool waits = false;      // for a place, and for something to do
    bool has_place = false;  // it works
    uint64_t position = 0;   // a reader's: of the piece that it wants next
    std::condition_variable woken{};
  };

  // Fills the piece. False: the end of what is to be read.
  bool read_piece(Piece& piece);
  void add_runs(Piece& piece, const PageRunBlock& block);
  bool comes_by_number(const PageRunBlock& block) const;
  bool read_accesses(Piece& piece);
  bool read_runs(Piece& piece);
  // The next piece for a reader that is done with the one before, if it had one; null at the end.
  // With it goes a place, which the reader keeps as long as it need not wait.
  const Piece* next(Worker& reader);
  // A reader is gone.
  void leave(Worker& reader);
  // The piece that a reader had goes where it was the last.
  void give_back(uint64_t position);
  // Waits for a turn. REQUIRES: the worker has no place.
  void wait(Worker& worker, std::unique_lock<std::mutex>& lock);
  // Wakes who has something to do, as long as there are places.
  void hand_out_places();
  void take_place(Worker& worker);
  void leave_place(Worker& worker);
  // Of those that wait, the reader that is furthest behind and has enough to do; null: none.
  Worker* find_reader() const;
  // Reads pieces until there are enough, or no more.
  void read_pieces(std::unique_lock<std::mutex>& lock);
  uint64_t end() const { return first_ + pieces_.size(); }

  TraceReader& source_;
  const Options options_;
  PageRunReader* runs_ = nullptr;  // of the source, or of collapsed_; null: accesses are read
  std::unique_ptr<PageRunReader> collapsed_{};
  std::vector<RunCondenser> condensers_{};  // as TraceForms::condensed
  TracePageIds page_ids_{};
  std::vector<uint32_t> numbers_{};  // of the pages of the block that is added
  uint64_t accesses_ = 0;            // read so far
  bool condenses_ = true;            // the piece that is read now

  std::mutex mutex_{};
  std::deque<std::unique_ptr<Piece>> pieces_{};
  std::vector<std::unique_ptr<Piece>> spare_{};
  uint64_t first_ = 0;              // the position of pieces_.front()
  Worker reading_{};                // the thread that reads the source
  std::vector<Worker*> readers_{};  // that are not gone
  unsigned places_;                 // threads that may begin to work
  bool ended_ = false;
  bool interrupted_ = false;
  std::optional<InputError> error_{};
  std::exception_ptr failure_{};
};

// The trace as one of the replays sees it: in either form, but in one only.
class SharedReader final : public TraceReader, public PageRunReader, public CondensedSource {
 public:
  SharedReader(SharedTrace& trace, std::optional<size_t> condensed);
  ~SharedReader() override;
  SharedReader(const SharedReader&) = delete;
  SharedReader& operator=(const SharedReader&) = delete;

  std::string_view format() const override;
  TraceFilter filter() const override;
  FetchUnit fetch_unit() const override;
  bool has_calls() const override;
  bool has_thread() const override { return true; }
  PageRunReader* page_runs() override;
  Result<TraceBlock, InputError> next_block() override;
  Result<PageRunBlock, InputError> next_page_runs() override;
  bool tried() const override;
  const CondensedRuns* condensed() const override;

 private:
  // The runs that were read last; null: there are none.
  const SharedTrace::Runs* runs() const;
  static const TraceCall* call_of(const SharedTrace::Piece& piece);
  bool advance();
  template <class Block>
  Result<Block, InputError> end() const;

  SharedTrace& trace_;
  const std::optional<size_t> condensed_;
  SharedTrace::Worker worker_{};
  const SharedTrace::Piece* piece_ = nullptr;
  size_t next_runs_ = 0;
};

}  // namespace faultline::replay
