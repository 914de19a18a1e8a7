// VmaName: the label of a mapping that has no file, as /proc/PID/maps shows it: "[vdso]",
// "[anon:...]". Linux's struct anon_vma_name, and vm_ops->name().
//
// Hardly any VMA has one, and there can be very many VMAs: one without a name spends a pointer on
// it. Owns: its text; a copy has its own. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace faultline::mm {

class VmaName {
 public:
  VmaName() = default;
  explicit VmaName(std::string_view text) : text_(make(text)) {}
  VmaName(const VmaName& other) : text_(make(other.text())) {}
  VmaName(VmaName&&) noexcept = default;
  VmaName& operator=(const VmaName& other) {
    text_ = make(other.text());
    return *this;
  }
  VmaName& operator=(VmaName&&) noexcept = default;
  ~VmaName() = default;

  bool empty() const { return text_ == nullptr; }
  std::string_view text() const { return empty() ? std::string_view{} : *text_; }
  friend bool operator==(const VmaName& a, const VmaName& b) { return a.text() == b.text(); }

 private:
  using Text = std::unique_ptr<const std::string>;
  static Text make(std::string_view text) {
    return text.empty() ? nullptr : std::make_unique<const std::string>(text);
  }

  Text text_;  // null: no name
};

}  // namespace faultline::mm
