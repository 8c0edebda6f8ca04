// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "child.hpp"
#include "failure.hpp"
#include "fd.hpp"
#include "loop.hpp"
#include "source_name.hpp"

namespace sdme::client {

// tar(1) as it reads a directory into a stream that the daemon can take: everything that a root filesystem is made
// of, in an order that does not change, and nothing of what is mounted in it.
std::vector<std::string> tar_arguments(const std::string& directory);
// The same for an image layout, what it is made of alone, and first what says that it is one: the daemon takes the
// stream as it comes.
std::vector<std::string> layout_tar_arguments(const std::string& directory);

// What `fs import` reads, opened with the caller's rights: a file, standard input, or a directory by way of tar.
class Source {
 public:
  // Of what is here, not remote. Throws a Failure for what cannot be opened or is not of its kind.
  explicit Source(const SourceName& name);

  // For the daemon; once.
  sdbus::UnixFd give() { return data_.give(); }
  // Where it comes from, "" for standard input.
  const std::string& origin() const { return origin_; }
  // About how many bytes come, where they come by a pipe and can be counted; 0 where not.
  std::uint64_t size_hint() const { return size_hint_; }
  // Whether the daemon can read it all without us.
  bool needs_us() const { return child_ != nullptr; }

  // The stream ends only when tar has ended well: before that the daemon could take a part for the whole. Otherwise
  // `on_failure` is called, and failure() says why.
  void watch(Loop& loop, std::function<void()> on_failure);
  const std::optional<Failure>& failure() const { return failure_; }
  // What tar had to say without failing.
  std::vector<std::string> warnings() const;

 private:
  void open(const SourceName& name);
  void open_tar(const std::vector<std::string>& arguments);
  void open_standard_input();
  void on_end();
  std::string complaints() const;

  Fd data_;
  std::string origin_;
  std::uint64_t size_hint_ = 0;
  Fd rest_;  // keeps the stream open
  Fd complaints_;  // a memory file that tar writes to
  std::unique_ptr<Child> child_;
  int forgiven_ = 0;  // the highest status that still is a whole stream
  std::optional<Loop::Watch> watch_;
  std::function<void()> on_failure_;
  std::optional<Failure> failure_;
};

}  // namespace sdme::client
