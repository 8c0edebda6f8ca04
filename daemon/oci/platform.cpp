// SPDX-License-Identifier: MIT
#include "oci/platform.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::oci {

namespace {

struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};
// uname -m, and what Debian says of its own, in Go's words.
constexpr std::array kAliases = {
    Alias{"x86_64", "amd64", ""}, Alias{"x86-64", "amd64", ""},    Alias{"aarch64", "arm64", ""},
    Alias{"armhf", "arm", "v7"},  Alias{"armel", "arm", "v6"},     Alias{"armv8l", "arm", "v8"},
    Alias{"armv7l", "arm", "v7"}, Alias{"armv6l", "arm", "v6"},    Alias{"armv5tel", "arm", "v5"},
    Alias{"i386", "386", ""},     Alias{"i486", "386", ""},        Alias{"i586", "386", ""},
    Alias{"i686", "386", ""},     Alias{"ppc64el", "ppc64le", ""}, Alias{"loongarch64", "loong64", ""},
};

bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= 64 && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

// "v7" is 7; 0 for anything else.
int version_of(std::string_view variant) {
  return variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' ? variant[1] - '0' : 0;
}

// Whether this host's processor has what "vN" of amd64 asks for.
bool has_amd64_level(int level) {
#if defined(__x86_64__)
  switch (level) {
    case 1:
      return true;
    case 2:
      return __builtin_cpu_supports("x86-64-v2") != 0;
    case 3:
      return __builtin_cpu_supports("x86-64-v3") != 0;
    case 4:
      return __builtin_cpu_supports("x86-64-v4") != 0;
    default:
      return false;
  }
#else
  return level == 1;
#endif
}

// No variant is the first level, which every such processor has.
std::optional<int> rank_amd64(std::string_view wanted, std::string_view offered) {
  const int most = version_of(wanted);
  const int level = version_of(offered);
  if (level == 0 && !offered.empty()) return std::nullopt;
  if (most > 0) return level <= most ? std::optional(1 + most - level) : std::nullopt;
  return level == 0 || has_amd64_level(level) ? std::optional(1 + level) : std::nullopt;
}

// Newer processors run what is for older ones; which one "arm" alone is for, nobody says.
std::optional<int> rank_arm(std::string_view wanted, std::string_view offered) {
  constexpr int kUsual = 7;
  constexpr int kLast = 10;
  const int most = wanted.empty() ? kUsual : version_of(wanted);
  if (offered.empty()) return wanted.empty() ? 1 : kLast;
  const int level = version_of(offered);
  return level >= 5 && level <= most ? std::optional(1 + most - level) : std::nullopt;
}

}  // namespace

Platform Platform::of_host() {
  utsname host = {};
  if (uname(&host) < 0) throw_errno("asking what this host is");
  return Platform{.os = "linux", .architecture = host.machine, .variant = ""}.normalised();
}

Platform Platform::parse(std::string_view text) {
  const auto words = text::split(text, '/');
  if (words.size() < 2 || words.size() > 3 || !std::ranges::all_of(words, is_word)) {
    throw Error(Errc::kInvalidArgument,
                text::quoted(text) + " is not a platform; it is OS/ARCHITECTURE[/VARIANT], such as linux/arm64");
  }
  return Platform{words[0], words[1], words.size() == 3 ? words[2] : ""}.normalised();
}

std::string Platform::str() const { return os + "/" + architecture + (variant.empty() ? "" : "/" + variant); }

Platform Platform::normalised() const {
  Platform result = *this;
  if (const auto* const alias = std::ranges::find(kAliases, architecture, &Alias::name); alias != kAliases.end()) {
    result.architecture = alias->architecture;
    if (result.variant.empty()) result.variant = alias->variant;
  }
  if (result.architecture == "arm64" && result.variant == "v8") result.variant.clear();
  return result;
}

Wanted Wanted::of_request(const std::string& platform) {
  if (platform.empty()) return {.platform = Platform::of_host(), .asked_for = false};
  return {.platform = Platform::parse(platform), .asked_for = true};
}

std::optional<int> Wanted::rank(const Platform& offered) const {
  const auto given = offered.normalised();
  if (given.os != platform.os || given.architecture != platform.architecture) return std::nullopt;
  if (given.variant == platform.variant) return 0;
  if (given.architecture == "amd64") return rank_amd64(platform.variant, given.variant);
  if (given.architecture == "arm") return rank_arm(platform.variant, given.variant);
  return given.variant.empty() ? std::optional(1) : std::nullopt;
}

}  // namespace sdme::oci
