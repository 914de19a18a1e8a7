#include "sim/trace/flt/call_codec.h"

#include <algorithm>
#include <cstring>

#include "sim/base/check.h"
#include "sim/trace/flt/bytes.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kPermissions = 4;

void put_text(std::string& to, std::string_view text) {
  put_varint(to, text.size());
  to += text;
}

bool take_text(ByteCursor& cursor, std::string& text) {
  const uint64_t size = cursor.take_varint();
  if (size > kCallPathBytesMax) cursor.fail();
  text = cursor.take_bytes(size);
  return !cursor.failed();
}

template <typename T>
void take_varint_as(ByteCursor& cursor, T& value) {
  const uint64_t wide = cursor.take_varint();
  value = static_cast<T>(wide);
  if (value != wide) cursor.fail();
}

// As fs/proc/task_mmu.c prints them: each the letter or a dash, the last p or s.
bool are_permissions(std::string_view text) {
  constexpr std::string_view kChoices[kPermissions] = {"r-", "w-", "x-", "ps"};
  for (std::size_t i = 0; i < kPermissions; ++i)
    if (kChoices[i].find(text[i]) == std::string_view::npos) return false;
  return true;
}

void put_map(std::string& to, const MapsLine& line, VirtAddr behind) {
  FL_CHECK(line.range.start >= behind && !line.range.empty());
  FL_CHECK(are_permissions({line.permissions, kPermissions}));
  put_varint(to, line.range.start - behind);
  put_varint(to, line.range.size_bytes());
  to.append(line.permissions, kPermissions);
  for (const uint64_t number :
       {line.offset_bytes, uint64_t{line.device_major}, uint64_t{line.device_minor}, line.inode})
    put_varint(to, number);
  put_text(to, line.path);
}

bool take_map(ByteCursor& cursor, MapsLine& line, VirtAddr behind) {
  line.range.start = behind + cursor.take_varint();
  line.range.end = line.range.start + cursor.take_varint();
  const std::string_view permissions = cursor.take_bytes(kPermissions);
  take_varint_as(cursor, line.offset_bytes);
  take_varint_as(cursor, line.device_major);
  take_varint_as(cursor, line.device_minor);
  take_varint_as(cursor, line.inode);
  if (!take_text(cursor, line.path) || !are_permissions(permissions)) return false;
  std::memcpy(line.permissions, permissions.data(), kPermissions);
  return line.range.start >= behind && !line.range.empty();
}

bool take_maps(ByteCursor& cursor, std::vector<MapsLine>& maps) {
  const uint64_t count = cursor.take_varint();
  if (count > kCallMapsMax) return false;
  VirtAddr behind{};
  for (uint64_t i = 0; i < count && !cursor.failed(); ++i) {
    MapsLine& line = maps.emplace_back();
    if (!take_map(cursor, line, behind)) return false;
    behind = line.range.end;
  }
  return !cursor.failed();
}

}  // namespace

bool encode_call(std::string& to, const TraceCall& call) {
  const std::size_t begin = to.size();
  const auto too_long = [](const std::string& path) { return path.size() > kCallPathBytesMax; };
  if (too_long(call.path) || call.maps.size() > kCallMapsMax) return false;
  to += static_cast<char>(call.kind);
  put_varint(to, call.task.pid);
  put_varint(to, call.task.tid);
  for (const uint64_t argument : call.arguments) put_varint(to, argument);
  put_varint(to, zigzag(static_cast<uint64_t>(call.result)));
  put_varint(to, call.file_bytes);
  put_text(to, call.path);
  put_varint(to, call.maps.size());
  VirtAddr behind{};
  for (const MapsLine& line : call.maps) {
    if (too_long(line.path) || to.size() - begin > kCallBytesMax) return false;
    put_map(to, line, behind);
    behind = line.range.end;
  }
  return to.size() - begin <= kCallBytesMax;
}

bool decode_call(std::string_view bytes, TraceCall& call) {
  if (bytes.size() > kCallBytesMax) return false;
  ByteCursor cursor(bytes);
  call = {};
  const auto kind = cursor.take_number<uint8_t>();
  if (kind >= kTraceCallKinds) return false;
  call.kind = static_cast<TraceCallKind>(kind);
  take_varint_as(cursor, call.task.pid);
  take_varint_as(cursor, call.task.tid);
  for (uint64_t& argument : call.arguments) argument = cursor.take_varint();
  call.result = static_cast<int64_t>(unzigzag(cursor.take_varint()));
  call.file_bytes = cursor.take_varint();
  return take_text(cursor, call.path) && take_maps(cursor, call.maps) && cursor.rest().empty();
}

}  // namespace faultline::trace
