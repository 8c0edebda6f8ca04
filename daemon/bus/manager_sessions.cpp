// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "bus/manager_object.hpp"

// The members that enter a container and read its log.
namespace sdme::bus {

namespace {

constexpr std::size_t kShownCommand = 200;

// What a prompt shows of a command: printable, and short enough to be read.
std::string shown(const std::vector<requests::Bytes>& argv) {
  std::string line;
  for (const auto& item : argv) {
    line += (line.empty() ? "" : " ") + std::string(item.begin(), item.end());
    if (line.size() > kShownCommand) break;
  }
  return text::printable(line, kShownCommand);
}

Error ended_early(const job::Job& session) {
  const auto& record = session.record;
  if (record.state == job::State::kDone) return {Errc::kCommandFailed, "the session ended at once"};
  return {record.error, record.message};
}

}  // namespace

// What the shell of a clone shows is the host: that is asked for first, as the graver of the two.
std::vector<Check> ManagerObject::entering_checks(const Caller& caller, const model::ContainerRecord& authorised,
                                                  const requests::Command& command) const {
  check_still(authorised);
  const auto& record = container(authorised.name.str());
  const auto reach = reach_of(record, context_.states, context_.store);
  const Details details = {{"container", record.name.str()},
                           {"owner", std::to_string(record.owner)},
                           {"verb", "enter"},
                           {"user", command.user.empty() ? "root" : command.user},
                           {"program", command.argv.empty() ? "a login shell" : shown({command.argv.front()})},
                           {"command_line", command.argv.empty() ? "a login shell" : shown(command.argv)},
                           {"privileged", reach.empty() ? "no" : "yes"},
                           {"features", told_reach(reach, true)}};
  std::vector<Check> checks;
  const auto told = told_reach(reach, record.owner == caller.uid);
  if (record.definition.host_clone) checks.push_back({"grant-host-access", details, told});
  checks.push_back({"container-shell", details, told});
  return checks;
}

void ManagerObject::Exec(sdbus::Result<std::uint64_t>&& result, std::string name, std::string user,
                         std::vector<Bytes> argv, std::vector<Bytes> env, Bytes cwd, sdbus::UnixFd in,
                         sdbus::UnixFd out, sdbus::UnixFd err, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    requests::Command command{std::move(user), std::move(argv), std::move(env), std::move(cwd)};
    const auto record = container(name);
    auto plan = requests::exec(who, record, command, {in, out, err}, options);
    command.user = plan.record.request.at("user").get<std::string>();
    check_running(record);
    const auto checks = [this, who, record, command] { return entering_checks(who, record, command); };
    return {checks(),
            [this, who, record, plan = std::move(plan)](auto reply) mutable {
              check_running(record);
              reply->send(submit(who, std::move(plan)));
            },
            checks};
  });
}

void ManagerObject::OpenShell(sdbus::Result<sdbus::UnixFd, std::uint64_t>&& result, std::string name, std::string user,
                              std::vector<Bytes> argv, std::vector<Bytes> env, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<sdbus::UnixFd, std::uint64_t> {
    requests::Command command{std::move(user), std::move(argv), std::move(env), {}};
    const auto record = container(name);
    auto plan = requests::shell(who, record, command, options);
    command.user = plan.record.request.at("user").get<std::string>();
    check_running(record);
    const auto checks = [this, who, record, command] { return entering_checks(who, record, command); };
    return {checks(),
            [this, who, record, plan = std::move(plan)](auto reply) mutable {
              check_running(record);
              const auto id = submit(who, std::move(plan));
              context_.jobs.when_started(*context_.jobs.find(id), [reply, id](job::Job& session) {
                if (!session.pty) return reply->fail(ended_early(session));
                reply->send(sdbus::UnixFd{session.pty.get()}, id);
                session.pty.reset();  // the message holds its own
              });
            },
            checks};
  });
}

void ManagerObject::check_running(const model::ContainerRecord& record) const {
  const auto state = context_.states.state(record.name.str());
  if (state == "running" || state == "starting") return;
  if (state == "paused") {
    throw Error(Errc::kNotRunning, "container " + text::quoted(record.name.str()) + " is paused; 'sdmectl resume " +
                                       record.name.str() + "' has it go on");
  }
  throw Error(Errc::kNotRunning,
              "container " + text::quoted(record.name.str()) + " does not run (it is " + state + ")");
}

void ManagerObject::WaitSession(sdbus::Result<std::int32_t, std::int32_t>&& result, std::uint64_t id) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::int32_t, std::int32_t> {
    const auto& record = job(id, true).record;
    auto checks =
        context_.door.required("WaitSession", who, record.owner,
                               {{"container", record.target}, {"job", std::to_string(id)}, {"verb", "wait for"}});
    return {std::move(checks), [this, id](auto reply) {
              context_.jobs.when_ended(job(id, true), [reply](const job::Job& ended) {
                const auto& now = ended.record;
                if (now.state != job::State::kDone) return reply->fail(Error(now.error, now.message));
                reply->send(json::get<std::int32_t>(now.result, "status"),
                            json::get<std::int32_t>(now.result, "signal"));
              });
            }};
  });
}

void ManagerObject::SignalSession(sdbus::Result<>&& result, std::uint64_t id, std::int32_t signal, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<> {
    OptionReader(options, "option").finish();
    if (signal < 1 || signal > 31) throw Error(Errc::kInvalidArgument, "a signal is a number from 1 to 31");
    const auto& record = job(id, true).record;
    auto checks =
        context_.door.required("SignalSession", who, record.owner,
                               {{"container", record.target}, {"job", std::to_string(id)}, {"verb", "signal"}});
    return {std::move(checks), [this, id, signal](auto reply) {
              context_.jobs.send_signal(job(id, true), signal);
              reply->send();
            }};
  });
}

void ManagerObject::OpenLog(sdbus::Result<sdbus::UnixFd>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<sdbus::UnixFd> {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) < 0) throw_errno("making a pipe");
    os::UniqueFd reading(ends[0]);
    const auto record = container(name);
    auto plan = requests::log(who, record, options, os::UniqueFd(ends[1]));
    return {container_checks("OpenLog", who, record, "read the log of"),
            [this, who, record, plan = std::move(plan), reading = std::move(reading)](auto reply) mutable {
              check_still(record);
              submit(who, std::move(plan));
              reply->send(sdbus::UnixFd{reading.get()});
            }};
  });
}

}  // namespace sdme::bus
