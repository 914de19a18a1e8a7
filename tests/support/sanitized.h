// Whether this build is one with AddressSanitizer, by either compiler: what takes long does less
// then.
#pragma once

namespace faultline::testing {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace faultline::testing
