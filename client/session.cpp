// SPDX-License-Identifier: MIT
#include "session.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "relay.hpp"
#include "terminal.hpp"

namespace sdme::client {

namespace {

using Bytes = std::vector<std::uint8_t>;
using SessionEnd = std::future<std::tuple<std::int32_t, std::int32_t>>;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::vector<Bytes> bytes_of(const std::vector<std::string>& texts) {
  std::vector<Bytes> all;
  for (const auto& text : texts) all.push_back(bytes_of(text));
  return all;
}

// The end of a session, asked for again when the daemon goes away over it: the session lives on without.
class Ending {
 public:
  Ending(Client& client, std::uint64_t session)
      : client_(client), session_(session), end_(client.bus.open().WaitSession(session)) {}

  // Nothing while it runs.
  std::optional<int> exit_status() {
    if (!is_ready(end_)) return std::nullopt;
    try {
      const auto [status, signal] = take(end_);
      return signal > 0 ? 128 + signal : status;
    } catch (const Failure& failure) {
      if (failure.bus_name != "org.freedesktop.DBus.Error.NoReply" || --lives_ == 0) throw;
      end_ = client_.bus.open().WaitSession(session_);
      return std::nullopt;
    }
  }

 private:
  Client& client_;
  std::uint64_t session_;
  SessionEnd end_;
  int lives_ = 3;
};

void send_signal(Client& client, std::uint64_t session, int signal) {
  // A session that just ended takes none; its end tells what there is to tell.
  (void)client.bus.open().SignalSession(session, signal, {});
}

void resize(int pty, const TerminalSize& size) {
  const winsize wanted{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(pty, TIOCSWINSZ, &wanted);
}

// What programs need to know of the terminal that they will draw on.
std::vector<std::string> with_terminal_environment(std::vector<std::string> env) {
  std::vector<std::string> all;
  for (const std::string name : {"TERM", "COLORTERM", "NO_COLOR"}) {
    if (const char* value = std::getenv(name.c_str())) all.push_back(name + "=" + value);
  }
  all.insert(all.end(), env.begin(), env.end());
  return all;
}

// The way out of a terminal that answers nothing: Ctrl-] three times within a second, as with machinectl.
class EscapeKeys {
 public:
  void see(const char* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto now = Loop::Clock::now();
      if (bytes[i] != kKey || now - first_ > std::chrono::seconds(1)) pressed_ = 0;
      if (bytes[i] != kKey) continue;
      if (pressed_++ == 0) first_ = now;
      if (pressed_ == 3) throw Interrupted{SIGHUP};
    }
  }

 private:
  static constexpr char kKey = 0x1D;
  int pressed_ = 0;
  Loop::Clock::time_point first_;
};

}  // namespace

int run_piped(Client& client, const SessionRequest& request) {
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  const auto session = client.bus.await(client.bus.passing().Exec(
      request.name, request.user, bytes_of(request.argv), bytes_of(request.env), bytes_of(request.cwd), in.read.give(),
      out.write.give(), err.write.give(), {{"on-disconnect", sdbus::Variant(std::string("cancel"))}}));
  client.bus.close_agent();

  set_nonblocking(in.write.get());
  std::optional<Relay> input(std::in_place, client.loop, STDIN_FILENO, in.write.get(), Relay::Sink::kOwn);
  std::optional<Relay> output(std::in_place, client.loop, out.read.get(), STDOUT_FILENO, Relay::Sink::kShared);
  std::optional<Relay> errors(std::in_place, client.loop, err.read.get(), STDERR_FILENO, Relay::Sink::kShared);
  Loop::SignalScope scope(client.loop, [&](int signal) {
    if (signal != SIGWINCH) send_signal(client, session, signal);
  });
  Ending ending(client, session);
  std::optional<int> status;
  int lost = 0;  // why what it said could not be written

  client.loop.run_until([&] {
    if (input && input->done()) {
      input.reset();
      in.write.reset();
    }
    // Whoever read our output has gone. A command that writes notices by itself; one that is silent is told.
    if (output && output->sink_gone()) {
      lost = output->sink_error();
      output.reset();
      out.read.reset();
      send_signal(client, session, SIGPIPE);
    }
    if (errors && errors->sink_gone()) {
      errors.reset();
      err.read.reset();
    }
    if (!status && (status = ending.exit_status())) {
      if (output) output->finish();
      if (errors) errors->finish();
    }
    return status && (!output || output->done()) && (!errors || errors->done());
  });
  if (lost != 0) {
    errno = lost;
    throw failure_of_errno("writing to standard output");
  }
  return *status;
}

int run_on_terminal(Client& client, const SessionRequest& request) {
  const auto size = terminal_size(STDOUT_FILENO);
  Dict options = {{"rows", sdbus::Variant(size.rows)}, {"columns", sdbus::Variant(size.columns)}};
  if (!request.cwd.empty()) options["cwd"] = sdbus::Variant(bytes_of(request.cwd));
  auto [master, session] = client.bus.await(client.bus.passing().OpenShell(
      request.name, request.user, bytes_of(request.argv), bytes_of(with_terminal_environment(request.env)), options));
  client.bus.close_agent();

  // Non-blocking, or a paste could wait for a program that waits for us to show what it said.
  const auto pty = Fd::take(std::move(master));
  set_nonblocking(pty.get());
  std::optional<RawMode> raw;
  if (is_terminal(STDIN_FILENO)) raw.emplace(STDIN_FILENO);
  EscapeKeys escape;
  std::optional<Relay> keys(std::in_place, client.loop, STDIN_FILENO, pty.get(), Relay::Sink::kOwn);
  if (raw) keys->set_filter([&](const char* bytes, std::size_t count) { escape.see(bytes, count); });
  Relay screen(client.loop, pty.get(), STDOUT_FILENO, Relay::Sink::kShared);
  // Other signals mean that we should go; the session then goes with us.
  Loop::SignalScope scope(client.loop, [&](int signal) {
    if (signal != SIGWINCH) throw Interrupted{signal};
    resize(pty.get(), terminal_size(STDOUT_FILENO));
  });
  resize(pty.get(), terminal_size(STDOUT_FILENO));
  Ending ending(client, session);
  std::optional<int> status;

  client.loop.run_until([&] {
    if (screen.sink_gone()) throw Interrupted{SIGHUP};
    if (keys && keys->done()) {
      keys.reset();
      // The end of a file, typed: the terminal inside stays open for what is still to come.
      (void)!::write(pty.get(), "\004", 1);
    }
    if (!status && (status = ending.exit_status())) {
      keys.reset();
      screen.finish();
    }
    return status && screen.done();
  });
  return *status;
}

int run_as_fits(Client& client, const SessionRequest& request) {
  const bool terminals = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  return terminals ? run_on_terminal(client, request) : run_piped(client, request);
}

}  // namespace sdme::client
