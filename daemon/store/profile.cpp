// SPDX-License-Identifier: MIT
#include "store/profile.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "base/text.hpp"
#include "store/config_file.hpp"
#include "store/ini.hpp"

namespace sdme::store {

namespace {

using Setter = std::function<void(Profile&, const std::string&)>;

bool to_bool(const std::string& value) {
  if (value == "yes") return true;
  if (value == "no") return false;
  throw Error(Errc::kInvalidArgument, text::quoted(value) + " is neither yes nor no");
}

// A list over several lines adds up, as in systemd's files.
void append_words(std::vector<std::string>& to, const std::string& value, std::string (*check)(std::string_view)) {
  for (const auto& word : text::split(value, ' ')) {
    if (!word.empty()) to.push_back(check(word));
  }
}

std::string checked_call(std::string_view word) {
  std::string call(word);
  model::check_system_call(call);
  return call;
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> all = {
      {"Description", [](Profile& to, const std::string& value) { to.description = text::printable(value); }},
      {"PrivateNetwork", [](Profile& to, const std::string& value) { to.private_network = to_bool(value); }},
      {"UserNamespace", [](Profile& to, const std::string& value) { to.userns = to_bool(value); }},
      {"NoNewPrivileges",
       [](Profile& to, const std::string& value) { to.security.no_new_privileges = to_bool(value); }},
      {"ReadOnly", [](Profile& to, const std::string& value) { to.security.read_only = to_bool(value); }},
      {"Capabilities",
       [](Profile& to, const std::string& value) {
         append_words(to.security.capabilities, value, &model::parse_capability);
       }},
      {"DropCapabilities",
       [](Profile& to, const std::string& value) {
         append_words(to.security.drop_capabilities, value, &model::parse_capability);
       }},
      {"SystemCallFilter",
       [](Profile& to, const std::string& value) {
         append_words(to.security.system_call_filter, value, &checked_call);
       }},
      {"AppArmorProfile",
       [](Profile& to, const std::string& value) {
         model::check_apparmor_profile(value);
         to.security.apparmor_profile = value;
       }},
  };
  return all;
}

void assign(Profile& profile, const Assignment& assignment) {
  const auto setter = setters().find(assignment.key);
  if (assignment.section != "Profile" || setter == setters().end()) {
    throw Error(Errc::kInvalidArgument, "there is no setting " + text::quoted(assignment.key) + " in section [" +
                                            text::printable(assignment.section) + "]");
  }
  while_doing(assignment.key, [&] { setter->second(profile, assignment.value); });
}

// "" where a link to /dev/null takes a vendor's away.
std::string content_of(const std::string& name, const std::string& path) {
  try {
    if (auto text = trusted_text(path)) return *text;
    throw Error(Errc::kNotFound, "it is a link to where there is nothing that sdmed sees");
  } catch (const Error& error) {
    throw Error(Errc::kCorrupt, "security profile " + text::quoted(name) + ": " + error.message());
  }
}

}  // namespace

Profile parse_profile(const std::string& name, const std::string& text) {
  Profile profile;
  std::vector<std::string> faults;
  try {
    for (const auto& assignment : parse_ini(text, faults)) assign(profile, assignment);
    if (!faults.empty()) throw Error(Errc::kInvalidArgument, faults.front());
    profile.security.check();
  } catch (const Error& error) {
    throw Error(Errc::kCorrupt, "security profile " + text::quoted(name) + ": " + error.message());
  }
  profile.security.profile = name;
  return profile;
}

std::vector<std::string> profile_directories() { return {layout::kVendorProfiles, layout::kProfiles}; }

Profile find_profile(const std::string& name, const std::vector<std::string>& directories) {
  std::vector<std::string> faults;
  const auto files = config_files(directories, faults);
  if (!faults.empty()) throw Error(Errc::kCorrupt, faults.front());  // a stricter namesake may be in there
  if (const auto file = files.find(name + ".conf"); file != files.end()) {
    const auto content = content_of(name, file->second);
    if (!content.empty()) return parse_profile(name, content);
  }
  std::vector<std::string> names;
  for (const auto& [file, path] : files) names.push_back(file.substr(0, file.rfind('.')));
  std::erase(names, name);
  throw Error(Errc::kNotFound, "there is no security profile " + text::quoted(name) +
                                   (names.empty() ? "" : "; there are " + text::printable(text::join(names, ", "))));
}

}  // namespace sdme::store
