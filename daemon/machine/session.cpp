// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/error.hpp"
#include "base/text.hpp"
#include "machine/guest.hpp"
#include "machine/session_unit.hpp"
#include "machine/verbs.hpp"
#include "os/file.hpp"
#include "os/packet.hpp"

namespace sdme::machine {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kBeginPatience{30};   // for the helper to begin; PAM may take its time
constexpr std::chrono::seconds kEndPatience{3};      // for the command to end when it is told to
constexpr std::size_t kLongestReport = 4096;

// How systemd says that it could not even run the helper, systemd.exec(5) "Process Exit Codes".
constexpr int kExitExec = 203;
constexpr int kExitUser = 217;
constexpr int kExitPam = 224;

class Session {
 public:
  explicit Session(job::Worker& worker)
      : worker_(worker),
        request_(SessionRequest::from_json(worker.request())),
        leader_(find_running(request_.name)),
        report_(worker.report_socket().get()) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, nullptr);
    told_to_stop_ = os::UniqueFd(signalfd(-1, &stop, SFD_CLOEXEC));
    if (!told_to_stop_) throw_errno("listening for SIGTERM");
  }

  json::Value run() {
    begin();
    while (true) {
      wait();
      if (control_ready_) {
        const auto text = os::receive_packet(control_.get(), guest::kLongestPacket).value_or(os::Packet{}).text;
        if (const auto outcome = heed_guest(text)) return *outcome;
      }
      if (report_ready_) heed_daemon();
    }
  }

 private:
  static Leader find_running(const std::string& name) {
    auto pid1 = systemd::Pid1::of_host();
    return leader_of(pid1, name);
  }

  // Ours is `control_`; the other end goes to the guest's systemd and nowhere else.
  void begin() {
    std::array<int, 2> ends = {};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) throw_errno("making a socket pair");
    control_ = os::UniqueFd(ends[0]);
    const os::UniqueFd theirs(ends[1]);
    const auto terminal = send_command();
    const auto unit = session_unit(request_, theirs.get(), terminal);
    unit_ = unit.name;
    service_manager_of(leader_).start(unit);
    deadline_ = Clock::now() + kBeginPatience;
  }

  // Before there is anybody to read it: so the helper finds it when it begins. What is sent is
  // closed here, or nobody would see the end of it.
  std::string send_command() {
    const auto spec = os::sealed_memory(request_.command.encode(), "sdme-command");
    std::vector<os::UniqueFd> streams;
    std::string path;
    if (request_.command.terminal) {
      auto terminal = open_terminal(leader_, request_.user);
      const winsize size = {.ws_row = request_.rows, .ws_col = request_.columns, .ws_xpixel = 0, .ws_ypixel = 0};
      if (ioctl(terminal.master.get(), TIOCSWINSZ, &size) < 0) throw_errno("setting the size of a terminal");
      worker_.send({{"pty", true}}, terminal.master.get());
      streams.push_back(std::move(terminal.slave));
      path = terminal.path;
    } else {
      for (const char* name : {"stdin", "stdout", "stderr"}) streams.push_back(worker_.take_fd(name));
    }
    std::vector<int> fds = {spec.get()};
    for (const auto& stream : streams) fds.push_back(stream.get());
    os::send_packet(control_.get(), std::string(guest::kSpec), fds);
    return path;
  }

  void wait() {
    std::array<pollfd, 3> waiting = {{{.fd = control_.get(), .events = POLLIN, .revents = 0},
                                      {.fd = report_, .events = POLLIN, .revents = 0},
                                      {.fd = told_to_stop_.get(), .events = POLLIN, .revents = 0}}};
    const int ready = poll(waiting.data(), waiting.size(), patience());
    if (ready < 0 && errno != EINTR) throw_errno("waiting for a session");
    if (ready == 0 || (deadline_ && Clock::now() >= *deadline_)) give_up();
    control_ready_ = waiting[0].revents != 0;
    report_ready_ = waiting[1].revents != 0;
    if (waiting[2].revents != 0) cancel();
  }

  int patience() const {
    if (!deadline_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
  }

  // The helper sees the end of the connection and ends the command; how that went is still told.
  void cancel() {
    signalfd_siginfo info = {};
    static_cast<void>(!read(told_to_stop_.get(), &info, sizeof info));
    cancelled_ = true;
    shutdown(control_.get(), SHUT_WR);
    deadline_ = Clock::now() + kEndPatience;
  }

  // The helper does not do its part: systemd does it.
  [[noreturn]] void give_up() {
    service_manager_of(leader_).stop(unit_);
    if (cancelled_) throw Error(Errc::kCancelled, "the session was cancelled");
    throw Error(Errc::kTimedOut, "the container did not begin the session in time");
  }

  // What the helper says, "" when it has gone. The outcome, once there is one.
  std::optional<json::Value> heed_guest(const std::string& text) {
    const auto status = guest::number_after(guest::kExited, text);
    const auto signal = guest::number_after(guest::kKilled, text);
    if ((status || signal || text.empty()) && cancelled_) throw Error(Errc::kCancelled, "the session was cancelled");
    if (status || signal) return json::Value{{"status", status.value_or(0)}, {"signal", signal.value_or(0)}};
    if (text.empty()) return vanished();
    if (text == guest::kStarted && !started_) {
      started_ = true;
      deadline_.reset();
      worker_.send({{"started", true}});
    }
    return std::nullopt;
  }

  json::Value vanished() {
    if (!leader_.process.alive()) {
      throw Error(Errc::kNotRunning, "container '" + request_.name + "' stopped while the session ran");
    }
    auto inside = service_manager_of(leader_);
    const auto deadline = Clock::now() + kGuestPatience;
    auto state = inside.service(unit_);
    while (!state.ended() && Clock::now() < deadline) {
      inside.await_change(unit_, deadline);
      state = inside.service(unit_);
    }
    inside.reset_failed(unit_);
    if (started_) return {{"status", 0}, {"signal", SIGKILL}};  // the helper was killed, and its unit with it
    throw not_begun(state);
  }

  Error not_begun(const systemd::ServiceState& state) const {
    const auto in = "in container '" + request_.name + "'";
    switch (state.exit_status) {
      case kExitUser:
        return {Errc::kNotFound, "there is no user " + text::quoted(request_.user) + " " + in};
      case kExitPam:
        return {Errc::kCommandFailed, "PAM refused a session for " + text::quoted(request_.user) + " " + in};
      case kExitExec:
        return {Errc::kInternal, std::string("the helper for sessions cannot be run ") + in};
      default:
        return {Errc::kCommandFailed, "the session could not begin " + in + " (" + state.result + ", status " +
                                          std::to_string(state.exit_status) + ")"};
    }
  }

  void heed_daemon() {
    const auto packet = os::receive_packet(report_, kLongestReport);
    if (!packet) return;
    if (packet->text.empty()) {
      report_ = -1;  // a daemon that restarts: the session goes on
      return;
    }
    const auto number = json::get<int>(json::parse(packet->text, "what sdmed says"), "signal");
    os::send_packet(control_.get(), std::string(guest::kSignal) + std::to_string(number), {});
  }

  job::Worker& worker_;
  SessionRequest request_;
  Leader leader_;
  int report_;  // -1 once nobody listens
  os::UniqueFd told_to_stop_;
  os::UniqueFd control_;
  std::string unit_;
  std::optional<Clock::time_point> deadline_;
  bool control_ready_ = false;
  bool report_ready_ = false;
  bool started_ = false;
  bool cancelled_ = false;
};

}  // namespace

json::Value run_session(job::Worker& worker) { return Session(worker).run(); }

}  // namespace sdme::machine
