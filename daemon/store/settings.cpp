// SPDX-License-Identifier: MIT
#include "store/settings.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/definition.hpp"
#include "os/dir.hpp"
#include "store/config_file.hpp"
#include "store/ini.hpp"

namespace sdme::store {

namespace {

using Kind = SettingRow::Kind;

constexpr std::uint64_t kDay = 24 * 60 * 60;
constexpr std::uint64_t kTera = std::uint64_t{1} << 40U;
constexpr std::uint64_t kMega = 1U << 20U;
constexpr std::size_t kLongestMachineId = 64;

struct Unit {
  std::string_view word;
  std::uint64_t factor;
};

constexpr Unit kByteUnits[] = {{"", 1}, {"K", 1U << 10U}, {"M", kMega}, {"G", 1U << 30U}, {"T", kTera}};
constexpr Unit kCountUnits[] = {
    {"", 1}, {"K", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}, {"T", 1'000'000'000'000}};
constexpr Unit kTimeUnits[] = {{"", 1}, {"s", 1}, {"sec", 1}, {"min", 60}, {"m", 60}, {"h", 60 * 60}, {"d", kDay}};

// "50G": digits, then at most one unit. Takes it from the front of `text`.
std::optional<std::uint64_t> take_term(std::string_view& text, std::span<const Unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = text::to_unsigned(text.substr(0, digits));
  text.remove_prefix(digits);
  const auto letters = std::min(text.find_first_of("0123456789 "), text.size());
  const auto unit = std::ranges::find(units, text.substr(0, letters), &Unit::word);
  text.remove_prefix(letters);
  std::uint64_t value = 0;
  if (!number || unit == units.end() || __builtin_mul_overflow(*number, unit->factor, &value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> to_amount(std::string_view text, std::span<const Unit> units) {
  const auto value = take_term(text, units);
  return text.empty() ? value : std::nullopt;
}

std::optional<std::uint64_t> to_number(Kind kind, std::string_view text) {
  if (kind == Kind::kTime) return parse_time(text);
  return to_amount(text, kind == Kind::kBytes ? std::span<const Unit>(kByteUnits) : kCountUnits);
}

// As the administrator would write it: the largest unit that leaves no rest.
std::string in_words(Kind kind, std::uint64_t value) {
  const auto units = kind == Kind::kTime    ? std::span<const Unit>(kTimeUnits)
                     : kind == Kind::kBytes ? std::span<const Unit>(kByteUnits)
                                            : std::span<const Unit>(kCountUnits);
  const Unit* best = units.data();
  for (const auto& unit : units) {
    if (value != 0 && value % unit.factor == 0 && unit.factor > best->factor) best = &unit;
  }
  const bool seconds = kind == Kind::kTime && best->factor == 1;
  return std::to_string(value / best->factor) + (seconds ? "s" : std::string(best->word));
}

std::vector<std::string> to_list(const std::string& value) {
  std::string spaced = value;
  std::ranges::replace(spaced, ',', ' ');
  std::ranges::replace(spaced, '\t', ' ');
  auto list = text::split(spaced, ' ');
  std::erase(list, "");
  return list;
}

// Throws InvalidArgument with the end of the sentence "Key='value' …".
void assign_list(Settings& settings, const SettingRow& row, const std::string& value) {
  auto list = to_list(value);
  if (list.size() > row.largest) {
    throw Error(Errc::kInvalidArgument, "has more than " + std::to_string(row.largest) + " entries");
  }
  for (const auto& item : list) {
    while_doing("is refused",
                [&] { row.kind == Kind::kOpaqueDirs ? model::check_opaque_dir(item) : model::check_unit_name(item); });
  }
  settings.*std::get<std::vector<std::string> Settings::*>(row.member) = std::move(list);
}

void assign_number(Settings& settings, const SettingRow& row, const std::string& value) {
  const auto number = to_number(row.kind, value);
  if (!number || *number < row.smallest || *number > row.largest) {
    const auto* kind = row.kind == Kind::kTime ? "a time" : row.kind == Kind::kBytes ? "a size" : "a number";
    throw Error(Errc::kInvalidArgument, std::string("is not ") + kind + " from " + in_words(row.kind, row.smallest) +
                                            " to " + in_words(row.kind, row.largest));
  }
  if (const auto* member = std::get_if<std::uint64_t Settings::*>(&row.member)) {
    settings.** member = *number;
  } else {
    settings.*std::get<std::chrono::seconds Settings::*>(row.member) = std::chrono::seconds(*number);
  }
}

// Words such as a URL: no blanks, nothing that is not shown.
void assign_text(Settings& settings, const SettingRow& row, const std::string& value) {
  if (value.size() > row.largest || value.find(' ') != std::string::npos || text::printable(value) != value) {
    throw Error(Errc::kInvalidArgument,
                "is not one printable word of at most " + std::to_string(row.largest) + " bytes");
  }
  settings.*std::get<std::string Settings::*>(row.member) = value;
}

void assign_value(Settings& settings, const SettingRow& row, const std::string& value) {
  switch (row.kind) {
    case Kind::kOpaqueDirs:
    case Kind::kUnitNames:
      return assign_list(settings, row, value);
    case Kind::kPool:
      if (!value.empty()) while_doing("is refused", [&] { model::AddressPool::parse(value); });
      return assign_text(settings, row, value);
    case Kind::kText:
      return assign_text(settings, row, value);
    default:
      return assign_number(settings, row, value);
  }
}

void assign(Settings& settings, const Assignment& assignment, const std::string& file) {
  const auto& rows = setting_rows();
  const auto warn = [&](const std::string& sentence) { settings.warnings.push_back(file + ": " + sentence); };
  const auto row = std::ranges::find_if(
      rows, [&](const SettingRow& one) { return one.section == assignment.section && one.key == assignment.key; });
  if (row == rows.end()) {
    const bool known_section = std::ranges::contains(rows, assignment.section, &SettingRow::section);
    return warn(known_section
                    ? "there is no setting " + text::quoted(assignment.key) + " in section [" + assignment.section + "]"
                    : "there is no section " + text::quoted("[" + assignment.section + "]"));
  }
  try {
    assign_value(settings, *row, assignment.value);
  } catch (const Error& error) {
    warn(row->key + "=" + text::printable(assignment.value) + " " + error.message() + "; the line is ignored");
  }
}

void read_file(Settings& settings, const std::string& path) {
  try {
    const auto text = trusted_text(path);
    if (!text) return;
    std::vector<std::string> faults;
    for (const auto& assignment : parse_ini(*text, faults)) assign(settings, assignment, path);
    for (const auto& fault : faults) settings.warnings.push_back(path + ": " + fault + "; the line is ignored");
  } catch (const Error& error) {
    settings.warnings.push_back(path + " is not read: " + error.message());
  }
}

}  // namespace

std::optional<std::uint64_t> parse_time(std::string_view text) {
  std::uint64_t sum = 0;
  do {
    const auto term = take_term(text, kTimeUnits);
    if (!term || __builtin_add_overflow(sum, *term, &sum)) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  } while (!text.empty());
  return sum;
}

Settings Settings::read(const SettingsFiles& files) {
  Settings settings;
  const auto drop_ins = config_files({files.vendor, files.drop_ins}, settings.warnings);
  read_file(settings, files.file);
  for (const auto& [name, path] : drop_ins) read_file(settings, path);
  return settings;
}

model::AddressPool address_pool(const Settings& settings) {
  if (!settings.network_pool.empty()) return model::AddressPool::parse(settings.network_pool);
  const auto id = os::Dir::open("/etc").find_text("machine-id", kLongestMachineId).value_or("");
  return model::AddressPool::of_host(id);
}

const std::vector<SettingRow>& setting_rows() {
  static const std::vector<SettingRow> rows = {
      {"Import", "ImportMaxBytes", Kind::kBytes, &Settings::import_max_bytes, kMega, 1024 * kTera},
      {"Import", "ImportMaxEntries", Kind::kCount, &Settings::import_max_entries, 1, 1'000'000'000'000},
      {"Import", "ImportMaxSec", Kind::kTime, &Settings::import_max_time, 1, 30 * kDay},
      {"Fetch", "FetchMaxBytes", Kind::kBytes, &Settings::fetch_max_bytes, kMega, 1024 * kTera},
      {"Fetch", "FetchParallel", Kind::kCount, &Settings::fetch_parallel, 1, 16},
      {"Fetch", "FetchRetries", Kind::kCount, &Settings::fetch_retries, 0, 100},
      {"Fetch", "FetchConnectTimeoutSec", Kind::kTime, &Settings::fetch_connect_timeout, 1, 60 * 60},
      {"Fetch", "FetchStallTimeoutSec", Kind::kTime, &Settings::fetch_stall_timeout, 1, kDay},
      {"Fetch", "HttpProxy", Kind::kText, &Settings::http_proxy, 0, 4096},
      {"Fetch", "HttpsProxy", Kind::kText, &Settings::https_proxy, 0, 4096},
      {"Fetch", "NoProxy", Kind::kText, &Settings::no_proxy, 0, 4096},
      {"Cache", "CacheMaxBytes", Kind::kBytes, &Settings::cache_max_bytes, 0, 1024 * kTera},
      {"Boot", "BootTimeoutSec", Kind::kTime, &Settings::boot_timeout, 1, kDay},
      {"Boot", "StopTimeoutGracefulSec", Kind::kTime, &Settings::stop_timeout_graceful, 1, kDay},
      {"Boot", "StopTimeoutTerminateSec", Kind::kTime, &Settings::stop_timeout_terminate, 1, kDay},
      {"Boot", "StopTimeoutKillSec", Kind::kTime, &Settings::stop_timeout_kill, 1, kDay},
      {"Network", "NetworkPool", Kind::kPool, &Settings::network_pool, 0, 32},
      {"HostClone", "OpaqueDirs", Kind::kOpaqueDirs, &Settings::opaque_dirs, 0, 64},
      {"HostClone", "MaskedServices", Kind::kUnitNames, &Settings::masked_services, 0, 256},
      {"Limits", "JobsRunning", Kind::kCount, &Settings::jobs_running, 1, 1'000},
      {"Limits", "JobsQueued", Kind::kCount, &Settings::jobs_queued, 0, 10'000},
      {"Limits", "JobsPerUser", Kind::kCount, &Settings::jobs_per_user, 1, 10'000},
      {"Limits", "SessionsPerUser", Kind::kCount, &Settings::sessions_per_user, 1, 10'000},
      {"Limits", "PromptsPerUser", Kind::kCount, &Settings::prompts_per_user, 1, 1'000},
      {"Limits", "PromptsTotal", Kind::kCount, &Settings::prompts_total, 1, 10'000},
      {"Limits", "PeersPerUser", Kind::kCount, &Settings::peers_per_user, 1, 10'000},
      {"Daemon", "IdleExitSec", Kind::kTime, &Settings::idle_exit, 0, kDay},
      {"Worker", "WorkerMemoryMax", Kind::kBytes, &Settings::worker_memory_max, 64 * kMega, 64 * kTera},
      {"Worker", "InstallMemoryMax", Kind::kBytes, &Settings::install_memory_max, 64 * kMega, 64 * kTera},
  };
  return rows;
}

}  // namespace sdme::store
