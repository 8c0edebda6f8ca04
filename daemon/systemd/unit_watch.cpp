// SPDX-License-Identifier: MIT
#include "systemd/unit_watch.hpp"

#include <csignal>
#include <cstring>
#include <string_view>

#include "base/log.hpp"
#include "base/text.hpp"

namespace sdme::systemd {

namespace {

constexpr const char* kAddress = "unix:path=/run/systemd/private";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnitPath = "/org/freedesktop/systemd1/unit";
constexpr std::uint64_t kReconnectUsec = 200'000;

struct MessageUnref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using MessagePtr = std::unique_ptr<sd_bus_message, MessageUnref>;

MessagePtr manager_call(sd_bus* bus, const char* member) {
  sd_bus_message* call = nullptr;
  const int result =
      bus == nullptr ? -ENOTCONN : sd_bus_message_new_method_call(bus, &call, nullptr, kPath, kManager, member);
  if (result < 0) throw Error::from_errno(-result, "asking systemd");
  return MessagePtr(call);
}

bool ours(std::string_view unit) { return unit.starts_with("sdme-"); }

std::optional<std::string> unit_of(const char* path) {
  char* name = nullptr;
  if (path == nullptr || sd_bus_path_decode(path, kUnitPath, &name) <= 0) return std::nullopt;
  const std::unique_ptr<char, decltype(&std::free)> owned(name, &std::free);
  return ours(name) ? std::optional<std::string>(name) : std::nullopt;
}

// The string property `wanted` of a PropertiesChanged signal positioned at its a{sv}.
std::optional<std::string> changed_string(sd_bus_message* message, const char* wanted) {
  std::optional<std::string> found;
  if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return found;
  while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
    const char* key = nullptr;
    const char* value = nullptr;
    if (sd_bus_message_read(message, "s", &key) < 0) return found;
    if (std::strcmp(key, wanted) == 0 && sd_bus_message_read(message, "v", "s", &value) > 0) {
      found = value;
    } else if (std::strcmp(key, wanted) != 0 && sd_bus_message_skip(message, "v") < 0) {
      return found;
    }
    sd_bus_message_exit_container(message);
  }
  return found;
}

// What a callback throws must not cross libsystemd's C frames.
template <typename Work>
void guarded(Work&& work) {
  try {
    work();
  } catch (const std::exception& error) {
    log::error(std::string("while hearing from systemd: ") + error.what());
  }
}

std::vector<UnitState> listed_units(sd_bus_message* reply) {
  std::vector<UnitState> units;
  sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
  const char* name = nullptr;
  const char* active = nullptr;
  std::uint32_t job = 0;
  while (sd_bus_message_read(reply, "(ssssssouso)", &name, nullptr, nullptr, &active, nullptr, nullptr, nullptr, &job,
                             nullptr, nullptr) > 0) {
    units.push_back({.unit = name, .active = active, .queued = job != 0});
  }
  return units;
}

UnitDetail detail_of(sd_bus_message* reply) {
  UnitDetail detail;
  if (sd_bus_message_is_method_error(reply, nullptr) != 0) return detail;
  if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0) return detail;
  while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
    const char* key = nullptr;
    if (sd_bus_message_read(reply, "s", &key) < 0) return detail;
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (std::strcmp(key, "InvocationID") == 0 && sd_bus_message_enter_container(reply, 'v', "ay") > 0) {
      if (sd_bus_message_read_array(reply, 'y', &bytes, &size) >= 0) {
        detail.invocation = text::lower_hex(static_cast<const unsigned char*>(bytes), size);
      }
      sd_bus_message_exit_container(reply);
    } else if (std::strcmp(key, "MainPID") == 0) {
      sd_bus_message_read(reply, "v", "u", &detail.main_pid);
    } else if (const char* freezer = nullptr; std::strcmp(key, "FreezerState") == 0) {
      if (sd_bus_message_read(reply, "v", "s", &freezer) > 0) detail.frozen = is_frozen(freezer);
    } else if (sd_bus_message_skip(reply, "v") < 0) {
      return detail;
    }
    sd_bus_message_exit_container(reply);
  }
  return detail;
}

void check_made(int result) {
  if (result < 0) throw Error(Errc::kInternal, "cannot ask systemd for a unit");
}

// A call to a unit's org.freedesktop.DBus.Properties, without its arguments.
MessagePtr properties_call(sd_bus* bus, const std::string& unit, const char* member) {
  char* path = nullptr;
  if (sd_bus_path_encode(kUnitPath, unit.c_str(), &path) < 0) throw Error(Errc::kInternal, "cannot name a unit");
  const std::unique_ptr<char, decltype(&std::free)> owned(path, &std::free);
  check_made(bus == nullptr ? -ENOTCONN : 0);
  sd_bus_message* call = nullptr;
  check_made(sd_bus_message_new_method_call(bus, &call, nullptr, path, "org.freedesktop.DBus.Properties", member));
  return MessagePtr(call);
}

}  // namespace

// A call on its way: owns the callback until the reply, or until the connection goes.
struct UnitWatch::Call {
  std::function<void(sd_bus_message*)> reply;

  static int on_reply(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
    guarded([&] { static_cast<Call*>(self)->reply(message); });
    return 0;
  }
  static void destroy(void* self) { delete static_cast<Call*>(self); }
};

UnitWatch::UnitWatch(sd_event* loop, Events events) : loop_(loop), events_(std::move(events)) { connect(); }

UnitWatch::~UnitWatch() {
  sd_event_source_disable_unref(reconnect_);
  sd_bus_close_unref(bus_);
}

void UnitWatch::connect() {
  sd_bus* bus = nullptr;
  int result = sd_bus_new(&bus);
  if (result >= 0) result = sd_bus_set_address(bus, kAddress);
  if (result >= 0) result = sd_bus_start(bus);
  if (result >= 0) result = sd_bus_attach_event(bus, loop_, SD_EVENT_PRIORITY_NORMAL);
  const auto on_filter = [](sd_bus_message* message, void* self, sd_bus_error*) {
    int handled = 0;
    guarded([&] { handled = static_cast<UnitWatch*>(self)->on_message(message); });
    return handled;
  };
  if (result >= 0) result = sd_bus_add_filter(bus, nullptr, on_filter, this);
  if (result < 0) {
    sd_bus_close_unref(bus);
    throw Error::from_errno(-result, "connecting to systemd");
  }
  bus_ = bus;
}

void UnitWatch::connect_again() {
  sd_bus_close_unref(bus_);
  bus_ = nullptr;
  killed_.clear();
  try {
    connect();
  } catch (const Error& error) {
    log::warning(error.message());
    return connect_later();
  }
  guarded([&] { events_.lost(); });
}

// Not at once: the message that told of the loss still belongs to the old connection.
void UnitWatch::connect_later() {
  const auto again = [](sd_event_source*, std::uint64_t, void* self) {
    static_cast<UnitWatch*>(self)->connect_again();
    return 0;
  };
  sd_event_source_disable_unref(reconnect_);
  reconnect_ = nullptr;
  sd_event_add_time_relative(loop_, &reconnect_, CLOCK_MONOTONIC, kReconnectUsec, 0, again, this);
}

int UnitWatch::on_message(sd_bus_message* message) {
  if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", "Disconnected") > 0) {
    connect_later();
    return 1;
  }
  if (sd_bus_message_is_signal(message, kManager, "UnitRemoved") > 0) {
    const char* unit = nullptr;
    if (sd_bus_message_read(message, "s", &unit) > 0 && ours(unit)) events_.removed(unit);
    return 0;
  }
  if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0) {
    const auto unit = unit_of(sd_bus_message_get_path(message));
    const char* interface = nullptr;
    if (!unit || sd_bus_message_read(message, "s", &interface) <= 0) return 0;
    if (std::strcmp(interface, "org.freedesktop.systemd1.Unit") == 0) {
      if (const auto active = changed_string(message, "ActiveState")) {
        events_.changed(*unit, *active);
        forgive_killed(*unit, *active);
      }
      sd_bus_message_rewind(message, 1);
      if (sd_bus_message_skip(message, "s") < 0) return 0;
      if (const auto freezer = changed_string(message, "FreezerState")) events_.frozen(*unit, is_frozen(*freezer));
    } else if (std::strcmp(interface, "org.freedesktop.systemd1.Service") == 0) {
      if (const auto result = changed_string(message, "Result")) events_.result(*unit, *result);
    }
  }
  return 0;
}

void UnitWatch::call_async(sd_bus_message* message, std::function<void(sd_bus_message*)> reply) {
  auto call = std::make_unique<Call>(std::move(reply));
  sd_bus_slot* slot = nullptr;
  const int result = sd_bus_call_async(bus_, &slot, message, &Call::on_reply, call.get(), 0);
  if (result < 0) throw Error::from_errno(-result, "asking systemd");
  sd_bus_slot_set_destroy_callback(slot, &Call::destroy);
  sd_bus_slot_set_floating(slot, 1);
  sd_bus_slot_unref(slot);
  static_cast<void>(call.release());  // the slot destroys it
}

void UnitWatch::start(const TransientUnit& unit, Done done) {
  const auto call = manager_call(bus_, "StartTransientUnit");
  append(call.get(), unit);
  call_async(call.get(), [done = std::move(done), name = unit.name](sd_bus_message* reply) {
    const auto* error = sd_bus_message_get_error(reply);
    if (error == nullptr) return done(std::nullopt);
    done(Error(Errc::kInternal, "systemd could not start " + name + ": " + text::printable(error->message)));
  });
}

void UnitWatch::start(const std::string& unit, Done done) {
  const auto call = manager_call(bus_, "StartUnit");
  if (sd_bus_message_append(call.get(), "ss", unit.c_str(), "replace") < 0) {
    throw Error(Errc::kInternal, "cannot ask systemd to start a unit");
  }
  killed_.erase(unit);
  call_async(call.get(), [done = std::move(done)](sd_bus_message* reply) {
    const auto* error = sd_bus_message_get_error(reply);
    if (error == nullptr) return done(std::nullopt);
    done(Error(Errc::kInternal, "systemd refused: " + text::printable(error->message)));
  });
}

void UnitWatch::kill(const std::string& unit) {
  const auto call = manager_call(bus_, "KillUnit");
  if (sd_bus_message_append(call.get(), "ssi", unit.c_str(), "all", SIGKILL) < 0) return;
  call_async(call.get(), [](sd_bus_message*) {});  // that nothing is left of it is fine
  stop(unit);  // systemd would start one anew that was killed and has Restart=
  killed_.insert(unit);
}

void UnitWatch::forgive_killed(const std::string& unit, const std::string& active) {
  if (active.ends_with("activating") || killed_.erase(unit) == 0 || active != "failed") return;
  const auto call = manager_call(bus_, "ResetFailedUnit");
  if (sd_bus_message_append(call.get(), "s", unit.c_str()) < 0) return;
  call_async(call.get(), [](sd_bus_message*) {});
}

void UnitWatch::stop(const std::string& unit) {
  const auto call = manager_call(bus_, "StopUnit");
  if (sd_bus_message_append(call.get(), "ss", unit.c_str(), "replace") < 0) return;
  call_async(call.get(), [](sd_bus_message*) {});  // that it is gone already is fine
}

void UnitWatch::inspect(const std::string& unit, Inspected inspected) {
  const auto message = properties_call(bus_, unit, "GetAll");
  check_made(sd_bus_message_append(message.get(), "s", ""));
  call_async(message.get(), [inspected = std::move(inspected)](sd_bus_message* reply) { inspected(detail_of(reply)); });
}

void UnitWatch::count(const std::string& unit, const std::string& property, Counted counted) {
  const auto message = properties_call(bus_, unit, "Get");
  check_made(sd_bus_message_append(message.get(), "ss", "org.freedesktop.systemd1.Service", property.c_str()));
  call_async(message.get(), [counted = std::move(counted)](sd_bus_message* reply) {
    std::uint64_t value = UINT64_MAX;
    const bool told =
        sd_bus_message_is_method_error(reply, nullptr) == 0 && sd_bus_message_read(reply, "v", "t", &value) > 0;
    counted(told && value != UINT64_MAX ? std::optional(value) : std::nullopt);
  });
}

void UnitWatch::list(const std::vector<std::string>& patterns, Listed listed) {
  const auto call = manager_call(bus_, "ListUnitsByPatterns");
  const int empty = sd_bus_message_append(call.get(), "as", 0);
  std::vector<char*> raw;
  for (const auto& pattern : patterns) raw.push_back(const_cast<char*>(pattern.c_str()));
  raw.push_back(nullptr);
  if (empty < 0 || sd_bus_message_append_strv(call.get(), raw.data()) < 0) {
    throw Error(Errc::kInternal, "cannot ask systemd for its units");
  }
  call_async(call.get(), [this, patterns, listed = std::move(listed)](sd_bus_message* reply) {
    const auto* error = sd_bus_message_get_error(reply);
    if (error == nullptr) return listed(listed_units(reply));
    log::warning("systemd does not list its units: " + text::printable(error->message));
    const bool busy = sd_bus_error_has_names(error, SD_BUS_ERROR_TIMEOUT, SD_BUS_ERROR_NO_REPLY) > 0;
    if (busy && bus_ != nullptr) list(patterns, listed);
  });
}

}  // namespace sdme::systemd
