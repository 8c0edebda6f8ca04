// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "child.hpp"
#include "failure.hpp"
#include "fd.hpp"
#include "loop.hpp"

namespace sdme::client {

// tar(1) as it reads a directory into a stream that the daemon can take: everything that a root filesystem is made
// of, in an order that does not change, and nothing of what is mounted in it.
std::vector<std::string> tar_arguments(const std::string& directory);

// What `fs import` reads, opened with the caller's rights: a file, standard input, or a directory by way of tar.
class Source {
 public:
  // `what` as on the command line. Throws a Failure for what cannot be opened or is not of these kinds.
  explicit Source(const std::string& what);

  // For the daemon; once.
  sdbus::UnixFd give() { return data_.give(); }
  // Where it comes from, "" for standard input.
  const std::string& origin() const { return origin_; }
  // Whether the daemon can read it all without us.
  bool needs_us() const { return child_ != nullptr; }

  // The stream ends only when tar has ended well: before that the daemon could take a part for the whole. Otherwise
  // `on_failure` is called, and failure() says why.
  void watch(Loop& loop, std::function<void()> on_failure);
  const std::optional<Failure>& failure() const { return failure_; }
  // What tar had to say without failing.
  std::vector<std::string> warnings() const;

 private:
  void open_directory(const std::string& directory);
  void open_standard_input();
  void on_end();
  std::string complaints() const;

  Fd data_;
  std::string origin_;
  Fd rest_;        // keeps the stream open
  Fd complaints_;  // a memory file that tar writes to
  std::unique_ptr<Child> child_;
  int forgiven_ = 0;  // the highest status that still is a whole stream
  std::optional<Loop::Watch> watch_;
  std::function<void()> on_failure_;
  std::optional<Failure> failure_;
};

}  // namespace sdme::client
