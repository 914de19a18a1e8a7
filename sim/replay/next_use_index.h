// NextUseIndex: when the page of each reference of a trace is used next, in a temporary file: what
// Belady's OPT has to know.
//
// Made by a first pass over the trace, front to back, with a record a run of references to one
// page; then the file is gone through once from its end, where the last page seen is the next to
// come; then it is read front to back, as the second pass asks.
//
// Units: positions of references, growing, from 1; pages by small numbers. Memory: 8 bytes a page
// and a block of the file, however long the trace. On disk: 16 bytes a run, in a file without a
// name in $TMPDIR, or /var/tmp: it goes when the program does. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/policy.h"
#include "faultline/result.h"

namespace faultline::replay {

// A file without a name, for reading and writing; the caller closes it.
// Errors: it cannot be made.
Result<int, InputError> open_temporary_file();

// A run of references to one page, in the file.
struct NextUseRecord {
  uint64_t position;  // of the first
  uint64_t value;     // the page, until NextUseIndex::finish() puts its next use here
};

// What a second pass is told, from a finished index. Memory: 64 KiB. It may have a thread of its
// own.
class NextUseReader final : public NextUses {
 public:
  // REQUIRES: the file stays open.
  NextUseReader(int file, uint64_t records);
  // REQUIRES: a position that was told of in the first pass, no smaller than the one before.
  uint64_t next_use(uint64_t position) override;

 private:
  static constexpr size_t kRecords = size_t{1} << 12;

  void look_ahead();

  const int file_;
  const uint64_t records_;
  std::vector<NextUseRecord> block_;
  uint64_t block_first_ = 0;   // the record that block_ begins with
  uint64_t next_record_ = 0;   // to be read
  uint64_t current_ = kNever;  // the next use of the run that was asked for
  NextUseRecord ahead_{};      // the run behind it
};

class NextUseIndex final : public NextUses {
 public:
  // Errors: the temporary file cannot be made.
  static Result<std::unique_ptr<NextUseIndex>, InputError> create();
  ~NextUseIndex() override;
  NextUseIndex(const NextUseIndex&) = delete;
  NextUseIndex& operator=(const NextUseIndex&) = delete;

  bool known() const override { return known_; }
  void note_use(PageId page, uint64_t position) override;
  void note_end(PageId page) override;
  // Ends the first pass. Errors: the file cannot be written or read. REQUIRES: not known().
  Result<void, InputError> finish();

  // As NextUseReader. REQUIRES: finish() has succeeded.
  uint64_t next_use(uint64_t position) override;
  // The next position may be any. REQUIRES: as above.
  void rewind();
  // Another reader of the index, which must outlive it. REQUIRES: as above.
  std::unique_ptr<NextUseReader> make_reader() const;

 private:
  using Record = NextUseRecord;
  static constexpr uint64_t kEnd = uint64_t{1} << 32;  // added to the page of a note_end()
  static constexpr size_t kBlockRecords = size_t{1} << 16;

  explicit NextUseIndex(int file) : file_(file) {}
  void append(const Record& record);
  // Whether all of the block was written, or read, at record `first`; notes the error.
  bool write_block(uint64_t first);
  bool read_block(uint64_t first, uint64_t count);
  void put_next_uses();

  int file_;
  int error_ = 0;         // errno of the first failure
  uint64_t records_ = 0;  // in the file
  std::vector<Record> block_;
  bool known_ = false;
  PageId last_page_ = kNoPage;
  std::vector<uint64_t> next_;  // by page
  std::unique_ptr<NextUseReader> reader_;
};

}  // namespace faultline::replay
