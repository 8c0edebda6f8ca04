// SPDX-License-Identifier: MIT
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>

#include "loop.hpp"

namespace sdme::client {

bool is_terminal(int fd);
// Whether to write escape sequences to it: a terminal that knows them, and nobody said NO_COLOR.
bool wants_colours(int fd);

struct TerminalSize {
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
};
TerminalSize terminal_size(int fd);

// Puts a terminal into raw mode and back, whatever way the scope is left.
class RawMode {
 public:
  explicit RawMode(int fd);
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

// Whether a person can be asked.
bool can_ask();
enum class Answer { kNo, kYes };
// Asks on standard error; an empty line is `otherwise`, and so is the end of the input.
Answer ask(Loop& loop, const std::string& question, Answer otherwise);

// Asks on the user's own terminal, whatever our input and output are, and does not show what is typed. Nothing when
// there is no terminal, or no line comes.
std::optional<std::string> ask_secret(Loop& loop, const std::string& question);

}  // namespace sdme::client
