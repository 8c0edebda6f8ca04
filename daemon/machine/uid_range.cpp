// SPDX-License-Identifier: MIT
#include "machine/uid_range.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "base/error.hpp"
#include "base/stable_hash.hpp"
#include "base/text.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "os/namespaces.hpp"

namespace sdme::machine {

namespace {

// systemd's ids for containers, https://systemd.io/UIDS-GIDS: multiples of 65536 from here to there.
constexpr std::uint32_t kFirstBase = 0x0008'0000;
constexpr std::uint32_t kLastBase = 0x6FFF'0000;
constexpr std::uint32_t kBases = (kLastBase - kFirstBase) / os::kUserRange + 1;
constexpr std::uint32_t kTries = 256;

constexpr const char* kLocks = "/run/systemd/nspawn-uid";  // systemd-nspawn's own, so that it and we agree
constexpr std::size_t kLongestSubids = 1024 * 1024;
constexpr std::size_t kLongestMap = 64 * 1024;
constexpr std::uint64_t kEveryId = 0xFFFF'FFFF;

std::uint32_t first_try(std::string_view name) { return stable_hash(name) % kBases; }

os::UniqueFd lock_of_nspawn(std::uint32_t base) {
  const auto directory = os::Dir::make(kLocks, 0755);
  // Without O_CLOEXEC: systemd-nspawn inherits it, and so holds the lock while the container runs.
  os::UniqueFd fd(openat(directory.fd(), std::to_string(base).c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY, 0600));
  if (!fd) throw_errno("opening a lock in " + directory.path());
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(fd.get(), F_OFD_SETLK, &whole) < 0) {
    if (errno == EAGAIN || errno == EACCES) return {};
    throw_errno("locking user ids");
  }
  // Who releases the lock removes the file: then this one is no longer the lock.
  struct stat found = {};
  return fstat(fd.get(), &found) == 0 && found.st_nlink > 0 ? std::move(fd) : os::UniqueFd();
}

void append(std::vector<IdSpan>& spans, const std::vector<IdSpan>& more) {
  spans.insert(spans.end(), more.begin(), more.end());
}

void append_running(std::vector<IdSpan>& spans) {
  const auto proc = os::Dir::open("/proc");
  for (const auto& entry : proc.entries()) {
    if (!text::to_unsigned(entry)) continue;
    for (const char* map : {"/uid_map", "/gid_map"}) {
      try {
        const auto fd = proc.open_file(entry + map, O_RDONLY);
        append(spans, parse_id_map(os::read_all(fd.get(), kLongestMap, map)));
      } catch (const Error&) {
        break;  // the process has ended
      }
    }
  }
}

std::vector<IdSpan> taken_on_host() {
  std::vector<IdSpan> spans;
  const auto etc = os::Dir::open("/etc");
  for (const char* file : {"subuid", "subgid"}) {
    if (const auto text = etc.find_text(file, kLongestSubids)) append(spans, parse_subids(*text));
  }
  append_running(spans);
  return spans;
}

bool overlaps(const IdSpan& span, std::uint32_t base) {
  return span.first < std::uint64_t{base} + os::kUserRange && base < span.first + span.count;
}

}  // namespace

IdSources IdSources::of_host() {
  return {.lock = lock_of_nspawn,
          .is_account = [](std::uint32_t id) { return getpwuid(id) != nullptr || getgrgid(id) != nullptr; },
          .taken = taken_on_host};
}

UidRange take_uid_range(const std::string& name, const IdSources& sources) {
  const auto taken = sources.taken();
  const auto first = first_try(name);
  for (std::uint32_t i = 0; i < kTries; ++i) {
    const auto base = kFirstBase + (first + i) % kBases * os::kUserRange;
    if (std::ranges::any_of(taken, [&](const IdSpan& span) { return overlaps(span, base); })) continue;
    if (auto lock = sources.lock(base); lock && !sources.is_account(base))
      return {.base = base, .lock = std::move(lock)};
  }
  throw Error(Errc::kLimitExceeded, "no range of user ids is free for a user namespace");
}

std::vector<IdSpan> parse_subids(std::string_view text) {
  std::vector<IdSpan> spans;
  for (const auto& line : text::split(text, '\n')) {
    const auto fields = text::split(line, ':');  // owner:first:count
    if (fields.size() != 3) continue;
    const auto begin = text::to_unsigned(fields[1]);
    const auto count = text::to_unsigned(fields[2]);
    if (begin && count && *begin <= kEveryId && *count <= kEveryId) spans.push_back({.first = *begin, .count = *count});
  }
  return spans;
}

std::vector<IdSpan> parse_id_map(std::string_view text) {
  std::vector<IdSpan> spans;
  std::istringstream numbers{std::string(text)};
  std::uint64_t inside = 0;
  for (IdSpan span; numbers >> inside >> span.first >> span.count;) {
    const bool is_host = span.first == 0 && span.count == kEveryId;  // no user namespace at all
    if (!is_host) spans.push_back(span);
  }
  return spans;
}

}  // namespace sdme::machine
