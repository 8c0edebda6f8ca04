// SPDX-License-Identifier: MIT
#include "systemd/transient_unit.hpp"

#include "base/error.hpp"

namespace sdme::systemd {

namespace {

void check(int result) {
  if (result < 0) throw Error::from_errno(-result, "building a message to systemd");
}

class Appender {
 public:
  explicit Appender(sd_bus_message* call) : call_(call) {}

  void operator()(bool value) { check(sd_bus_message_append(call_, "v", "b", value ? 1 : 0)); }
  void operator()(std::uint32_t value) { check(sd_bus_message_append(call_, "v", "u", value)); }
  void operator()(std::uint64_t value) { check(sd_bus_message_append(call_, "v", "t", value)); }
  void operator()(std::int32_t value) { check(sd_bus_message_append(call_, "v", "i", value)); }
  void operator()(const std::string& value) { check(sd_bus_message_append(call_, "v", "s", value.c_str())); }
  void operator()(const FdValue& value) { check(sd_bus_message_append(call_, "v", "h", value.fd)); }

  void operator()(const std::vector<std::string>& value) {
    check(sd_bus_message_open_container(call_, 'v', "as"));
    strings(value);
    check(sd_bus_message_close_container(call_));
  }

  void operator()(const AllowList& value) {
    check(sd_bus_message_open_container(call_, 'v', "(bas)"));
    check(sd_bus_message_open_container(call_, 'r', "bas"));
    check(sd_bus_message_append(call_, "b", value.allow ? 1 : 0));
    strings(value.items);
    check(sd_bus_message_close_container(call_));
    check(sd_bus_message_close_container(call_));
  }

  void operator()(const BindPaths& value) {
    check(sd_bus_message_open_container(call_, 'v', "a(ssbt)"));
    check(sd_bus_message_open_container(call_, 'a', "(ssbt)"));
    for (const auto& path : value.paths) {
      check(sd_bus_message_append(call_, "(ssbt)", path.source.c_str(), path.destination.c_str(), 0, std::uint64_t{0}));
    }
    check(sd_bus_message_close_container(call_));
    check(sd_bus_message_close_container(call_));
  }

  void operator()(const EmptyTrees& value) {
    check(sd_bus_message_open_container(call_, 'v', "a(ss)"));
    check(sd_bus_message_open_container(call_, 'a', "(ss)"));
    for (const auto& path : value.paths) check(sd_bus_message_append(call_, "(ss)", path.c_str(), "mode=0755"));
    check(sd_bus_message_close_container(call_));
    check(sd_bus_message_close_container(call_));
  }

  void operator()(const DeviceRules& value) {
    check(sd_bus_message_open_container(call_, 'v', "a(ss)"));
    check(sd_bus_message_open_container(call_, 'a', "(ss)"));
    for (const auto& rule : value.rules) {
      check(sd_bus_message_append(call_, "(ss)", rule.device.c_str(), rule.access.c_str()));
    }
    check(sd_bus_message_close_container(call_));
    check(sd_bus_message_close_container(call_));
  }

  void property(const Property& property) {
    check(sd_bus_message_open_container(call_, 'r', "sv"));
    check(sd_bus_message_append(call_, "s", property.first.c_str()));
    std::visit(*this, property.second);
    check(sd_bus_message_close_container(call_));
  }

  void strings(const std::vector<std::string>& items) {
    check(sd_bus_message_open_container(call_, 'a', "s"));
    for (const auto& item : items) check(sd_bus_message_append(call_, "s", item.c_str()));
    check(sd_bus_message_close_container(call_));
  }

 private:
  sd_bus_message* call_;
};

// ExecStartEx= with "no-env-expand": a '$' in an argument stays what it is.
void append_command(sd_bus_message* call, const std::vector<std::string>& argv) {
  Appender appender(call);
  check(sd_bus_message_open_container(call, 'r', "sv"));
  check(sd_bus_message_append(call, "s", "ExecStartEx"));
  check(sd_bus_message_open_container(call, 'v', "a(sasas)"));
  check(sd_bus_message_open_container(call, 'a', "(sasas)"));
  check(sd_bus_message_open_container(call, 'r', "sasas"));
  check(sd_bus_message_append(call, "s", argv.front().c_str()));
  appender.strings(argv);
  appender.strings({"no-env-expand"});
  for (int level = 0; level < 4; ++level) check(sd_bus_message_close_container(call));
}

void append_fds(sd_bus_message* call, const std::vector<NamedFd>& fds) {
  check(sd_bus_message_open_container(call, 'r', "sv"));
  check(sd_bus_message_append(call, "s", "ExtraFileDescriptors"));
  check(sd_bus_message_open_container(call, 'v', "a(hs)"));
  check(sd_bus_message_open_container(call, 'a', "(hs)"));
  for (const auto& fd : fds) check(sd_bus_message_append(call, "(hs)", fd.fd, fd.name.c_str()));
  for (int level = 0; level < 3; ++level) check(sd_bus_message_close_container(call));
}

void append_listen(sd_bus_message* call, const std::vector<TransientSocket::Listen>& listen) {
  check(sd_bus_message_open_container(call, 'r', "sv"));
  check(sd_bus_message_append(call, "s", "Listen"));
  check(sd_bus_message_open_container(call, 'v', "a(ss)"));
  check(sd_bus_message_open_container(call, 'a', "(ss)"));
  for (const auto& one : listen) check(sd_bus_message_append(call, "(ss)", one.type.c_str(), one.address.c_str()));
  for (int level = 0; level < 3; ++level) check(sd_bus_message_close_container(call));
}

// The properties of a service, as one a(sv).
void append_service(sd_bus_message* call, const TransientUnit& unit) {
  check(sd_bus_message_open_container(call, 'a', "(sv)"));
  Appender appender(call);
  appender.property({"Description", unit.description});
  for (const auto& property : unit.properties) appender.property(property);
  append_command(call, unit.argv);
  if (!unit.fds.empty()) append_fds(call, unit.fds);
  check(sd_bus_message_close_container(call));
}

}  // namespace

void append(sd_bus_message* call, const std::vector<Property>& properties) {
  check(sd_bus_message_open_container(call, 'a', "(sv)"));
  Appender appender(call);
  for (const auto& property : properties) appender.property(property);
  check(sd_bus_message_close_container(call));
}

void append(sd_bus_message* call, const TransientUnit& unit) {
  check(sd_bus_message_append(call, "ss", unit.name.c_str(), "fail"));
  append_service(call, unit);
  check(sd_bus_message_append(call, "a(sa(sv))", 0));
}

void append(sd_bus_message* call, const TransientSocket& socket) {
  check(sd_bus_message_append(call, "ss", socket.name.c_str(), "fail"));
  check(sd_bus_message_open_container(call, 'a', "(sv)"));
  Appender appender(call);
  appender.property({"Description", socket.description});
  append_listen(call, socket.listen);
  for (const auto& property : socket.properties) appender.property(property);
  check(sd_bus_message_close_container(call));
  check(sd_bus_message_open_container(call, 'a', "(sa(sv))"));
  check(sd_bus_message_open_container(call, 'r', "sa(sv)"));
  check(sd_bus_message_append(call, "s", socket.service.name.c_str()));
  append_service(call, socket.service);
  check(sd_bus_message_close_container(call));
  check(sd_bus_message_close_container(call));
}

}  // namespace sdme::systemd
