#include "sim/replay/next_use_index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "sim/base/check.h"

namespace faultline::replay {
namespace {

std::string temporary_folder() {
  const char* const folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

InputError temporary_error(int error) {
  return {.file = temporary_folder(),
          .message = std::string("a temporary file there: ") + std::strerror(error)};
}

// In place of the next use of a record that is no run.
constexpr uint64_t kNoRun = ~uint64_t{1};

// Fills `records` with those from `first` on; an errno, or 0.
int read_records(int file, uint64_t first, std::span<NextUseRecord> records) {
  char* to = reinterpret_cast<char*>(records.data());
  size_t left = records.size_bytes();
  auto at = static_cast<off_t>(first * sizeof(NextUseRecord));
  while (left > 0) {
    const ssize_t done = pread(file, to, left, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : EIO;
    to += done;
    at += done;
    left -= static_cast<size_t>(done);
  }
  return 0;
}

}  // namespace

Result<int, InputError> open_temporary_file() {
  std::string name = temporary_folder() + "/faultline-XXXXXX";
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return temporary_error(errno);
  unlink(name.c_str());
  return file;
}

Result<std::unique_ptr<NextUseIndex>, InputError> NextUseIndex::create() {
  auto file = open_temporary_file();
  if (!file) return file.error();
  return std::unique_ptr<NextUseIndex>(new NextUseIndex(*file));
}

NextUseIndex::~NextUseIndex() { close(file_); }

void NextUseIndex::note_use(PageId page, uint64_t position) {
  if (page == last_page_) return;
  last_page_ = page;
  if (page.value >= next_.size()) next_.resize(page.value + size_t{1}, kNever);
  append({position, page.value});
}

void NextUseIndex::note_end(PageId page) {
  last_page_ = kNoPage;
  if (page.value < next_.size()) append({0, page.value + kEnd});
}

void NextUseIndex::append(const Record& record) {
  block_.push_back(record);
  ++records_;
  if (block_.size() < kBlockRecords) return;
  write_block(records_ - block_.size());
  block_.clear();
}

bool NextUseIndex::write_block(uint64_t first) {
  const char* from = reinterpret_cast<const char*>(block_.data());
  size_t left = block_.size() * sizeof(Record);
  auto at = static_cast<off_t>(first * sizeof(Record));
  while (left > 0 && error_ == 0) {
    const ssize_t done = pwrite(file_, from, left, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      error_ = done < 0 ? errno : ENOSPC;
      break;
    }
    from += done;
    at += done;
    left -= static_cast<size_t>(done);
  }
  return error_ == 0;
}

bool NextUseIndex::read_block(uint64_t first, uint64_t count) {
  block_.resize(count);
  if (error_ == 0) error_ = read_records(file_, first, block_);
  return error_ == 0;
}

Result<void, InputError> NextUseIndex::finish() {
  FL_CHECK(!known_);
  if (!block_.empty()) write_block(records_ - block_.size());
  if (error_ == 0) put_next_uses();
  if (error_ != 0) return temporary_error(error_);
  known_ = true;
  next_ = {};
  block_ = {};
  rewind();
  return {};
}

// From the end of the file to its beginning.
void NextUseIndex::put_next_uses() {
  for (uint64_t end = records_; end > 0;) {
    const uint64_t first = (end - 1) / kBlockRecords * kBlockRecords;
    if (!read_block(first, end - first)) return;
    for (size_t i = block_.size(); i-- > 0;) {
      Record& record = block_[i];
      if ((record.value & kEnd) != 0) {
        next_[record.value - kEnd] = kNever;
        record.value = kNoRun;
      } else {
        record.value = std::exchange(next_[record.value], record.position);
      }
    }
    if (!write_block(first)) return;
    end = first;
  }
}

void NextUseIndex::rewind() { reader_ = make_reader(); }

uint64_t NextUseIndex::next_use(uint64_t position) {
  FL_CHECK(known_);
  return reader_->next_use(position);
}

std::unique_ptr<NextUseReader> NextUseIndex::make_reader() const {
  FL_CHECK(known_);
  return std::make_unique<NextUseReader>(file_, records_);
}

NextUseReader::NextUseReader(int file, uint64_t records) : file_(file), records_(records) {
  look_ahead();
}

// Puts the next run into ahead_; where there is none, one that is never reached.
void NextUseReader::look_ahead() {
  while (next_record_ < records_) {
    if (next_record_ - block_first_ >= block_.size()) {
      block_.resize(std::min<uint64_t>(kRecords, records_ - next_record_));
      block_first_ = next_record_;
      const int error = read_records(file_, block_first_, block_);
      FL_CHECK_MSG(error == 0, "the index of next uses cannot be read: {}", std::strerror(error));
    }
    ahead_ = block_[next_record_ - block_first_];
    ++next_record_;
    if (ahead_.value != kNoRun) return;
  }
  ahead_ = {kNever, kNever};
}

uint64_t NextUseReader::next_use(uint64_t position) {
  while (ahead_.position <= position) {
    current_ = ahead_.value;
    look_ahead();
  }
  return current_;
}

}  // namespace faultline::replay
