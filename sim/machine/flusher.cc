#include "sim/machine/flusher.h"

#include <algorithm>

namespace faultline::machine {
namespace {

constexpr base::Ticks kTicksPerSecond = 1'000'000;
constexpr base::Ticks kTicksPerCentisecond = kTicksPerSecond / 100;

}  // namespace

uint64_t Flusher::background_pages() const {
  const VmSettings& settings = parts_.settings;
  const cache::PageCache& cache = parts_.cache;
  // Memory that can hold pages of files: what is free and what holds some.
  const uint64_t free = parts_.frames - std::min(parts_.frames, parts_.allocator.in_use());
  const uint64_t available = free + cache.cached_disk_pages();
  const auto limit = [&](uint64_t bytes, uint64_t ratio) {
    return bytes != 0 ? cache.page_size().pages(cache.page_size().align_up(bytes))
                      : available / 100 * ratio + available % 100 * ratio / 100;
  };
  const uint64_t throttle = limit(settings.dirty_bytes, settings.dirty_ratio);
  const uint64_t background =
      limit(settings.dirty_background_bytes, settings.dirty_background_ratio);
  return background < throttle ? background : throttle / 2;
}

void Flusher::write_background(hw::TlbGather& gather) {
  const uint64_t limit = background_pages();
  while (parts_.cache.dirty_pages() > limit && parts_.cache.write_back_oldest(gather)) {
  }
}

std::optional<base::Ticks> Flusher::plan_wake() {
  const base::Ticks interval = parts_.settings.dirty_writeback_centisecs * kTicksPerCentisecond;
  const base::Ticks expire = parts_.settings.dirty_expire_centisecs * kTicksPerCentisecond;
  const base::Ticks now = parts_.clock.now();
  const std::optional<base::Ticks> oldest = parts_.cache.dirty_since();
  if (interval == 0 || !oldest) {
    wakes_at_.reset();
    return std::nullopt;
  }
  if (!wakes_at_) wakes_at_ = now + interval;
  const base::Ticks due = std::max(*oldest + expire, now);
  if (due <= *wakes_at_) return wakes_at_;
  return *wakes_at_ + (due - *wakes_at_ + interval - 1) / interval * interval;
}

Result<void> Flusher::sleep(uint64_t seconds, hw::TlbGather& gather) {
  // Half of the ticks there are, so that no sum of them wraps.
  constexpr base::Ticks kEndOfTime = base::Ticks{1} << 63;
  if (seconds > (kEndOfTime - parts_.clock.now()) / kTicksPerSecond) return Errno::kEINVAL;
  const base::Ticks end = parts_.clock.now() + seconds * kTicksPerSecond;
  for (auto wake_at = plan_wake(); wake_at && *wake_at <= end; wake_at = plan_wake()) {
    parts_.clock.advance(*wake_at - parts_.clock.now());
    wake(gather);
  }
  parts_.clock.advance(end - parts_.clock.now());
  return {};
}

void Flusher::wake(hw::TlbGather& gather) {
  const base::Ticks expire = parts_.settings.dirty_expire_centisecs * kTicksPerCentisecond;
  wakes_at_ = parts_.clock.now();
  for (auto oldest = parts_.cache.dirty_since(); oldest && *oldest + expire <= *wakes_at_;
       oldest = parts_.cache.dirty_since()) {
    parts_.cache.write_back_oldest(gather);
  }
}

}  // namespace faultline::machine
