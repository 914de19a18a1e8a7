// RandomWriter: writes one random statement of a kind after the other as lines of a scenario.
//
// It keeps as much of a model as its lines need to be well formed: which processes are alive, which
// files have a descriptor. Threads: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/prng.h"
#include "sim/scenario/verify/random_scenario.h"

namespace faultline::verify {

class RandomWriter {
 public:
  static constexpr uint64_t kPage = 4096;
  // Where most addresses lie: parts of three fault-around windows, from the middle of the first on.
  static constexpr uint64_t kHome = 0x10308000;
  static constexpr uint64_t kHomePages = 40;

  RandomWriter(ScenarioSeed seed, FileHome home);

  base::Prng& prng() { return prng_; }
  void write(Kind kind);
  std::vector<std::string> take_lines() { return std::move(lines_); }

 private:
  using Names = std::span<const std::string_view>;

  void line(const std::string& text);  // by a process that can speak
  bool one_in(uint64_t count) { return prng_.below(count) == 0; }
  std::string pick(Names names) { return std::string(names[prng_.below(names.size())]); }
  uint64_t address();
  uint64_t near_address();
  uint64_t length_bytes();
  std::string range();  // "address, length"
  void line_on_range(std::string_view call, const std::string& what);

  void write_question(Kind kind);
  void write_map_anon();
  void write_map_file();
  void write_remap();
  void write_brk();
  void write_access(std::string_view call);
  void write_one_access();
  void write_fetch();
  void write_lock();
  void write_grow_down();
  void write_limit();
  void write_map_locked();
  void write_attribute();
  // random_files.cc
  void open_files();
  std::string_view folder() const { return home_ == FileHome::kDisk ? "/data" : "/dev/shm"; }
  uint64_t file_pages() const;
  std::string file();  // a NAME, or -1 where there is none
  std::string buffered_file();
  std::string path();
  uint64_t file_offset();
  void write_transfer(Kind kind);
  void write_vector(Kind kind);
  uint64_t direct_buffer();
  void write_file_call(Kind kind);
  void write_seek();
  void write_descriptor();
  void write_path();
  void write_close();
  void bind_file(std::string_view name, const std::string& call);
  // random_family.cc
  struct Running {
    uint64_t pid = 1;
    uint64_t vfork_child = 0;  // it waits for this one while that runs
  };
  bool runs(uint64_t pid) const;
  uint64_t speaker();  // a process that waits for none
  static std::string by(uint64_t pid, std::string_view call);
  void write_fork();
  void write_exit();
  void write_wait();
  // random_bad_calls.cc
  void write_bad_call();
  std::string bad_number();

  FileHome home_;
  base::Prng prng_;
  std::vector<std::string> lines_{};
  std::vector<std::string> files_{};  // NAMEs of descriptors
  std::vector<Running> running_ = std::vector<Running>(1);
  uint64_t next_pid_ = 2;
};

}  // namespace faultline::verify
