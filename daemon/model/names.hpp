// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace sdme::model {

// A name that is valid by construction: [a-z][a-z0-9-]{0,63}. So it is a path component, a unit
// instance and a machine name as it stands, and nobody downstream checks it again.
class Name {
 public:
  // InvalidArgument, saying what a name may be; `kind` is "container name", for the sentence.
  static Name parse(std::string_view text, std::string_view kind);

  const std::string& str() const { return text_; }
  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// One type a kind, so that a rootfs cannot be started and a container not imported over.
struct ContainerName : Name {
  static ContainerName parse(std::string_view text);  // does not end with '-': machined(8) wants that
};
struct RootfsName : Name {
  static RootfsName parse(std::string_view text) { return RootfsName{Name::parse(text, "root filesystem name")}; }
};

}  // namespace sdme::model
