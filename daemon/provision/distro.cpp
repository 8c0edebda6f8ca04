// SPDX-License-Identifier: MIT
#include "provision/distro.hpp"

#include <sys/capability.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/config_file.hpp"
#include "store/ini.hpp"
#include "store/settings.hpp"

namespace sdme::provision {

namespace {

constexpr std::uint64_t kLongestTimeout = 24 * 60 * 60;

std::vector<std::string> words(const std::string& text) {
  auto list = text::split(text, ' ');
  std::erase(list, "");
  return list;
}

bool is_assignment(std::string_view text) {
  const auto name = text.substr(0, text.find('='));
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto fits = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return name.size() < text.size() && !name.empty() && is_letter(name[0]) && std::ranges::all_of(name, fits);
}

// As systemd-nspawn writes them, and libcap in small letters.
bool is_capability(const std::string& name) {
  cap_value_t value = 0;
  const bool one_word = name.find(',') == std::string::npos;  // libcap reads no further
  return one_word && name.starts_with("CAP_") && cap_from_name(name.c_str(), &value) == 0;
}

// Returns the end of the sentence "Key='value' …", or "" when the line was taken.
std::string assign(Distro& distro, const store::Assignment& line) {
  const auto key = line.section + "/" + line.key;
  if (key == "Distro/Ids") {
    distro.ids = words(line.value);
  } else if (key == "Distro/Refusal") {
    distro.refusal = text::printable(line.value);
  } else if (key == "Install/Tool") {
    distro.tool = text::printable(line.value);
  } else if (key == "Install/Command") {
    distro.commands.push_back(line.value);
  } else if (key == "Install/Environment") {
    if (!is_assignment(line.value)) return "is not NAME=VALUE";
    distro.environment.push_back(line.value);
  } else if (key == "Install/Capabilities") {
    auto names = words(line.value);
    if (!std::ranges::all_of(names, is_capability)) return "has a word that is no capability";
    distro.capabilities = std::move(names);
  } else if (key == "Install/TimeoutSec") {
    const auto time = store::parse_time(line.value);
    if (!time || *time == 0 || *time > kLongestTimeout) return "is not a time from 1s to 1d";
    distro.timeout = std::chrono::seconds(*time);
  } else if (key == "Install/Network") {
    if (line.value != "yes" && line.value != "no") return "is neither yes nor no";
    distro.network = line.value == "yes";
  } else {
    return "is not known in section " + text::quoted("[" + line.section + "]");
  }
  return "";
}

bool knows(const Distro& distro, const std::string& id) { return std::ranges::contains(distro.ids, id); }

std::vector<std::string> ids_of(const std::map<std::string, std::string>& os_release) {
  std::vector<std::string> ids;
  for (const char* key : {"ID", "ID_LIKE"}) {
    if (const auto found = os_release.find(key); found != os_release.end()) {
      for (auto& word : words(found->second)) ids.push_back(std::move(word));
    }
  }
  return ids;
}

std::vector<Distro> read_all(const std::vector<std::string>& directories, std::vector<std::string>& faults) {
  std::vector<Distro> distros;
  for (const auto& [name, path] : store::config_files(directories, faults)) {
    try {
      std::vector<std::string> wrong;
      if (const auto text = store::trusted_text(path)) {
        distros.push_back(parse_distro(name.substr(0, name.rfind('.')), *text, wrong));
      }
      for (const auto& sentence : wrong) faults.push_back(path + ": " + sentence);
    } catch (const Error& error) {
      faults.push_back(path + " is not read: " + error.message());
    }
  }
  return distros;
}

}  // namespace

Distro parse_distro(const std::string& name, const std::string& text, std::vector<std::string>& faults) {
  Distro distro{.name = name, .tool = "its package manager"};
  for (const auto& line : store::parse_ini(text, faults)) {
    const auto wrong = assign(distro, line);
    if (!wrong.empty()) faults.push_back(text::printable(line.key + "=" + line.value) + " " + wrong);
  }
  for (auto& fault : faults) fault += "; the line is ignored";
  return distro;
}

std::vector<std::string> distro_directories() { return {layout::kVendorDistros, layout::kDistros}; }

std::optional<Distro> find_distro(const std::vector<std::string>& directories,
                                  const std::map<std::string, std::string>& os_release,
                                  std::vector<std::string>& faults) {
  auto distros = read_all(directories, faults);
  for (const auto& id : ids_of(os_release)) {
    const auto found = std::ranges::find_if(distros, [&](const Distro& distro) { return knows(distro, id); });
    if (found != distros.end()) return std::move(*found);
  }
  return std::nullopt;
}

}  // namespace sdme::provision
