// SPDX-License-Identifier: MIT
#include "machine/last_words.hpp"

#include <systemd/sd-journal.h>

#include <algorithm>
#include <csignal>
#include <memory>

#include "base/text.hpp"

namespace sdme::machine {

namespace {

constexpr std::size_t kLines = 20;
constexpr std::size_t kLongestLine = 512;
constexpr std::uint64_t kQuietUsec = 150'000;
constexpr int kMostWaits = 5;

struct JournalClose {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};
using Journal = std::unique_ptr<sd_journal, JournalClose>;

Journal open_journal(const std::string& invocation) {
  sd_journal* raw = nullptr;
  if (invocation.empty() || sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0) return nullptr;
  Journal journal(raw);
  // By the unit's processes, or by PID 1 about them.
  const bool matches = sd_journal_add_match(raw, ("_SYSTEMD_INVOCATION_ID=" + invocation).c_str(), 0) >= 0 &&
                       sd_journal_add_disjunction(raw) >= 0 &&
                       sd_journal_add_match(raw, ("INVOCATION_ID=" + invocation).c_str(), 0) >= 0;
  return matches ? std::move(journal) : nullptr;
}

// The lines come to journald by another way than the news of the unit's end, and may be late.
void await_quiet(sd_journal* journal) {
  for (int i = 0; i < kMostWaits && sd_journal_wait(journal, kQuietUsec) > SD_JOURNAL_NOP; ++i) {
  }
}

std::string message_of(sd_journal* journal) {
  constexpr std::string_view kPrefix = "MESSAGE=";
  const void* data = nullptr;
  std::size_t size = 0;
  if (sd_journal_get_data(journal, "MESSAGE", &data, &size) < 0 || size < kPrefix.size()) return "";
  auto text = std::string_view(static_cast<const char*>(data), size).substr(kPrefix.size());
  while (text.ends_with('\r') || text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  return text::printable(text, kLongestLine);
}

// All guests together may have so many, fs.inotify.max_user_instances: it is the host's to allow more.
bool lacks_inotify(const std::vector<std::string>& lines) {
  return std::ranges::any_of(
      lines, [](const std::string& line) { return line.contains("inotify") && line.contains("Too many open files"); });
}

}  // namespace

std::string to_message(const LastWords& words) {
  auto message = words.why;
  if (lacks_inotify(words.lines))
    message += ": the containers of this host have used up its inotify instances; 'sdmectl doctor' says what to do";
  if (!words.failed_units.empty()) message += "\nFailed units: " + text::join(words.failed_units, ", ");
  if (!words.running_jobs.empty()) message += "\nStill waiting for: " + text::join(words.running_jobs, ", ");
  if (!words.lines.empty()) message += "\nLast log lines:\n  " + text::join(words.lines, "\n  ");
  return message;
}

std::string why_ended(const systemd::ServiceState& state) {
  const bool exited = state.exit_code == CLD_EXITED;
  // systemd-nspawn says "Container running", "Terminating"; sdme-init speaks only when it fails.
  const bool by_init = exited && state.exit_status != 0 && !state.status_text.empty() &&
                       !state.status_text.starts_with("Container ") && !state.status_text.starts_with("Terminating");
  if (by_init) return state.status_text;
  if (state.result == "oom-kill") return "the guest ran out of memory while it booted";
  if (exited && state.exit_status == 0) return "the guest powered itself off before it was up";
  if (exited)
    return "the guest or systemd-nspawn ended with status " + std::to_string(state.exit_status) + " before it was up";
  if (state.exit_code == 0 && state.result == "success") {
    return "systemd did not run the unit of the container: one that it needs did not start";
  }
  if (state.exit_code != 0) return "systemd-nspawn was killed by signal " + std::to_string(state.exit_status);
  return "the unit of the container failed (" + state.result + ")";
}

std::vector<std::string> journal_tail(const std::string& invocation) {
  const auto journal = open_journal(invocation);
  if (!journal) return {};
  await_quiet(journal.get());
  std::vector<std::string> lines;
  sd_journal_seek_tail(journal.get());
  while (lines.size() < kLines && sd_journal_previous(journal.get()) > 0) {
    if (auto line = message_of(journal.get()); !line.empty()) lines.push_back(std::move(line));
  }
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace sdme::machine
