// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/text.hpp"
#include "bus/fd_check.hpp"
#include "bus/requests.hpp"

// Exec, OpenShell and OpenLog: what runs in or reads from a container on behalf of a caller.
namespace sdme::bus::requests {

namespace {

constexpr std::size_t kMostBytes = 1 << 20;  // of argv and env together, ARG_MAX is of this order
constexpr std::size_t kMostItems = 16 * 1024;
constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestUser = 64;
constexpr std::uint32_t kMostLogLines = 1'000'000;

std::string hex(const Bytes& bytes) { return text::lower_hex(bytes.data(), bytes.size()); }

std::vector<std::string> hex_list(const std::vector<Bytes>& list) {
  std::vector<std::string> texts;
  for (const auto& bytes : list) texts.push_back(hex(bytes));
  return texts;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(Errc::kInvalidArgument, why); }

void check_no_nul(const std::vector<Bytes>& list, const std::string& argument) {
  for (const auto& bytes : list) {
    if (std::ranges::find(bytes, 0) != bytes.end()) refuse("'" + argument + "' holds a NUL byte");
  }
}

void check_env(const std::vector<Bytes>& env) {
  for (const auto& bytes : env) {
    const auto sign = std::ranges::find(bytes, '=');
    if (sign == bytes.begin() || sign == bytes.end()) refuse("'env' must hold NAME=VALUE");
  }
}

void check_user(const std::string& user) {
  const bool plain = std::ranges::all_of(
      user, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; });
  if (user.size() > kLongestUser || !plain || user.starts_with('-')) {
    refuse(text::quoted(user) + " is not a user name or uid");
  }
}

void check_command(const Command& command) {
  check_user(command.user);
  check_no_nul(command.argv, "argv");
  check_no_nul(command.env, "env");
  check_no_nul({command.cwd}, "cwd");
  check_env(command.env);
  std::size_t bytes = 0;
  for (const auto* list : {&command.argv, &command.env}) {
    if (list->size() > kMostItems) refuse("'argv' or 'env' has more than 16384 items");
    for (const auto& item : *list) bytes += item.size() + 1;
  }
  if (bytes > kMostBytes) refuse("'argv' and 'env' together are larger than 1 MiB");
  if (!command.cwd.empty() && command.cwd.front() != '/') refuse("'cwd' must be an absolute path or empty");
  if (command.cwd.size() > kLongestPath) refuse("'cwd' is longer than 4096 bytes");
}

// A clone of the host is entered as oneself: the same user and home are inside.
std::string resolved_user(const Caller& caller, const model::ContainerRecord& container, const std::string& user) {
  if (!user.empty()) return user;
  return container.definition.host_clone && caller.uid != 0 ? std::to_string(caller.uid) : "";
}

job::Plan session(const Caller& caller, const model::ContainerRecord& container, const std::string& kind) {
  return {.record = {.session = true,
                     .kind = kind,
                     .verb = kind == "log" ? "log" : "session",
                     .target = container.name.str(),
                     .owner = caller.uid,
                     .request = {{"name", container.name.str()}}},
          .fds = {}};
}

void put(json::Value& request, const Command& command, const std::string& mode, const std::string& user) {
  request["mode"] = mode;
  request["user"] = user;
  request["argv"] = hex_list(command.argv);
  request["env"] = hex_list(command.env);
  request["cwd"] = hex(command.cwd);
}

}  // namespace

job::Plan exec(const Caller& caller, const model::ContainerRecord& container, const Command& command,
               const Streams& streams, const Options& options) {
  check_command(command);
  if (command.argv.empty() || command.argv.front().empty()) refuse("'argv' must begin with the program to run");
  OptionReader reader(options, "option");
  auto plan = session(caller, container, "exec");
  plan.record.cancel_on_disconnect =
      reader.take_word("on-disconnect", {"continue", "cancel"}).value_or("continue") == "cancel";
  reader.finish();
  put(plan.record.request, command, "exec", resolved_user(caller, container, command.user));
  plan.record.request["rows"] = 0;
  plan.record.request["columns"] = 0;
  plan.fds.emplace("stdin", take_stream(streams.in, "in", Direction::kRead));
  plan.fds.emplace("stdout", take_stream(streams.out, "out", Direction::kWrite));
  plan.fds.emplace("stderr", take_stream(streams.err, "err", Direction::kWrite));
  return plan;
}

job::Plan shell(const Caller& caller, const model::ContainerRecord& container, Command command,
                const Options& options) {
  OptionReader reader(options, "option");
  command.cwd = reader.take<Bytes>("cwd").value_or(Bytes{});
  const auto rows = reader.take<std::uint16_t>("rows").value_or(0);
  const auto columns = reader.take<std::uint16_t>("columns").value_or(0);
  auto plan = session(caller, container, "shell");
  plan.record.cancel_on_disconnect =
      reader.take_word("on-disconnect", {"continue", "cancel"}).value_or("cancel") == "cancel";
  reader.finish();
  check_command(command);
  put(plan.record.request, command, "shell", resolved_user(caller, container, command.user));
  plan.record.request["rows"] = rows;
  plan.record.request["columns"] = columns;
  return plan;
}

job::Plan log(const Caller& caller, const model::ContainerRecord& container, const Options& options,
              os::UniqueFd writing_end) {
  OptionReader reader(options, "option");
  const auto lines = reader.take<std::uint32_t>("lines").value_or(0);
  const bool follow = reader.take<bool>("follow").value_or(false);
  const auto format = reader.take_word("format", {"short", "cat", "json"}).value_or("short");
  reader.finish();
  if (lines > kMostLogLines) refuse("option 'lines' must be at most 1000000");
  auto plan = session(caller, container, "log");
  plan.record.cancel_on_disconnect = true;
  plan.record.request.update(
      {{"lines", lines}, {"follow", follow}, {"format", format}, {"since_usec", container.created_usec}});
  plan.fds.emplace("log", std::move(writing_end));
  return plan;
}

}  // namespace sdme::bus::requests
