#include "sim/trace/ahead_source.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {

AheadSource::AheadSource(std::unique_ptr<ByteSource> inner) : inner_(std::move(inner)) {}

AheadSource::~AheadSource() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// Without a thread, if there can be none.
void AheadSource::start() {
  started_ = true;
  for (Block& block : blocks_) block.bytes = std::make_unique_for_overwrite<char[]>(kReadBytes);
  try {
    thread_ = std::thread([this] { read_ahead(); });
  } catch (const std::system_error&) {
  }
}

void AheadSource::read_ahead() {
  for (bool more = true; more;) {
    std::size_t next = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || filled_ - taken_ < kBlocks; });
      if (stop_) return;
      next = filled_;
    }
    more = fill(blocks_[next % kBlocks]);
    {
      const std::lock_guard lock(mutex_);
      ++filled_;
    }
    changed_.notify_all();
  }
}

// False: nothing comes behind it.
bool AheadSource::fill(Block& block) {
  const Result<std::size_t, InputError> got = inner_->read({block.bytes.get(), kReadBytes});
  block.size = got.ok() ? *got : 0;
  if (!got.ok()) block.failure = got.error();
  return block.size > 0;
}

Result<std::size_t, InputError> AheadSource::read(std::span<char> into) {
  FL_CHECK(!into.empty());
  if (!started_) start();
  if (!thread_.joinable()) return inner_->read(into);
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return filled_ > taken_; });
  }
  const Block& block = blocks_[taken_ % kBlocks];
  // The last block stays: what it says is said again.
  if (block.failure) return *block.failure;
  if (block.size == 0) return std::size_t{0};
  const std::size_t size = std::min(into.size(), block.size - at_);
  std::memcpy(into.data(), block.bytes.get() + at_, size);
  at_ += size;
  if (at_ == block.size) {
    at_ = 0;
    {
      const std::lock_guard lock(mutex_);
      ++taken_;
    }
    changed_.notify_all();
  }
  return size;
}

}  // namespace faultline::trace
