// SPDX-License-Identifier: MIT
#include <algorithm>
#include <sstream>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "store/store.hpp"

// The members of Store that give containers other names.
namespace sdme::store {

namespace {

constexpr mode_t kRecordMode = 0600;

}  // namespace

std::vector<std::string> Store::former_names(const os::Dir& entry) {
  std::vector<std::string> names;
  std::istringstream lines(entry.find_text(layout::kFormerNames, kLargestRecord).value_or(""));
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  return names;
}

// 1. former-names is written                  crash: the old name; its own name among them counts for nothing
// 2. containers/NAME becomes containers/TO   crash: the new name; when it is read its record is taken for what it is
// 3. its record and those that require it    crash: sweep() does it
void Store::rename_container(const std::string& name, const model::ContainerName& to) {
  if (catalogue_.find_container(name) == nullptr)
    throw Error(Errc::kNotFound, "there is no container " + text::quoted(name));
  check_name_free(to);
  const auto entry = containers_.open_dir(name);
  auto names = former_names(entry);
  std::erase(names, name);
  std::erase(names, to.str());
  names.push_back(name);
  entry.write(layout::kFormerNames, text::join(names, "\n") + "\n", kRecordMode);
  containers_.rename(name, containers_, to.str());
  catalogue_.erase(Kind::kContainer, name);
  load_entry(Kind::kContainer, containers_, to.str());
  try {
    containers_.sync();
    follow_rename(name, to);
  } catch (const Error& error) {
    // It has its new name: who asked for that is not told that it failed.
    log::warning("container " + text::quoted(name) + " is now " + text::quoted(to.str()) +
                 "; what is left is done at the next start: " + error.message());
  }
}

void Store::follow_rename(const std::string& former, const model::ContainerName& now) {
  const auto* own = catalogue_.find_container(now.str());
  if (own == nullptr) return;
  const auto text = own->to_text();
  if (containers_.open_dir(now.str()).read(layout::kRecord, kLargestRecord) != text)
    rewrite(Kind::kContainer, now.str(), text);
  if (catalogue_.find_container(former) != nullptr) return;  // another's by now
  const auto all = catalogue_.containers();
  for (auto [name, record] : all) {
    auto& required = record.definition.requirements;
    if (!std::ranges::contains(required, former)) continue;
    std::ranges::replace(required, former, now.str());
    rewrite(Kind::kContainer, name, record.to_text());
  }
}

void Store::finish_renames() {
  const auto all = catalogue_.containers();
  for (const auto& [name, record] : all) {
    const auto entry = containers_.open_dir(name);
    auto names = former_names(entry);
    for (const auto& former : names) {
      if (former != name) follow_rename(former, record.name);
    }
    if (std::erase(names, name) == 0) continue;
    names.empty() ? entry.remove(layout::kFormerNames)
                  : entry.write(layout::kFormerNames, text::join(names, "\n") + "\n", kRecordMode);
  }
}

}  // namespace sdme::store
