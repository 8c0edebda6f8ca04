// SPDX-License-Identifier: MIT
#include "credential_helper.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "child.hpp"
#include "failure.hpp"
#include "relay.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

constexpr std::size_t kLongestAnswer = 64 * 1024;
constexpr std::size_t kLongestServer = 4096;  // fits a pipe, whoever reads it
constexpr std::size_t kShownColumns = 200;

// It is looked for in PATH, and nowhere else.
bool is_plain(const std::string& name) {
  const auto allowed = [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, allowed);
}

// One that is asked, for as long as somebody wants to know.
class Conversation {
 public:
  Conversation(Loop& loop, const std::string& program, const std::string& server)
      : Conversation(loop, program, server, make_pipe(), make_pipe()) {}
  ~Conversation() { child_.kill(SIGKILL); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  enum class End { kExited, kLate, kTooLong };

  // Its end is that of the program: who inherited its output may keep that open.
  End wait(std::chrono::milliseconds timeout) {
    bool late = false;
    bool exited = false;
    Loop::Tick clock(loop_, timeout, [&] { late = true; });
    Loop::Watch out(loop_, out_.get(), [&](short) {
      if (!read_some()) out.rest();
    });
    Loop::Watch end(loop_, child_.pidfd(), [&](short) { exited = true; });
    out.want(POLLIN);
    end.want(POLLIN);
    loop_.run_until([&] { return late || exited || text_.size() > kLongestAnswer; });
    while (exited && text_.size() <= kLongestAnswer && read_some()) {
    }
    if (text_.size() > kLongestAnswer) return End::kTooLong;
    return exited ? End::kExited : End::kLate;
  }

  int status() { return child_.status().value_or(0); }
  const std::string& text() const { return text_; }

 private:
  Conversation(Loop& loop, const std::string& program, const std::string& server, Pipe in, Pipe out)
      : loop_(loop),
        out_(std::move(out.read)),
        child_({program, "get"},
               Child::Descriptors{.in = in.read.get(), .out = out.write.get(), .err = STDERR_FILENO}) {
    set_nonblocking(out_.get());
    (void)!::write(in.write.get(), server.data(), server.size());
  }

  // False when there is nothing more, for now or for ever.
  bool read_some() {
    char buffer[4096];
    const auto count = ::read(out_.get(), buffer, sizeof(buffer));
    if (count > 0) text_.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  }

  Loop& loop_;
  Fd out_;
  Child child_;
  std::string text_;
};

}  // namespace

std::optional<Login> ask_helper(Loop& loop, const CredentialHelper& helper, std::chrono::milliseconds timeout) {
  if (!is_plain(helper.name) || helper.server.size() > kLongestServer) {
    throw Failure(exit_code::kBadInput, "names a credential helper that cannot be run");
  }
  const auto program = "docker-credential-" + helper.name;
  const auto fail = [&](const std::string& why) { throw Failure(exit_code::kFailed, program + " " + why); };
  Conversation conversation(loop, program, helper.server);
  const auto end = conversation.wait(timeout);
  if (end == Conversation::End::kLate) {
    fail(fmt::format("did not answer within {} seconds", std::chrono::ceil<std::chrono::seconds>(timeout).count()));
  }
  if (end == Conversation::End::kTooLong) fail("said more than any login has");
  const int status = conversation.status();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    try {
      return parse_helper_answer(conversation.text());
    } catch (const Failure&) {
      fail("answered with something that is no login");
    }
  }
  if (conversation.text().contains("credentials not found")) return std::nullopt;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) fail("could not be run: is it installed?");
  fail("failed: " + first_columns(printable(split(conversation.text(), '\n').front()), kShownColumns));
  return std::nullopt;
}

}  // namespace sdme::client
