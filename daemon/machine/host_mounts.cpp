// SPDX-License-Identifier: MIT
#include "machine/host_mounts.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "model/path.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::array kDiskTypes = {"ext2",     "ext3",     "ext4", "btrfs", "xfs",   "zfs",  "f2fs",
                                   "bcachefs", "reiserfs", "jfs",  "ntfs",  "ntfs3", "vfat", "exfat"};
constexpr std::array kNever = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", layout::kState};
constexpr std::size_t kLongestFileName = 255;

// In mountinfo, space, tab, newline and backslash stand as three octal digits, proc(5).
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string escape(std::string_view path) {
  std::string name;
  for (const unsigned char c : path.substr(1)) {
    if (c == '/') {
      name += '-';
    } else if (std::isalnum(c) != 0 || c == '_' || c == '.') {
      name += static_cast<char>(c);
    } else {
      name += "\\x" + text::lower_hex(&c, 1);
    }
  }
  return name;
}

bool wanted(const std::string& type, const std::string& path, const std::vector<std::string>& hidden) {
  const auto covers = [&](std::string_view ancestor) { return model::at_or_below(path, ancestor); };
  return path != "/" && path.starts_with('/') && std::ranges::contains(kDiskTypes, type) &&
         std::ranges::none_of(kNever, covers) && std::ranges::none_of(hidden, covers);
}

}  // namespace

std::vector<HostMount> host_mounts(std::string_view mountinfo, const std::vector<std::string>& hidden) {
  std::map<std::string, HostMount> chosen;  // sorted by path, so that parents come first
  for (const auto& line : text::split(mountinfo, '\n')) {
    const auto fields = text::split(line, ' ');  // id parent device root path options … - type source options
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() < 6 || fields.end() - dash < 2) continue;
    const auto path = unescape(fields[4]);
    chosen.erase(path);  // a later mount covers an earlier one, wanted or not
    const auto id = text::to_unsigned(fields[0]);
    auto escaped = path.size() > 1 ? escape(path) : "";
    if (!id || escaped.size() > kLongestFileName || !wanted(*(dash + 1), path, hidden)) continue;
    chosen.emplace(path, HostMount{.id = *id, .path = path, .escaped = std::move(escaped)});
  }
  std::vector<HostMount> mounts;
  for (auto& [path, mount] : chosen) mounts.push_back(std::move(mount));
  return mounts;
}

}  // namespace sdme::machine
