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
  return failure_of_errno("cannot open '" + what + "'", exit_code::kBadInput);
}

bool has_file(const std::string& directory, const std::string& name) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(std::filesystem::path(directory) / name, ignored);
}

// What the image-layout specification demands; blobs there may be none.
bool is_layout(const std::string& directory) {
  return has_file(directory, "oci-layout") && has_file(directory, "index.json");
}

// Of the tar stream of a layout, whose blobs are few. Each has a header and ends with a full record.
std::uint64_t stream_size(const std::string& layout) {
  constexpr std::uint64_t kRecord = 512;
  std::uint64_t size = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(layout + "/blobs", error);
  for (const std::filesystem::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const auto bytes = entry->is_regular_file(ignored) ? entry->file_size(ignored) : 0;
    if (!ignored) size += (bytes + kRecord - 1) / kRecord * kRecord + kRecord;
  }
  return error ? 0 : size;
}

// Whether what is there is of the kind that was asked for.
void check_kind(const SourceName& name, bool is_directory) {
  using Kind = SourceName::Kind;
  const auto refuse = [&](const std::string& sentence, const std::string& help) {
    throw Failure(exit_code::kBadInput, fmt::format("'{}' {}", name.place, sentence), help);
  };
  if (name.kind == Kind::kFile && is_directory)
    refuse("is a directory", "say dir: for a tree, oci: for an image layout");
  if (name.kind == Kind::kTree && !is_directory) refuse("is no directory", "say file: for an archive");
  if (name.kind == Kind::kLayout && !is_directory)
    refuse("is no directory", "say oci-archive: for an archive of a layout");
  if (name.kind == Kind::kLayout && !is_layout(name.place)) {
    refuse("is no image layout: it does not have both oci-layout and index.json", "say dir: for a tree");
  }
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

std::vector<std::string> layout_tar_arguments(const std::string& directory) {
  // In this format nothing comes before the first file, and blobs may be of any size.
  std::vector<std::string> words = {"tar",
                                    "--create",
                                    "--format=gnu",
                                    "--sort=name",
                                    "--numeric-owner",
                                    "--hard-dereference",
                                    "--directory=" + directory,
                                    "oci-layout",
                                    "index.json"};
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::path(directory) / "blobs", ignored)) words.emplace_back("blobs");
  return words;
}

Source::Source(const SourceName& name) {
  if (name.kind == SourceName::Kind::kStandardInput) {
    open_standard_input();
  } else {
    open(name);
  }
}

void Source::open(const SourceName& name) {
  const auto& path = name.place;
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) < 0) throw cannot_open(path);
  origin_ = absolute(path);
  check_kind(name, S_ISDIR(status.st_mode));
  if (S_ISDIR(status.st_mode)) {
    const bool layout = name.kind != SourceName::Kind::kTree && is_layout(path);
    if (layout) size_hint_ = stream_size(path);
    open_tar(layout ? layout_tar_arguments(path) : tar_arguments(path));
  } else if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)) {
    data_ = std::move(fd);
  } else {
    throw Failure(exit_code::kBadInput, fmt::format("'{}' is neither a file nor a directory", path));
  }
}

void Source::open_tar(const std::vector<std::string>& arguments) {
  auto [read, write] = make_pipe();
  complaints_ = Fd(::memfd_create("tar", MFD_CLOEXEC));
  child_ = std::make_unique<Child>(arguments, Child::Descriptors{.out = write.get(), .err = complaints_.get()});
  // Its 1 is a file that changed or went while it was read, as in a tree that is in use; its 2 is a file it could not
  // read.
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
