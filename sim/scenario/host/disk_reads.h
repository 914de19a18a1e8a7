// DiskReads: whether the disk below a folder is still reading. What the kernel reads ahead arrives
// when the disk has it; so that the next statement has one answer and not two, it waits until then.
//
// Owns a descriptor. Threads: one.
#pragma once

#include <string>

namespace faultline::host {

class DiskReads {
 public:
  // A disk that does not tell how much it reads is never waited for.
  explicit DiskReads(const std::string& folder);
  ~DiskReads();
  DiskReads(const DiskReads&) = delete;
  DiskReads& operator=(const DiskReads&) = delete;

  // Returns when nothing is being read, or after some milliseconds, as others read too.
  void wait() const;

 private:
  bool reading() const;

  int inflight_ = -1;
};

}  // namespace faultline::host
