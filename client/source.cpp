// SPDX-License-Identifier: MIT
#include "source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "terminal.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

// More than anybody reads.
constexpr std::size_t kMostComplaints = 16 * 1024;

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto canonical = std::filesystem::canonical(path, ignored);
  return printable(ignored ? path : canonical.string());
}

Failure cannot_open(const std::string& what) {
  auto failure = failure_of_errno("cannot open '" + what + "'", exit_code::kBadInput);
  if (errno == ENOENT && (what.find("://") != std::string::npos || what.find(':') != std::string::npos)) {
    failure.hint = "SOURCE is a file, a directory, or - for standard input";
  }
  return failure;
}

}  // namespace

std::vector<std::string> tar_arguments(const std::string& directory) {
  return {"tar",
          "--create",
          "--format=posix",
          "--pax-option=delete=atime,delete=ctime",
          "--sort=name",
          "--numeric-owner",
          "--xattrs",
          "--xattrs-include=*",
          "--acls",
          "--sparse",
          "--one-file-system",
          "--directory=" + directory,
          "."};
}

Source::Source(const std::string& what) {
  if (what == "-") {
    open_standard_input();
    return;
  }
  Fd fd(::open(what.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) < 0) throw cannot_open(what);
  origin_ = absolute(what);
  if (S_ISDIR(status.st_mode)) {
    open_directory(what);
  } else if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)) {
    data_ = std::move(fd);
  } else {
    throw Failure(exit_code::kBadInput, fmt::format("'{}' is neither a file nor a directory", what));
  }
}

void Source::open_directory(const std::string& directory) {
  auto [read, write] = make_pipe();
  complaints_ = Fd(::memfd_create("tar", MFD_CLOEXEC));
  child_ = std::make_unique<Child>(tar_arguments(directory),
                                   Child::Descriptors{.out = write.get(), .err = complaints_.get()});
  // Its 1 is a file that changed or went while it was read, as in a tree that is in use; its 2 is a file it could not read.
  forgiven_ = 1;
  data_ = std::move(read);
  rest_ = std::move(write);
}

void Source::open_standard_input() {
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) < 0) throw cannot_open("-");
  if (is_terminal(STDIN_FILENO)) {
    throw Failure(exit_code::kUsage, "standard input is a terminal", "pipe an archive into it");
  }
  if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)) {
    data_ = Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    return;
  }
  // A socket, as from inetd or some remote shells, is not what the daemon takes.
  auto [read, write] = make_pipe();
  complaints_ = Fd(::memfd_create("cat", MFD_CLOEXEC));
  child_ =
      std::make_unique<Child>(std::vector<std::string>{"cat"},
                              Child::Descriptors{.in = STDIN_FILENO, .out = write.get(), .err = complaints_.get()});
  data_ = std::move(read);
  rest_ = std::move(write);
}

void Source::watch(Loop& loop, std::function<void()> on_failure) {
  if (!child_) return;
  on_failure_ = std::move(on_failure);
  watch_.emplace(loop, child_->pidfd(), [this](short) { on_end(); });
  watch_->want(POLLIN);
}

void Source::on_end() {
  const auto status = child_->status();
  if (!status) return;
  watch_->rest();
  if (WIFEXITED(*status) && WEXITSTATUS(*status) <= forgiven_) {
    rest_.reset();
    return;
  }
  const bool missing = WIFEXITED(*status) && WEXITSTATUS(*status) == 127;
  failure_.emplace(exit_code::kBadInput, missing ? "cannot run tar, which reads directories"
                                                 : "not everything could be read\n" + complaints());
  on_failure_();
}

std::string Source::complaints() const {
  if (!complaints_) return "";
  std::string text(kMostComplaints, '\0');
  const auto count = ::pread(complaints_.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

std::vector<std::string> Source::warnings() const {
  auto lines = split(complaints(), '\n');
  std::erase(lines, "");
  return lines;
}

}  // namespace sdme::client
