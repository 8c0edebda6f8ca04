// SPDX-License-Identifier: MIT
#include "archive/owner_names.hpp"

#include <limits>
#include <ranges>
#include <vector>

#include "base/text.hpp"

namespace sdme::archive {

namespace {

constexpr std::size_t kFileLimit = 4 * 1024 * 1024;
constexpr std::size_t kIdField = 2;  // passwd(5), group(5)

}  // namespace

OwnerNames::OwnerNames(const os::Dir& tree) : users_(ids_of(tree, "etc/passwd")), groups_(ids_of(tree, "etc/group")) {}

// As getpwnam(3) does it: the first line of a name counts.
OwnerNames::Ids OwnerNames::ids_of(const os::Dir& tree, const std::string& file) {
  Ids ids;
  const auto content = tree.find_text(file, kFileLimit).value_or("");
  for (const auto line : content | std::views::split('\n')) {
    const auto fields =
        line | std::views::split(':') | std::views::take(kIdField + 1) | std::ranges::to<std::vector<std::string>>();
    const auto id = fields.size() > kIdField ? text::to_unsigned(fields[kIdField]) : std::nullopt;
    if (!id || *id >= std::numeric_limits<std::uint32_t>::max()) continue;
    ids.try_emplace(fields[0], static_cast<std::uint32_t>(*id));
  }
  return ids;
}

std::optional<std::uint32_t> OwnerNames::find(const Ids& ids, const std::string& name) {
  const auto found = ids.find(name);
  if (found == ids.end()) return std::nullopt;
  return found->second;
}

}  // namespace sdme::archive
