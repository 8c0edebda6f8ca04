// SPDX-License-Identifier: MIT
#include "systemd/pid1.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/stop_request.hpp"

namespace sdme::systemd {

namespace {

constexpr const char* kSocket = "unix:path=/run/systemd/private";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kUnitPath = "/org/freedesktop/systemd1/unit";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr const char* kService = "org.freedesktop.systemd1.Service";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";

constexpr std::chrono::seconds kHostPatience{90};
constexpr std::chrono::seconds kLongestSleep{1};
constexpr std::size_t kMostUnits = 32;  // of a list that a stranger makes

void check(int result) {
  if (result == -ETIMEDOUT) throw Error(Errc::kTimedOut, "systemd did not answer in time");
  if (result == -EINTR) os::throw_if_stop_requested();
  if (result < 0) throw Error::from_errno(-result, "speaking with systemd");
}

std::string unit_path(const std::string& unit) {
  char* path = nullptr;
  check(sd_bus_path_encode(kUnitPath, unit.c_str(), &path));
  const std::unique_ptr<char, decltype(&std::free)> owned(path, &std::free);
  return path;
}

[[noreturn]] void throw_answer(const sd_bus_error& error) {
  const std::string_view name = error.name == nullptr ? "" : error.name;
  const std::string message = text::printable(error.message == nullptr ? name : error.message);
  if (name == "org.freedesktop.systemd1.NoSuchUnit") throw Error(Errc::kNotFound, message);
  if (name == "org.freedesktop.systemd1.TransactionIsDestructive")
    throw Error(Errc::kNotRunning, "its systemd is about to end, and starts nothing any more");
  // libsystemd's own words for silence and for a connection that ended
  if (name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_TIMEOUT) {
    throw Error(Errc::kTimedOut, "systemd did not answer in time");
  }
  os::throw_if_stop_requested();
  throw Error(Errc::kInternal, "systemd refused: " + message);
}

// For what is done already when the unit is not there.
template <typename Work>
void unless_gone(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.code() != Errc::kNotFound) throw;
  }
}

// Reads an a{sv}, handing each value that the reader wants to it, positioned inside the variant.
void read_dictionary(sd_bus_message* message, const std::map<std::string_view, std::function<void()>>& readers) {
  check(sd_bus_message_enter_container(message, 'a', "{sv}"));
  while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
    const char* key = nullptr;
    check(sd_bus_message_read(message, "s", &key));
    if (const auto reader = readers.find(key); reader != readers.end()) {
      reader->second();
    } else {
      check(sd_bus_message_skip(message, "v"));
    }
    check(sd_bus_message_exit_container(message));
  }
  check(sd_bus_message_exit_container(message));
}

std::string read_string(sd_bus_message* message) {
  const char* value = nullptr;
  check(sd_bus_message_read(message, "v", "s", &value));
  return text::printable(value);
}

std::string read_id(sd_bus_message* message) {
  const void* bytes = nullptr;
  std::size_t count = 0;
  check(sd_bus_message_enter_container(message, 'v', "ay"));
  check(sd_bus_message_read_array(message, 'y', &bytes, &count));
  check(sd_bus_message_exit_container(message));
  return count == 0 ? "" : text::lower_hex(static_cast<const unsigned char*>(bytes), count);
}

// Of the reply to a call that changes unit files: whether it did, so that systemd must read them anew.
bool tells_changes(sd_bus_message* reply) {
  check(sd_bus_message_enter_container(reply, 'a', "(sss)"));
  return sd_bus_message_at_end(reply, 0) == 0;
}

}  // namespace

Pid1 Pid1::of_host() {
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus));
  Pid1 pid1({}, kHostPatience);
  pid1.bus_.reset(bus);
  check(sd_bus_set_address(bus, kSocket));
  check(sd_bus_start(bus));
  pid1.await_ready();
  return pid1;
}

Pid1::Pid1(os::UniqueFd socket, std::chrono::microseconds patience) : patience_(patience) {
  if (!socket) return;
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus));
  bus_.reset(bus);
  const int fd = socket.release();  // libsystemd's from here on
  check(sd_bus_set_fd(bus, fd, fd));
  check(sd_bus_start(bus));
  await_ready();
}

// The limit of a call does not count for the handshake before it, in which a stranger may be silent.
void Pid1::await_ready() {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  int ready = 0;
  while ((ready = sd_bus_is_ready(bus_.get())) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) check(-ETIMEDOUT);
    process_or_wait(deadline, nullptr);
  }
  check(ready);
}

Pid1::Message Pid1::manager_call(const char* member) {
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus_.get(), &message, nullptr, kPath, kManager, member));
  return Message(message);
}

Pid1::Message Pid1::call(sd_bus_message* message) {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_message* reply = nullptr;
  const auto patience = static_cast<std::uint64_t>(patience_.count());
  const int result = sd_bus_call(bus_.get(), message, patience, &error, &reply);
  const std::unique_ptr<sd_bus_error, decltype(&sd_bus_error_free)> owned(&error, &sd_bus_error_free);
  if (sd_bus_error_is_set(&error) != 0) throw_answer(error);
  check(result);
  return Message(reply);
}

void Pid1::call_unit(const char* member, const std::string& unit) {
  const auto message = manager_call(member);
  const bool has_mode = std::string_view(member) != "ResetFailedUnit";
  check(has_mode ? sd_bus_message_append(message.get(), "ss", unit.c_str(), "replace")
                 : sd_bus_message_append(message.get(), "s", unit.c_str()));
  call(message.get());
}

void Pid1::start(const std::string& unit) { call_unit("StartUnit", unit); }

void Pid1::start(const TransientUnit& unit) {
  const auto message = manager_call("StartTransientUnit");
  append(message.get(), unit);
  call(message.get());
}

void Pid1::start(const TransientSocket& socket) {
  const auto message = manager_call("StartTransientUnit");
  append(message.get(), socket);
  call(message.get());
}

void Pid1::reload(const std::string& unit) {
  unless_gone([&] { call_unit("ReloadUnit", unit); });
}

std::string Pid1::active_state(const std::string& unit) {
  std::string state;
  const auto reply = properties(unit, kUnit);
  read_dictionary(reply.get(), {{"ActiveState", [&] { state = read_string(reply.get()); }}});
  return state;
}

bool Pid1::is_outdated(const std::string& unit) {
  int outdated = 0;
  const auto reply = properties(unit, kUnit);
  read_dictionary(reply.get(),
                  {{"NeedDaemonReload", [&] { check(sd_bus_message_read(reply.get(), "v", "b", &outdated)); }}});
  return outdated != 0;
}

void Pid1::stop(const std::string& unit) {
  unless_gone([&] { call_unit("StopUnit", unit); });
}

void Pid1::reset_failed(const std::string& unit) {
  unless_gone([&] { call_unit("ResetFailedUnit", unit); });
}

void Pid1::kill_all(const std::string& unit, int signal) {
  const auto message = manager_call("KillUnit");
  check(sd_bus_message_append(message.get(), "ssi", unit.c_str(), "all", signal));
  unless_gone([&] { call(message.get()); });
}

void Pid1::enable(const std::string& unit) {
  const auto message = manager_call("EnableUnitFiles");
  check(sd_bus_message_append(message.get(), "asbb", 1, unit.c_str(), 0, 0));
  call(message.get());
  reload();
}

void Pid1::reload() { call(manager_call("Reload").get()); }

void Pid1::set_properties(const std::string& unit, const std::vector<Property>& properties) {
  const auto message = manager_call("SetUnitProperties");
  check(sd_bus_message_append(message.get(), "sb", unit.c_str(), 1));
  append(message.get(), properties);
  call(message.get());
}

ResourceUse Pid1::resource_use(const std::string& unit) {
  ResourceUse use;
  const auto reply = properties(unit, kService);
  auto* message = reply.get();
  const auto number = [&](std::uint64_t& to) {
    return [&to, message] { check(sd_bus_message_read(message, "v", "t", &to)); };
  };
  read_dictionary(message, {{"MemoryCurrent", number(use.memory)}, {"TasksCurrent", number(use.tasks)}});
  return use;
}

void Pid1::revert(const std::string& unit) {
  const auto message = manager_call("RevertUnitFiles");
  check(sd_bus_message_append(message.get(), "as", 1, unit.c_str()));
  if (tells_changes(call(message.get()).get())) reload();
}

void Pid1::freeze(const std::string& unit) {
  const auto message = manager_call("FreezeUnit");
  check(sd_bus_message_append(message.get(), "s", unit.c_str()));
  call(message.get());
}

void Pid1::thaw(const std::string& unit) {
  const auto message = manager_call("ThawUnit");
  check(sd_bus_message_append(message.get(), "s", unit.c_str()));
  call(message.get());
}

void Pid1::disable(const std::string& unit) {
  const auto message = manager_call("DisableUnitFiles");
  check(sd_bus_message_append(message.get(), "asb", 1, unit.c_str(), 0));
  if (tells_changes(call(message.get()).get())) reload();
}

Pid1::Message Pid1::properties(const std::string& unit, const char* interface) {
  sd_bus_message* raw = nullptr;
  check(sd_bus_message_new_method_call(bus_.get(), &raw, nullptr, unit_path(unit).c_str(), kProperties, "GetAll"));
  const Message message(raw);
  check(sd_bus_message_append(raw, "s", interface));
  return call(raw);
}

ServiceState Pid1::service(const std::string& unit) {
  ServiceState state;
  const auto general = properties(unit, kUnit);
  auto* message = general.get();
  std::uint32_t job = 0;
  std::string freezer;
  read_dictionary(message, {{"ActiveState", [&] { state.active = read_string(message); }},
                            {"SubState", [&] { state.sub = read_string(message); }},
                            {"Job", [&] { check(sd_bus_message_read(message, "v", "(uo)", &job, nullptr)); }},
                            {"FreezerState", [&] { freezer = read_string(message); }},
                            {"InvocationID", [&] { state.invocation = read_id(message); }}});
  state.frozen = is_frozen(freezer);
  state.queued = job != 0;
  const auto special = properties(unit, kService);
  message = special.get();
  std::uint32_t pid = 0;
  read_dictionary(message,
                  {{"Result", [&] { state.result = read_string(message); }},
                   {"StatusText", [&] { state.status_text = read_string(message); }},
                   {"MainPID", [&] { check(sd_bus_message_read(message, "v", "u", &pid)); }},
                   {"ExecMainCode", [&] { check(sd_bus_message_read(message, "v", "i", &state.exit_code)); }},
                   {"ExecMainStatus", [&] { check(sd_bus_message_read(message, "v", "i", &state.exit_status)); }}});
  state.main_pid = static_cast<pid_t>(pid);
  return state;
}

std::string Pid1::system_state() {
  sd_bus_message* raw = nullptr;
  check(sd_bus_message_new_method_call(bus_.get(), &raw, nullptr, kPath, kProperties, "Get"));
  const Message message(raw);
  check(sd_bus_message_append(raw, "ss", kManager, "SystemState"));
  const auto reply = call(raw);
  return read_string(reply.get());
}

std::vector<std::string> Pid1::failed_units() {
  const auto message = manager_call("ListUnitsFiltered");
  check(sd_bus_message_append(message.get(), "as", 1, "failed"));
  const auto reply = call(message.get());
  std::vector<std::string> units;
  check(sd_bus_message_enter_container(reply.get(), 'a', "(ssssssouso)"));
  const char* name = nullptr;
  while (units.size() < kMostUnits && sd_bus_message_read(reply.get(), "(ssssssouso)", &name, nullptr, nullptr, nullptr,
                                                          nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) > 0) {
    units.push_back(text::printable(name));
  }
  return units;
}

std::vector<std::string> Pid1::running_jobs() {
  const auto reply = call(manager_call("ListJobs").get());
  std::vector<std::string> jobs;
  check(sd_bus_message_enter_container(reply.get(), 'a', "(usssoo)"));
  const char* unit = nullptr;
  const char* kind = nullptr;
  const char* state = nullptr;
  while (sd_bus_message_read(reply.get(), "(usssoo)", nullptr, &unit, &kind, &state, nullptr, nullptr) > 0) {
    const bool waits_for_others = std::string_view(state) == "waiting";
    if (!waits_for_others && jobs.size() < kMostUnits)
      jobs.push_back(text::printable(unit) + "/" + text::printable(kind));
  }
  return jobs;
}

bool Pid1::process_or_wait(Deadline until, Message* message) {
  os::throw_if_stop_requested();
  sd_bus_message* raw = nullptr;
  const int processed = sd_bus_process(bus_.get(), message == nullptr ? nullptr : &raw);
  check(processed);
  if (message != nullptr) message->reset(raw);
  if (processed > 0) return std::chrono::steady_clock::now() < until;  // a guest may talk without end
  const auto left = std::chrono::ceil<std::chrono::microseconds>(until - std::chrono::steady_clock::now()).count();
  if (left <= 0) return false;
  if (const int waited = sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left)); waited != -EINTR) check(waited);
  return true;
}

void Pid1::await_change(const std::string& unit, Deadline deadline) {
  const auto path = unit_path(unit);
  const auto until = std::min(deadline, std::chrono::steady_clock::now() + kLongestSleep);
  Message message;
  while (process_or_wait(until, &message)) {
    const char* from = message ? sd_bus_message_get_path(message.get()) : nullptr;
    if (from != nullptr && path == from) return;
  }
}

}  // namespace sdme::systemd
