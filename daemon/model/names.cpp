// SPDX-License-Identifier: MIT
#include "model/names.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::model {

namespace {

constexpr std::size_t kLongest = 64;  // HOST_NAME_MAX, hostname(7)

bool may_stand_in_name(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

Name Name::parse(std::string_view text, std::string_view kind) {
  const bool begins_well = !text.empty() && text[0] >= 'a' && text[0] <= 'z';
  if (!begins_well || text.size() > kLongest || !std::ranges::all_of(text, may_stand_in_name)) {
    throw Error(
        Errc::kInvalidArgument,
        text::quoted(text) + " is not a valid " + std::string(kind) +
            ": it must begin with a lower-case letter and hold only lower-case letters, digits and '-', at most 64");
  }
  return Name(std::string(text));
}

ContainerName ContainerName::parse(std::string_view text) {
  auto name = Name::parse(text, "container name");
  if (text.ends_with('-')) {
    throw Error(Errc::kInvalidArgument,
                text::quoted(text) + " is not a valid container name: no machine is called what ends with '-'");
  }
  return ContainerName{std::move(name)};
}

}  // namespace sdme::model
