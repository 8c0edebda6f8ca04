// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <fcntl.h>
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

namespace {

class Echo {
 public:
  explicit Echo(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) < 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  ~Echo() {
    if (changed_) ::tcsetattr(fd_, TCSADRAIN, &before_);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

void show_on(int terminal, std::string_view text) { (void)!::write(terminal, text.data(), text.size()); }

}  // namespace

std::optional<std::string> ask_secret(Loop& loop, const std::string& question) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) return std::nullopt;
  // From here on a signal ends us by way of the scopes, which give the terminal back its echo.
  loop.run_until([] { return true; });
  const Echo silent(terminal.get());
  show_on(terminal.get(), printable(question));
  std::string line;
  bool answered = false;
  Loop::Watch watch(loop, terminal.get(), [&](short) {
    char buffer[4096];
    const auto count = ::read(terminal.get(), buffer, sizeof(buffer));
    if (count > 0) line.assign(buffer, static_cast<std::size_t>(count));
    answered = true;
  });
  watch.want(POLLIN);
  loop.run_until([&] { return answered; });
  show_on(terminal.get(), "\n");
  if (!line.ends_with('\n')) return std::nullopt;
  line.pop_back();
  return line;
}

}  // namespace sdme::client
