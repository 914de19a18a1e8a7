#include "sim/trace/flt/window.h"

#include <algorithm>
#include <cstring>

#include "sim/base/check.h"

namespace faultline::trace {

std::string_view Window::view(std::size_t size) {
  if (end_ - begin_ < size && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < size && !ended_ && !failure_) {
    // As what is there grows: no size that a file merely claims takes memory.
    if (buffer_.size() == end_) buffer_.resize(end_ + std::max(end_, kReadBytes));
    const auto got = content_.bytes->read({buffer_.data() + end_, buffer_.size() - end_});
    if (!got.ok()) {
      failure_ = got.error();
    } else {
      ended_ = *got == 0;
      end_ += *got;
    }
  }
  return buffered().substr(0, size);
}

bool Window::seek(uint64_t offset) {
  if (failure_ || !content_.bytes->seekable()->seek(offset)) return false;
  begin_ = end_ = 0;
  offset_ = offset;
  ended_ = false;
  return true;
}

void Window::drop(std::size_t size) {
  FL_CHECK(size <= end_ - begin_);
  begin_ += size;
  offset_ += size;
}

}  // namespace faultline::trace
