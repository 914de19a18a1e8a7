#include "sim/replay/shared_trace.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

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

// The trace as one of the replays sees it: in either form, but in one only.
class SharedReader final : public TraceReader, public PageRunReader {
 public:
  explicit SharedReader(SharedTrace& trace) : trace_(trace) {}
  ~SharedReader() override { trace_.leave(position_, piece_ != nullptr); }
  SharedReader(const SharedReader&) = delete;
  SharedReader& operator=(const SharedReader&) = delete;

  std::string_view format() const override { return trace_.source_.format(); }
  TraceFilter filter() const override { return trace_.source_.filter(); }
  FetchUnit fetch_unit() const override { return trace_.source_.fetch_unit(); }
  bool has_calls() const override { return trace_.source_.has_calls(); }
  PageRunReader* page_runs() override { return trace_.options_.forms.runs ? this : nullptr; }

  Result<TraceBlock, InputError> next_block() override {
    for (;;) {
      if (!advance()) return end<TraceBlock>();
      const TraceBlock block{
          .accesses = piece_->accesses, .task = piece_->task, .call = call_of(*piece_)};
      if (!block.end()) return block;
    }
  }
  Result<PageRunBlock, InputError> next_page_runs() override {
    while (piece_ == nullptr || next_runs_ >= std::max<size_t>(1, piece_->runs_count)) {
      if (!advance()) return end<PageRunBlock>();
      next_runs_ = 0;
    }
    PageRunBlock block{.task = piece_->task};
    if (next_runs_ < piece_->runs_count) {
      block.pages = piece_->runs[next_runs_].pages;
      block.runs = piece_->runs[next_runs_].runs;
    }
    ++next_runs_;
    if (next_runs_ >= piece_->runs_count) block.call = call_of(*piece_);
    return block;
  }

 private:
  static const TraceCall* call_of(const SharedTrace::Piece& piece) {
    return piece.call ? &*piece.call : nullptr;
  }
  bool advance() {
    piece_ = trace_.next(position_, piece_ != nullptr);
    if (piece_ != nullptr) ++position_;
    return piece_ != nullptr;
  }
  template <class Block>
  Result<Block, InputError> end() {
    if (trace_.error_) return *trace_.error_;
    return Block{};
  }

  SharedTrace& trace_;
  uint64_t position_ = 0;  // of the piece after the one it has
  const SharedTrace::Piece* piece_ = nullptr;
  size_t next_runs_ = 0;
};

SharedTrace::SharedTrace(TraceReader& source, const Options& options)
    : source_(source), options_(options), places_(options.jobs) {
  FL_CHECK(options.jobs > 0 && (options.forms.accesses || options.forms.runs));
  if (options.forms.accesses) return;
  runs_ = source.page_runs();
  if (runs_ != nullptr) return;
  collapsed_ = make_page_run_reader(source);
  runs_ = collapsed_.get();
}

std::unique_ptr<TraceReader> SharedTrace::make_reader() {
  FL_CHECK(first_ == 0 && pieces_.empty() && !ended_);
  ++readers_;
  return std::make_unique<SharedReader>(*this);
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
  for (const PageRun run : block->runs) accesses_ += run.count();
  return true;
}

void SharedTrace::add_runs(Piece& piece, const PageRunBlock& block) {
  if (piece.runs_count == piece.runs.size()) piece.runs.emplace_back();
  Runs& runs = piece.runs[piece.runs_count++];
  runs.pages.assign(block.pages.begin(), block.pages.end());
  runs.runs.assign(block.runs.begin(), block.runs.end());
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
    changed_.wait(lock,
                  [this] { return readers_ == 0 || (places_ > 0 && pieces_.size() < kPiecesMax); });
    if (readers_ == 0) break;
    --places_;
    std::unique_ptr<Piece> piece;
    if (!spare_.empty()) {
      piece = std::move(spare_.back());
      spare_.pop_back();
    }
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
    ++places_;
    if (!some) {
      ended_ = true;
    } else if (readers_ > 0) {
      piece->readers = readers_;
      pieces_.push_back(std::move(piece));
    }
    changed_.notify_all();
  }
}

const SharedTrace::Piece* SharedTrace::next(uint64_t position, bool has_piece) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return position < first_ + pieces_.size(); };
  const bool let_go = has_piece && give_back(position - 1);
  if (has_piece && there()) {
    if (let_go) changed_.notify_all();
    return pieces_[position - first_].get();
  }
  if (has_piece) {
    ++places_;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return there() ? places_ > 0 : ended_; });
  if (!there()) return nullptr;
  --places_;
  return pieces_[position - first_].get();
}

void SharedTrace::leave(uint64_t position, bool has_piece) {
  const std::unique_lock lock(mutex_);
  if (has_piece) {
    ++places_;
    give_back(position - 1);
  }
  // Those that it will not have.
  const uint64_t end = first_ + pieces_.size();
  for (uint64_t at = position; at < end; ++at) give_back(at);
  --readers_;
  changed_.notify_all();
}

bool SharedTrace::give_back(uint64_t position) {
  --pieces_[position - first_]->readers;
  bool let_go = false;
  while (!pieces_.empty() && pieces_.front()->readers == 0) {
    spare_.push_back(std::move(pieces_.front()));
    pieces_.pop_front();
    ++first_;
    let_go = true;
  }
  return let_go;
}

}  // namespace faultline::replay
