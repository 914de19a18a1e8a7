#include "sim/replay/shared_trace.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"
#include "sim/replay/run_cutter.h"

namespace faultline::replay {
namespace {

// A block of accesses as a trace of its own, to be collapsed.
class OneBlock final : public TraceReader {
 public:
  explicit OneBlock(TraceBlock block) : block_(block) {}
  std::string_view format() const override { return "block"; }
  Result<TraceBlock, InputError> next_block() override { return std::exchange(block_, {}); }

 private:
  TraceBlock block_;
};

}  // namespace

SharedReader::SharedReader(SharedTrace& trace, std::optional<size_t> condensed)
    : trace_(trace), condensed_(condensed) {
  trace_.readers_.push_back(&worker_);
}

SharedReader::~SharedReader() { trace_.leave(worker_); }

std::string_view SharedReader::format() const { return trace_.source_.format(); }
TraceFilter SharedReader::filter() const { return trace_.source_.filter(); }
FetchUnit SharedReader::fetch_unit() const { return trace_.source_.fetch_unit(); }
bool SharedReader::has_calls() const { return trace_.source_.has_calls(); }

PageRunReader* SharedReader::page_runs() { return trace_.options_.forms.runs ? this : nullptr; }

Result<TraceBlock, InputError> SharedReader::next_block() {
  for (;;) {
    if (!advance()) return end<TraceBlock>();
    const TraceBlock block{
        .accesses = piece_->accesses, .task = piece_->task, .call = call_of(*piece_)};
    if (!block.end()) return block;
  }
}

Result<PageRunBlock, InputError> SharedReader::next_page_runs() {
  while (piece_ == nullptr || next_runs_ >= std::max<size_t>(1, piece_->runs_count)) {
    if (!advance()) return end<PageRunBlock>();
    next_runs_ = 0;
  }
  PageRunBlock block{.task = piece_->task};
  if (next_runs_ < piece_->runs_count) {
    block.pages = piece_->runs[next_runs_].pages;
    block.runs = piece_->runs[next_runs_].runs;
    block.numbers = piece_->runs[next_runs_].numbers;
    block.by_number = piece_->runs[next_runs_].by_number;
  }
  ++next_runs_;
  if (next_runs_ >= piece_->runs_count) block.call = call_of(*piece_);
  return block;
}

const SharedTrace::Runs* SharedReader::runs() const {
  if (piece_ == nullptr || next_runs_ == 0 || next_runs_ > piece_->runs_count) return nullptr;
  return &piece_->runs[next_runs_ - 1];
}

bool SharedReader::tried() const {
  const SharedTrace::Runs* const last = runs();
  return last == nullptr || !condensed_ || last->tried;
}

const CondensedRuns* SharedReader::condensed() const {
  const SharedTrace::Runs* const last = runs();
  return last == nullptr || !condensed_ ? nullptr : last->condensed[*condensed_].get();
}

const TraceCall* SharedReader::call_of(const SharedTrace::Piece& piece) {
  return piece.call ? &*piece.call : nullptr;
}

bool SharedReader::advance() {
  piece_ = trace_.next(worker_);
  return piece_ != nullptr;
}

template <class Block>
Result<Block, InputError> SharedReader::end() const {
  if (trace_.error_) return *trace_.error_;
  return Block{};
}

SharedTrace::SharedTrace(TraceReader& source, const Options& options)
    : source_(source), options_(options), places_(options.jobs) {
  FL_CHECK(options.jobs > 0 && (options.forms.accesses || options.forms.runs));
  for (const CondenserLimits& limits : options.forms.condensed) condensers_.emplace_back(limits);
  if (options.forms.accesses) return;
  runs_ = source.page_runs();
  if (runs_ != nullptr) return;
  collapsed_ = make_page_run_reader(source);
  runs_ = collapsed_.get();
}

std::unique_ptr<SharedReader> SharedTrace::make_reader(std::optional<size_t> condensed) {
  FL_CHECK(first_ == 0 && pieces_.empty() && !ended_);
  FL_CHECK(!condensed || *condensed < condensers_.size());
  return std::make_unique<SharedReader>(*this, condensed);
}

bool SharedTrace::read_accesses(Piece& piece) {
  const auto block = source_.next_block();
  if (!block) error_ = block.error();
  if (!block || block->end()) return false;
  piece.accesses.assign(block->accesses.begin(), block->accesses.end());
  piece.task = block->task;
  if (block->call != nullptr) piece.call = *block->call;
  accesses_ += piece.accesses.size();
  if (!options_.forms.runs) return true;
  OneBlock whole({.accesses = piece.accesses, .task = piece.task});
  const auto reader = make_page_run_reader(whole);
  for (;;) {
    const auto runs = reader->next_page_runs();
    FL_CHECK(runs.ok());
    if (runs->end()) return true;
    add_runs(piece, *runs);
  }
}

bool SharedTrace::read_runs(Piece& piece) {
  const auto block = runs_->next_page_runs();
  if (!block) error_ = block.error();
  if (!block || block->end()) return false;
  add_runs(piece, *block);
  piece.task = block->task;
  if (block->call != nullptr) piece.call = *block->call;
  accesses_ += accesses_of(block->runs);
  return true;
}

bool SharedTrace::comes_by_number(const PageRunBlock& block) const {
  const auto below = [this](uint64_t page) { return page < options_.forms.by_number_below; };
  return options_.forms.by_number_below != 0 && RunCondenser::has_many_pages(block) &&
         page_ids_.processes() == 1 && page_ids_.size() <= PageRun::kPagesMax &&
         std::ranges::all_of(block.pages, below);
}

void SharedTrace::Runs::take_as_they_are(const PageRunBlock& block,
                                         std::span<const uint32_t> its_numbers) {
  by_number = false;
  pages.assign(block.pages.begin(), block.pages.end());
  runs.assign(block.runs.begin(), block.runs.end());
  numbers.assign(its_numbers.begin(), its_numbers.end());
}

// With the pages alone whose numbers are `first` or above.
void SharedTrace::Runs::take_by_number(const PageRunBlock& block,
                                       std::span<const uint32_t> its_numbers, uint64_t first) {
  by_number = true;
  pages.clear();
  numbers.clear();
  for (size_t i = 0; i < its_numbers.size(); ++i) {
    if (its_numbers[i] < first) continue;
    pages.push_back(block.pages[i]);
    numbers.push_back(its_numbers[i]);
  }
  runs.resize(block.runs.size());
  std::ranges::transform(block.runs, runs.begin(), [its_numbers](PageRun run) {
    return PageRun::make(its_numbers[run.page()], run.kind(), run.count());
  });
}

void SharedTrace::add_runs(Piece& piece, const PageRunBlock& block) {
  FL_CHECK(!block.by_number);
  if (piece.runs_count == piece.runs.size()) piece.runs.emplace_back();
  Runs& runs = piece.runs[piece.runs_count++];
  const uint64_t known = page_ids_.size();
  if (options_.forms.numbers) page_ids_.number(block.task.pid, block.pages, numbers_);
  if (comes_by_number(block))
    runs.take_by_number(block, numbers_, known);
  else
    runs.take_as_they_are(block, numbers_);
  runs.tried = condenses_;
  if (!runs.tried) return;
  runs.condensed.resize(condensers_.size());
  for (size_t i = 0; i < condensers_.size(); ++i) {
    if (!runs.condensed[i]) runs.condensed[i] = std::make_unique<CondensedRuns>();
    if (!condensers_[i].condense(block, *runs.condensed[i])) runs.condensed[i].reset();
  }
}

bool SharedTrace::read_piece(Piece& piece) {
  piece.runs_count = 0;
  piece.accesses.clear();
  piece.call.reset();
  if (options_.interrupted != nullptr && options_.interrupted->load()) {
    interrupted_ = true;
    return false;
  }
  if (accesses_ >= options_.accesses_max) return false;
  return runs_ != nullptr ? read_runs(piece) : read_accesses(piece);
}

void SharedTrace::read() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    wait(reading_, lock);
    read_pieces(lock);
    leave_place(reading_);
  }
}

void SharedTrace::read_pieces(std::unique_lock<std::mutex>& lock) {
  while (!ended_ && pieces_.size() < kPiecesMax) {
    if (readers_.empty()) {
      ended_ = true;
      return;
    }
    std::unique_ptr<Piece> piece;
    if (!spare_.empty()) {
      piece = std::move(spare_.back());
      spare_.pop_back();
    }
    condenses_ =
        options_.forms.when == TraceForms::When::kAlways || pieces_.size() >= kPiecesAtOnce;
    lock.unlock();
    bool some = false;
    try {
      if (piece == nullptr) piece = std::make_unique<Piece>();
      some = read_piece(*piece);
      if (options_.on_progress) options_.on_progress(accesses_);
    } catch (...) {
      // Those that wait must come to their ends first.
      failure_ = std::current_exception();
    }
    lock.lock();
    ended_ = !some;
    if (some && !readers_.empty()) {
      piece->readers = readers_.size();
      pieces_.push_back(std::move(piece));
    }
    hand_out_places();
  }
}

const SharedTrace::Piece* SharedTrace::next(Worker& reader) {
  std::unique_lock lock(mutex_);
  if (reader.has_place) {
    give_back(reader.position - 1);
    if (reader.position == end()) leave_place(reader);
    hand_out_places();
  }
  if (!reader.has_place) wait(reader, lock);
  if (!reader.has_place) return nullptr;
  return pieces_[reader.position++ - first_].get();
}

void SharedTrace::leave(Worker& reader) {
  const std::unique_lock lock(mutex_);
  if (reader.has_place) {
    give_back(reader.position - 1);
    leave_place(reader);
  }
  // Those that it will not have.
  for (const uint64_t last = end(); reader.position < last; ++reader.position)
    give_back(reader.position);
  std::erase(readers_, &reader);
  hand_out_places();
}

void SharedTrace::give_back(uint64_t position) {
  --pieces_[position - first_]->readers;
  while (!pieces_.empty() && pieces_.front()->readers == 0) {
    spare_.push_back(std::move(pieces_.front()));
    pieces_.pop_front();
    ++first_;
  }
}

void SharedTrace::wait(Worker& worker, std::unique_lock<std::mutex>& lock) {
  worker.waits = true;
  hand_out_places();
  worker.woken.wait(lock, [&] { return !worker.waits; });
}

void SharedTrace::hand_out_places() {
  if (ended_) {
    for (Worker* const reader : readers_) {
      if (!reader->waits || reader->position < end()) continue;
      reader->waits = false;
      reader->woken.notify_one();
    }
  }
  // So that nobody has to wait for it later, it comes first; without readers it ends.
  if (reading_.waits && (readers_.empty() || pieces_.size() <= kPiecesAtOnce) && places_ > 0)
    take_place(reading_);
  while (places_ > 0) {
    Worker* const reader = find_reader();
    if (reader == nullptr) return;
    take_place(*reader);
  }
}

// As many pieces as are worth waking it, but where no more are to come for now: if the source is
// waited for, the reader that is furthest behind has that many, since else there would be reading.
SharedTrace::Worker* SharedTrace::find_reader() const {
  Worker* found = nullptr;
  for (Worker* const reader : readers_) {
    const uint64_t there = end() - reader->position;
    if (!reader->waits || there < (ended_ ? 1 : kPiecesAtOnce)) continue;
    if (found == nullptr || reader->position < found->position) found = reader;
  }
  return found;
}

void SharedTrace::take_place(Worker& worker) {
  --places_;
  worker.has_place = true;
  worker.waits = false;
  worker.woken.notify_one();
}

void SharedTrace::leave_place(Worker& worker) {
  ++places_;
  worker.has_place = false;
  hand_out_places();
}

}  // namespace faultline::replay
