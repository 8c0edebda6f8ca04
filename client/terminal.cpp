// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "text.hpp"

namespace sdme::client {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool wants_colours(int fd) {
  const char* term = std::getenv("TERM");
  return is_terminal(fd) && !std::getenv("NO_COLOR") && term && std::string_view(term) != "dumb";
}

TerminalSize terminal_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

RawMode::RawMode(int fd) : fd_(fd) {
  if (::tcgetattr(fd_, &before_) < 0) return;
  termios raw = before_;
  ::cfmakeraw(&raw);
  changed_ = ::tcsetattr(fd_, TCSADRAIN, &raw) == 0;
}

RawMode::~RawMode() {
  if (changed_) ::tcsetattr(fd_, TCSADRAIN, &before_);
}

bool can_ask() { return is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO); }

Answer ask(Loop& loop, const std::string& question, Answer otherwise) {
  std::fprintf(stderr, "%s [%s] ", printable(question).c_str(), otherwise == Answer::kYes ? "Y/n" : "y/N");
  std::string line;
  bool answered = false;
  Loop::Watch watch(loop, STDIN_FILENO, [&](short) {
    // A terminal hands out whole lines.
    char buffer[256];
    const auto count = ::read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count > 0) line.assign(buffer, static_cast<std::size_t>(count));
    answered = true;
  });
  watch.want(POLLIN);
  loop.run_until([&] { return answered; });
  if (line.empty()) std::fputc('\n', stderr);
  if (line.empty() || line == "\n") return otherwise;
  return line[0] == 'y' || line[0] == 'Y' ? Answer::kYes : Answer::kNo;
}

}  // namespace sdme::client
