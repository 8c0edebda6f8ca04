// SPDX-License-Identifier: MIT
#include "definition_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "definition_flags.hpp"
#include "failure.hpp"
#include "json.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t kNoLimit = UINT64_MAX;

enum class Kind { kSize, kCount, kCpus, kFlag, kWord, kList };

struct Row {
  const char* key;
  Kind kind;
  const char* meaning;
};

constexpr std::array kAtOnce = {
    Row{"memory", Kind::kSize, "how much it may use, such as 512M"},
    Row{"swap", Kind::kSize, "how much of it may be swapped out; as much as memory where this is none"},
    Row{"cpus", Kind::kCpus, "how many processors' time, such as 1.5"},
    Row{"cpu-weight", Kind::kCount, "its share of the processors, 1 to 10000; 100 is usual"},
    Row{"io-weight", Kind::kCount, "its share of the disks, likewise"},
    Row{"tasks", Kind::kCount, "how many processes and threads"},
    Row{"disk", Kind::kSize, "how much it may write to its root"},
    Row{"ports", Kind::kList, "[ADDRESS:][HOST:]CONTAINER[/tcp|/udp]"},
    Row{"binds", Kind::kList, "SOURCE:DESTINATION[:ro,dev,suid]"},
    Row{"restart", Kind::kWord, "no, on-failure"},
    Row{"requires", Kind::kList, "containers that are started before it"},
    Row{"protected", Kind::kFlag, "refuse to remove it"},
    Row{"ephemeral", Kind::kFlag, "remove it when it was started and has stopped"},
};
constexpr std::array kAtNextStart = {
    Row{"network", Kind::kWord, "host, private, veth, zone:NAME, bridge:NAME, macvlan:INTERFACE, pod:NAME"},
    Row{"oci-pod", Kind::kWord, "the pod whose network its OCI applications are in, and nothing else of it"},
    Row{"userns", Kind::kFlag, "a user namespace"},
    Row{"environment", Kind::kList, "NAME=VALUE, of all that runs inside"},
    Row{"capabilities", Kind::kList, "those it has besides the usual ones"},
    Row{"drop-capabilities", Kind::kList, "those of the usual ones that it has not"},
    Row{"no-new-privileges", Kind::kFlag, "nothing inside gains rights, as sudo would"},
    Row{"read-only", Kind::kFlag, "its root cannot be written to"},
    Row{"system-call-filter", Kind::kList, "system calls or @groups that it may use, or ~those that it may not"},
    Row{"apparmor-profile", Kind::kWord, "what it is confined by"},
};

const Row* find_row(const std::string& key) {
  for (const auto& rows : {std::span<const Row>(kAtOnce), std::span<const Row>(kAtNextStart)}) {
    const auto found = std::ranges::find(rows, key, [](const Row& row) { return std::string(row.key); });
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& [shift, unit] : {std::pair{40, 'T'}, {30, 'G'}, {20, 'M'}, {10, 'K'}}) {
    if (bytes > 0 && bytes % (std::uint64_t{1} << shift) == 0) return fmt::format("{}{}", bytes >> shift, unit);
  }
  return std::to_string(bytes);
}

JsonValue value_in(const Dict& container, const Row& row) {
  const auto found = container.find(row.key);
  switch (row.kind) {
    case Kind::kSize:
      return found == container.end() ? "none" : size_text(found->second.get<std::uint64_t>());
    case Kind::kCount:
    case Kind::kCpus:
      return found == container.end() ? JsonValue("none") : json_of(found->second);
    case Kind::kFlag:
      return value_of<bool>(container, row.key);
    case Kind::kWord:
      return value_of<std::string>(container, row.key);
    case Kind::kList:
      return value_of<Strings>(container, row.key);
  }
  return {};
}

void add_rows(std::string& text, std::span<const Row> rows, const Dict& container) {
  for (const auto& row : rows)
    text += fmt::format("\n# {}\n{} = {}\n", row.meaning, row.key, value_in(container, row).dump());
}

[[noreturn]] void refuse(std::size_t line, const std::string& why) {
  throw Failure(exit_code::kUsage, fmt::format("line {}: {}", line, why));
}

struct Said {
  std::size_t line;
  JsonValue value;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A list may go over several lines.
bool is_open(const std::string& value) { return value.starts_with('[') && !value.ends_with(']'); }

std::map<std::string, Said> parse(const std::string& text) {
  std::map<std::string, Said> all;
  std::istringstream stream(text);
  std::size_t number = 0;
  for (std::string raw; std::getline(stream, raw);) {
    ++number;
    const auto line = trimmed(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const auto begin = number;
    const auto equals = line.find('=');
    const auto key = trimmed(line.substr(0, equals));
    if (equals == std::string::npos) refuse(begin, fmt::format("'{}' is not of the form KEY = VALUE", printable(line)));
    if (find_row(key) == nullptr) refuse(begin, fmt::format("there is no '{}' to change", printable(key)));
    auto value = trimmed(line.substr(equals + 1));
    for (std::string more; is_open(value) && std::getline(stream, more); ++number)
      value = trimmed(value + " " + trimmed(more));
    auto parsed = JsonValue::parse(value, nullptr, false);
    if (parsed.is_discarded()) {
      refuse(begin, fmt::format("{} = {}: words are in quotes, as \"512M\", and lists in brackets, as [\"a\", \"b\"]",
                                key, printable(value)));
    }
    if (!all.emplace(key, Said{begin, std::move(parsed)}).second)
      refuse(begin, fmt::format("'{}' is there twice", key));
  }
  return all;
}

std::uint64_t number_of(const std::string& key, const Said& said) {
  if (said.value == "none") return kNoLimit;
  if (!said.value.is_number_unsigned()) refuse(said.line, fmt::format("{} is a whole number, or \"none\"", key));
  return said.value.get<std::uint64_t>();
}

sdbus::Variant variant_of(const std::string& key, const Row& row, const Said& said) {
  const auto& value = said.value;
  switch (row.kind) {
    case Kind::kSize:
      return sdbus::Variant(value.is_string()
                                ? parse_size(fmt::format("line {}: {}", said.line, key), value.get<std::string>())
                                : number_of(key, said));
    case Kind::kCount:
      return sdbus::Variant(number_of(key, said));
    case Kind::kCpus:
      if (value == "none") return sdbus::Variant(0.0);
      if (!value.is_number() || value.get<double>() <= 0) refuse(said.line, "cpus is a positive number, or \"none\"");
      return sdbus::Variant(value.get<double>());
    case Kind::kFlag:
      if (!value.is_boolean()) refuse(said.line, fmt::format("{} is true or false", key));
      return sdbus::Variant(value.get<bool>());
    case Kind::kWord:
      if (!value.is_string()) refuse(said.line, fmt::format("{} is a word in quotes", key));
      return sdbus::Variant(value.get<std::string>());
    case Kind::kList:
      break;
  }
  const bool words =
      value.is_array() && std::ranges::all_of(value, [](const JsonValue& item) { return item.is_string(); });
  if (!words) refuse(said.line, fmt::format("{} is a list of words, as [\"a\", \"b\"]", key));
  return sdbus::Variant(value.get<Strings>());
}

// The two lists of capabilities only gain: what is in neither is as usual, which a profile says.
void check_capabilities(const std::string& key, const Said& said, const JsonValue& before, const Dict& changes) {
  if (!key.ends_with("capabilities")) return;
  const auto other = value_of<Strings>(changes, key == "capabilities" ? "drop-capabilities" : "capabilities");
  for (const auto& was : before) {
    const bool is_in = std::ranges::contains(said.value, was) || std::ranges::contains(other, was.get<std::string>());
    if (!is_in)
      refuse(said.line,
             fmt::format("{} cannot just go from {}: move it to the other list, or set a profile", was.dump(), key));
  }
}

std::string opposite(const std::string& call) { return call.starts_with('~') ? call.substr(1) : "~" + call; }

// Nor does the filter lose anything.
void check_filter(const std::string& key, const Said& said, const JsonValue& before) {
  if (key != "system-call-filter") return;
  for (const auto& was : before) {
    if (std::ranges::contains(said.value, was)) continue;
    const auto other = opposite(was.get<std::string>());
    if (!std::ranges::contains(said.value, JsonValue(other)))
      refuse(said.line, fmt::format("{} cannot just go: say \"{}\" instead, or set a profile", was.dump(), other));
  }
}

}  // namespace

std::string definition_text(const Dict& container) {
  std::string text = fmt::format(
      "# Container {}. Lines that begin with # count for nothing; what is left out stays as it is.\n"
      "# \"none\" takes a limit away.\n\n# ---- counts at once ----\n",
      value_of<std::string>(container, "name"));
  add_rows(text, kAtOnce, container);
  text += "\n# ---- counts at the next start ----\n";
  add_rows(text, kAtNextStart, container);
  return text;
}

Dict definition_changes(const std::string& before, const std::string& after) {
  const auto was = parse(before);
  const auto is = parse(after);
  Dict changes;
  const auto value_before = [&](const std::string& key) { return was.contains(key) ? was.at(key).value : JsonValue(); };
  for (const auto& [key, said] : is) {
    if (value_before(key) != said.value) changes[key] = variant_of(key, *find_row(key), said);
  }
  for (const auto& [key, value] : changes) {
    check_capabilities(key, is.at(key), value_before(key), changes);
    check_filter(key, is.at(key), value_before(key));
  }
  return changes;
}

}  // namespace sdme::client
