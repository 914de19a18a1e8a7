#include "sim/record/guest_layout.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "sim/record/elf_segments.h"
#include "sim/replay/maps_file.h"

namespace faultline::record {
namespace {

constexpr uint64_t kPageBytes = 4096;

bool is_file(const MapsLine& line) { return line.path.starts_with('/'); }

// Where QEMU's own mappings begin; null: the address lies in none.
std::optional<VirtAddr> start_of_qemu(const std::vector<MapsLine>& lines, VirtAddr within) {
  const auto has_it = [within](const MapsLine& line) { return line.range.contains(within); };
  auto own = std::find_if(lines.begin(), lines.end(), has_it);
  if (own == lines.end()) return std::nullopt;
  while (own != lines.begin() && std::prev(own)->path == own->path &&
         std::prev(own)->range.end == own->range.start)
    --own;
  return own->range.start;
}

// The segments of the files that are loaded, where they lie, ascending.
std::vector<ElfSegment> loaded_segments(const std::vector<MapsLine>& lines) {
  std::vector<ElfSegment> loaded;
  for (const MapsLine& line : lines) {
    // A file is loaded from its beginning on.
    if (!is_file(line) || line.offset_bytes != 0) continue;
    std::vector<ElfSegment> segments = read_elf_segments(line.path);
    if (segments.empty()) continue;
    const uint64_t bias = line.range.start.value - segments.front().range.start.value;
    for (ElfSegment& segment : segments) {
      segment.range.start = segment.range.start + bias;
      segment.range.end = segment.range.end + bias;
      if (loaded.empty() || loaded.back().range.end <= segment.range.start)
        loaded.push_back(segment);
    }
  }
  return loaded;
}

// Adds `line`, parted where the rights of the segments in it differ.
void add_with_rights(MapsLine line, const std::vector<ElfSegment>& segments,
                     std::vector<MapsLine>& out) {
  const auto add_up_to = [&](VirtAddr end, const ElfSegment* segment) {
    MapsLine piece = line;
    piece.range.end = end;
    if (segment != nullptr) std::copy_n(segment->permissions, 3, piece.permissions);
    if (!piece.range.empty()) out.push_back(piece);
    if (is_file(line)) line.offset_bytes += end - line.range.start;
    line.range.start = end;
  };
  const VirtAddr end = line.range.end;
  for (const ElfSegment& segment : segments) {
    if (!segment.range.overlaps({line.range.start, end})) continue;
    add_up_to(std::max(segment.range.start, line.range.start), nullptr);
    add_up_to(std::min(segment.range.end, end), &segment);
  }
  add_up_to(end, nullptr);
}

// QEMU maps the stack whole, behind one page that is to be left alone.
void name_stack(std::vector<MapsLine>& lines) {
  for (size_t i = 1; i < lines.size(); ++i) {
    const MapsLine& guard = lines[i - 1];
    if (guard.path.empty() && guard.range.size_bytes() == kPageBytes &&
        std::string_view(guard.permissions) == "---p" && lines[i].path.empty() &&
        guard.range.end == lines[i].range.start) {
      lines[i].path = "[stack]";
      return;
    }
  }
}

}  // namespace

Result<std::vector<MapsLine>, InputError> guest_layout(const std::string& maps,
                                                       uint64_t address_of_qemu) {
  auto lines = replay::parse_maps("/proc/self/maps", maps);
  if (!lines) return lines.error();
  const auto qemu = start_of_qemu(*lines, {address_of_qemu});
  if (!qemu) return InputError{.message = "the maps of QEMU do not show QEMU"};
  std::erase_if(*lines, [&](const MapsLine& line) { return line.range.start >= *qemu; });
  const std::vector<ElfSegment> segments = loaded_segments(*lines);
  std::vector<MapsLine> layout;
  for (const MapsLine& line : *lines) add_with_rights(line, segments, layout);
  name_stack(layout);
  return layout;
}

}  // namespace faultline::record
