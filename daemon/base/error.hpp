// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <source_location>
#include <string>
#include <utility>

#include "errors.hpp"

namespace sdme {

// A failure that nobody nearby can repair. The one exception type of the project: nobody catches
// by class, they compare code(). The message is one sentence for the caller: what failed, why,
// and where it helps what to do; it may be followed by a newline and details for the owner alone.
class Error : public std::exception {
 public:
  Error(Errc code, std::string message, std::source_location where = std::source_location::current());

  // Chooses the code from errno: ENOSPC and EDQUOT are NoSpace, ENOENT is NotFound, and so on.
  static Error from_errno(int number, const std::string& doing,
                          std::source_location where = std::source_location::current());

  Errc code() const noexcept { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const noexcept { return message_; }
  const std::source_location& where() const noexcept { return where_; }

 private:
  Errc code_;
  std::string message_;
  std::source_location where_;
};

// Throws Error::from_errno(errno, doing).
[[noreturn]] void throw_errno(const std::string& doing, std::source_location where = std::source_location::current());

// Adds context at the border of a room: "importing 'x': " before the message, the code kept.
template <typename Work>
auto while_doing(const std::string& doing, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    throw Error(error.code(), doing + ": " + error.message(), error.where());
  }
}

}  // namespace sdme
