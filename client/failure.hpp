// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "errors.hpp"

namespace sdbus {
class Error;
}

namespace sdme::client {

// What ends a verb, or one name of several: a sentence, what may help, and the exit status.
struct Failure : std::exception {
  Failure(int status, std::string sentence, std::string help = {})
      : exit_status(status), message(std::move(sentence)), hint(std::move(help)) {}

  const char* what() const noexcept override { return message.c_str(); }

  int exit_status;
  std::string message;        // may go on after a newline, with details
  std::string hint;           // may be empty
  std::string bus_name;       // "" when the failure is the client's own
  std::optional<Errc> code;   // when the name is one of the contract
  bool is_away = false;       // the bus is there, but not the daemon, which may come
};

// A signal ended the verb. What had to be said has been said.
struct Interrupted {
  int signal;
  int exit_status() const { return 128 + signal; }
};

// From an answer of the bus or the daemon, or from the end of a job.
Failure failure_of(const std::string& bus_name, const std::string& message);
Failure failure_of(const sdbus::Error& error);

// From errno, with `doing` before it.
Failure failure_of_errno(const std::string& doing, int exit_status = exit_code::kFailed);

// The sentence with its hint, safe for a terminal; `verbose` adds the name on the bus.
enum class Detail { kPlain, kVerbose };
std::string sentence(const Failure& failure, Detail detail);

}  // namespace sdme::client
