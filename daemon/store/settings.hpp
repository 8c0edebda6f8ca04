// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/address.hpp"
#include "store/layout.hpp"

// What the administrator may change: sdmed.conf(5). Whatever is wrong in a file costs that one
// line, never the daemon: the value stays what it was and a warning says so.
namespace sdme::store {

// Where settings are read. As in systemd: first `file`, then the *.conf of both directories in the
// order of their names, and one in `drop_ins` stands for its namesake in `vendor`. Later wins.
struct SettingsFiles {
  std::string vendor = layout::kVendorConfig;
  std::string file = layout::kConfig;
  std::string drop_ins = layout::kConfigDropIns;
};

struct Settings {
  // [Import]
  std::uint64_t import_max_bytes = std::uint64_t{50} << 30U;  // of unpacked content
  std::uint64_t import_max_entries = 10'000'000;
  std::chrono::seconds import_max_time = std::chrono::hours(6);
  // [Fetch]
  std::uint64_t fetch_max_bytes = std::uint64_t{50} << 30U;  // of one blob or file
  std::uint64_t fetch_parallel = 3;
  std::uint64_t fetch_retries = 5;
  std::chrono::seconds fetch_connect_timeout{30};
  std::chrono::seconds fetch_stall_timeout{60};
  std::string http_proxy, https_proxy, no_proxy;
  // [Cache]
  std::uint64_t cache_max_bytes = std::uint64_t{10} << 30U;  // 0: none is kept
  // [Boot]
  std::chrono::seconds boot_timeout{60};
  std::chrono::seconds stop_timeout_graceful{90};
  std::chrono::seconds stop_timeout_terminate{30};
  std::chrono::seconds stop_timeout_kill{15};
  // [Network]
  std::string network_pool;  // "10.77.0.0/16", "" for one by the machine id
  // [HostClone]
  std::vector<std::string> opaque_dirs = {"/etc/systemd/system", "/var/log"};
  std::vector<std::string> masked_services = {"systemd-resolved.service"};
  // [Limits]
  std::uint64_t jobs_running = 8;
  std::uint64_t jobs_queued = 64;
  std::uint64_t jobs_per_user = 16;
  std::uint64_t sessions_per_user = 64;
  std::uint64_t prompts_per_user = 4;
  std::uint64_t prompts_total = 32;
  std::uint64_t peers_per_user = 32;
  // [Daemon]
  std::chrono::seconds idle_exit{30};  // 0: never
  // [Worker]
  std::uint64_t worker_memory_max = std::uint64_t{1} << 30U;
  std::uint64_t install_memory_max = std::uint64_t{4} << 30U;  // package managers, their caches counted

  std::vector<std::string> warnings;  // one sentence each, fit for the journal

  static Settings read(const SettingsFiles& files = {});
};

// Where the addresses of containers are taken from: what the settings say, or one that follows from this
// host's machine-id(5), so that two hosts seldom have the same.
model::AddressPool address_pool(const Settings& settings);

// One setting: where it is written, where it is kept, and what it may be. Numbers are written
// plainly or with K, M, G, T: powers of 1024 for bytes, of 1000 for counts. Times are seconds or
// carry s, min, h, d, and may be sums ("1min 30s"). Lists are separated by commas or spaces.
struct SettingRow {
  enum class Kind { kBytes, kCount, kTime, kText, kPool, kOpaqueDirs, kUnitNames };
  using Member = std::variant<std::uint64_t Settings::*, std::chrono::seconds Settings::*, std::string Settings::*,
                              std::vector<std::string> Settings::*>;

  std::string section;
  std::string key;
  Kind kind;
  Member member;
  std::uint64_t smallest = 0;  // of a list: how many it may have; of a text: its bytes
  std::uint64_t largest = 0;
};

// Seconds of a plain number, of one with s, min, h or d, or of a sum such as "1min 30s".
std::optional<std::uint64_t> parse_time(std::string_view text);

// Every setting there is, in the order of sdmed.conf(5).
const std::vector<SettingRow>& setting_rows();

}  // namespace sdme::store
