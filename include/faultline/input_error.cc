#include "faultline/input_error.h"

namespace faultline {

std::string InputError::to_string() const {
  std::string text = file;
  if (line != 0) text += ":" + std::to_string(line);
  if (line != 0 && column != 0) text += ":" + std::to_string(column);
  if (byte_offset) text += (text.empty() ? "byte " : ": byte ") + std::to_string(*byte_offset);
  return text.empty() ? message : text + ": " + message;
}

}  // namespace faultline
