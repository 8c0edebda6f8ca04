// SPDX-License-Identifier: MIT
#include "source_name.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "failure.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

using Kind = SourceName::Kind;

struct Prefix {
  std::string_view text;
  Kind kind;
  bool tagged;  // whether :TAG may follow the path
};

constexpr std::array kLocal = {
    Prefix{"oci:", Kind::kLayout, true},          Prefix{"oci-archive:", Kind::kFile, true},
    Prefix{"docker-archive:", Kind::kFile, true}, Prefix{"dir:", Kind::kTree, false},
    Prefix{"file:", Kind::kFile, false},
};

constexpr std::string_view kRegistry = "docker://";

// What other tools read, and only they can.
constexpr std::array kForeign = {std::string_view("docker-daemon:"), std::string_view("containers-storage:")};

// A word that ends so was meant as a file, whether it is there or not.
constexpr std::array kFileEndings = {
    std::string_view(".tar"),  std::string_view(".tgz"), std::string_view(".tbz2"), std::string_view(".txz"),
    std::string_view(".tzst"), std::string_view(".gz"),  std::string_view(".bz2"),  std::string_view(".xz"),
    std::string_view(".zst"),  std::string_view(".raw"), std::string_view(".img"),  std::string_view(".qcow2"),
};

// Of anything at all. What cannot be looked at is there: then opening it says why it cannot be had.
bool is_there(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) return true;
  return errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG;
}

std::string expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home && (path == "~" || path.starts_with("~/")) ? home + path.substr(1) : path;
}

bool looks_like_path(const std::string& word) {
  if (word == "." || word == ".." || word == "~") return true;
  return std::ranges::any_of(std::array{"/", "./", "../", "~/"}, [&](auto start) { return word.starts_with(start); });
}

bool ends_like_file(const std::string& word) {
  if (word.find_first_of(":@") != std::string::npos) return false;
  return std::ranges::any_of(kFileEndings, [&](auto ending) { return word.ends_with(ending); });
}

// "http" or "https", "" for anything else.
std::string web_scheme(const std::string& word) {
  const auto end = word.find("://");
  if (end == std::string::npos) return "";
  auto scheme = word.substr(0, end);
  std::ranges::transform(scheme, scheme.begin(), [](unsigned char c) { return static_cast<char>(c | 0x20); });
  return scheme == "http" || scheme == "https" ? scheme : "";
}

// Where it came from is kept and shown; so what is in it must not be secret. The word is not repeated here either.
SourceName url_name(const std::string& word, const std::string& scheme) {
  const auto rest = word.substr(scheme.size());
  const auto host = rest.substr(3, rest.find_first_of("/?#", 3) - 3);
  if (host.contains('@')) {
    throw Failure(exit_code::kUsage,
                  "a user's name or password must not be in a URL, which is kept with what was imported",
                  "fetch it yourself, and import what was fetched");
  }
  return {.kind = Kind::kUrl, .place = scheme + rest};
}

SourceName image_name(const std::string& name) {
  auto reference = parse_reference(name);
  if (!reference) {
    throw Failure(exit_code::kBadInput, fmt::format("'{}' is not the name of an image", name),
                  "it is [HOST[:PORT]/]PATH[:TAG][@DIGEST], the path in lower case");
  }
  return {.kind = Kind::kImage, .place = std::string(kRegistry) + name, .reference = std::move(reference)};
}

// A path that is there as a whole is that; else the first colon ends it, as with skopeo(1): names in the tag have
// colons too.
SourceName local_name(const Prefix& prefix, const std::string& rest) {
  if (rest.empty()) throw Failure(exit_code::kUsage, fmt::format("'{}' wants a path after it", prefix.text));
  const auto colon = prefix.tagged && !is_there(expand_home(rest)) ? rest.find(':') : std::string::npos;
  SourceName name{.kind = prefix.kind, .place = expand_home(rest.substr(0, colon))};
  if (colon != std::string::npos) name.tag = rest.substr(colon + 1);
  return name;
}

std::string other_reading(const std::string& word) {
  return fmt::format("if the image of that name is meant, say docker://{}", word);
}

SourceName bare_name(const std::string& word) {
  if (looks_like_path(word)) return {.kind = Kind::kPath, .place = expand_home(word)};
  const bool is_reference = parse_reference(word).has_value();
  if (ends_like_file(word)) {
    if (is_there(word)) return {.kind = Kind::kPath, .place = word};
    throw Failure(exit_code::kBadInput, fmt::format("there is no file '{}'", word),
                  is_reference ? other_reading(word) : "");
  }
  if (!word.empty() && is_there(word)) {
    SourceName name{.kind = Kind::kPath, .place = word};
    if (is_reference) name.note = fmt::format("'{}' is taken for the path: {}", word, other_reading(word));
    return name;
  }
  if (is_reference) return image_name(word);
  throw Failure(
      exit_code::kBadInput,
      fmt::format("'{}' is no file or directory that is there, no URL of http or https, and not the name of an "
                  "image in a registry",
                  word));
}

}  // namespace

SourceName read_source_name(const std::string& word) {
  if (word == "-") return {.kind = Kind::kStandardInput};
  if (const auto scheme = web_scheme(word); !scheme.empty()) return url_name(word, scheme);
  if (word.starts_with(kRegistry)) return image_name(word.substr(kRegistry.size()));
  for (const auto& prefix : kLocal) {
    if (word.starts_with(prefix.text)) return local_name(prefix, word.substr(prefix.text.size()));
  }
  for (const auto prefix : kForeign) {
    if (word.starts_with(prefix)) {
      throw Failure(exit_code::kUsage, fmt::format("'{}' is not read by sdmed", prefix),
                    "'podman save' and 'docker save' make an archive that is");
    }
  }
  return bare_name(word);
}

}  // namespace sdme::client
