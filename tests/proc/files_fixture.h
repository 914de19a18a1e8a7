// FilesFixture: descriptors over a page cache and a disk, with buffers that stand for user memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/linux.h"
#include "sim/proc/files.h"
#include "tests/cache/cached_machine.h"

namespace faultline::testing {

// Memory that can be touched up to `good_bytes`.
struct FakeSink final : proc::ReadSink {
  std::string bytes{};
  uint64_t good_bytes = ~uint64_t{0};
  bool user_space = true;
  uint64_t address = 0;

  bool address_ok(uint64_t length_bytes) const override {
    return user_space && length_bytes <= uint64_t{1} << 47;
  }
  bool sectors_ok(proc::Part part, uint64_t sector_bytes) const override {
    const uint64_t first = address + part.offset_bytes;
    return (first | part.length_bytes) % sector_bytes == 0 ||
           first % 4096 + part.length_bytes <= 4096;
  }
  uint64_t fault_in_place(uint64_t length_bytes) override {
    return std::min<uint64_t>(length_bytes, good_bytes - bytes.size());
  }
  void skip(uint64_t length_bytes) override { bytes.append(length_bytes, '\0'); }
  uint64_t take(std::span<const std::byte> piece) override {
    const uint64_t taken = std::min<uint64_t>(piece.size(), good_bytes - bytes.size());
    for (uint64_t i = 0; i < taken; ++i) bytes += static_cast<char>(piece[i]);
    return taken;
  }
};

struct FakeSource final : proc::WriteSource {
  std::string bytes{};
  uint64_t given = 0;
  bool user_space = true;
  uint64_t address = 0;

  explicit FakeSource(std::string text) : bytes(std::move(text)) {}
  bool address_ok(uint64_t length_bytes) const override {
    return user_space && length_bytes <= uint64_t{1} << 47;
  }
  bool sectors_ok(proc::Part part, uint64_t sector_bytes) const override {
    const uint64_t first = address + part.offset_bytes;
    return (first | part.length_bytes) % sector_bytes == 0 ||
           first % 4096 + part.length_bytes <= 4096;
  }
  uint64_t give(std::span<std::byte> piece) override {
    const uint64_t count = std::min<uint64_t>(piece.size(), bytes.size() - given);
    for (uint64_t i = 0; i < count; ++i) piece[i] = static_cast<std::byte>(bytes[given + i]);
    given += count;
    return count;
  }
  uint64_t fault_in(uint64_t length_bytes) override {
    return std::min<uint64_t>(length_bytes, bytes.size() - given);
  }
  void take_back(uint64_t length_bytes) override { given -= length_bytes; }
};

// A result as the transcript of a program would show it: the number, or the error's name.
inline std::string show(const Result<void>& result) {
  return result.ok() ? "0" : std::string(errno_name(result.error()));
}
template <class T>
std::string show(const Result<T>& result) {
  return result.ok() ? std::to_string(*result) : std::string(errno_name(result.error()));
}

struct FilesFixture {
  CachedMachine m;
  proc::Files files{{m.frames, m.allocator, m.disk, m.cache}};
  hw::TlbGather gather{};
  uint64_t size_bytes_max = linux_abi::kRLIM_INFINITY;  // RLIMIT_FSIZE of whoever calls

  explicit FilesFixture(const CachedMachineOptions& options = {}) : m(options) {}
  ~FilesFixture() { gather.clear(); }

  proc::FileCall call() {
    return {.frames = m, .gather = gather, .size_bytes_max = size_bytes_max};
  }
  Result<int> try_open(std::string_view path, uint64_t flags, uint64_t mode = 0644) {
    return files.open(path, {flags, mode}, call());
  }
  std::string open(std::string_view path, uint64_t flags, uint64_t mode = 0644) {
    return show(try_open(path, flags, mode));
  }
  uint64_t get_open(std::string_view path, uint64_t flags) {
    return static_cast<uint64_t>(try_open(path, flags).value());
  }
  std::string pread(uint64_t fd, uint64_t length, uint64_t offset) {
    FakeSink sink;
    const auto done = files.pread(fd, {offset, length}, sink, call());
    return done.ok() ? sink.bytes : show(done);
  }
  std::string read(uint64_t fd, uint64_t length) {
    FakeSink sink;
    const auto done = files.read(fd, length, sink, call());
    return done.ok() ? sink.bytes : show(done);
  }
  std::string pwrite(uint64_t fd, std::string text, uint64_t offset) {
    FakeSource source(std::move(text));
    return show(files.pwrite(fd, {offset, source.bytes.size()}, source, call()));
  }
  std::string write(uint64_t fd, std::string text) {
    FakeSource source(std::move(text));
    return show(files.write(fd, source.bytes.size(), source, call()));
  }
  std::string lseek(uint64_t fd, uint64_t offset, uint64_t whence) {
    return show(files.lseek(fd, offset, whence));
  }
  std::string ftruncate(uint64_t fd, uint64_t length) {
    return show(files.ftruncate(fd, length, call()));
  }
  std::string truncate(std::string_view path, uint64_t length) {
    return show(files.truncate(path, length, call()));
  }
  void validate() {
    files.validate();
    m.validate();
  }
};

}  // namespace faultline::testing
