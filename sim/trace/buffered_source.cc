#include "sim/trace/buffered_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {

BufferedSource::BufferedSource(std::unique_ptr<ByteSource> inner)
    : inner_(std::move(inner)), buffer_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {}

std::string_view BufferedSource::peek(std::size_t count) {
  FL_CHECK(count <= kReadBytes);
  while (end_ - begin_ < count && !exhausted()) fill(count);
  return {buffer_.get() + begin_, end_ - begin_};
}

void BufferedSource::consume(std::size_t count) {
  FL_CHECK(count <= end_ - begin_);
  begin_ += count;
  offset_ += count;
}

Result<std::size_t, InputError> BufferedSource::read(std::span<char> into) {
  FL_CHECK(!into.empty());
  if (begin_ < end_) {
    const std::size_t size = std::min(into.size(), end_ - begin_);
    std::memcpy(into.data(), buffer_.get() + begin_, size);
    consume(size);
    return size;
  }
  if (failure_) return *failure_;
  Result<std::size_t, InputError> got = inner_->read(into);
  if (got.ok()) offset_ += *got;
  return got;
}

bool BufferedSource::seek(std::uint64_t offset) {
  if (failure_ || !inner_->seekable()->seek(offset)) return false;
  begin_ = end_ = 0;
  offset_ = offset;
  ended_ = false;
  return true;
}

// One read, behind the bytes that are there already; moves them only if `count` would not fit.
void BufferedSource::fill(std::size_t count) {
  if (begin_ + count > kReadBytes) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const Result<std::size_t, InputError> got =
      inner_->read(std::span(buffer_.get() + end_, kReadBytes - end_));
  if (!got.ok()) {
    failure_ = got.error();
  } else {
    ended_ = *got == 0;
    end_ += *got;
  }
}

}  // namespace faultline::trace
