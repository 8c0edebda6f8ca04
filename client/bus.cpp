// SPDX-License-Identifier: MIT
#include "bus.hpp"

#include <systemd/sd-bus.h>

#include <charconv>
#include <string_view>
#include <system_error>

#include "names.hpp"
#include "polkit_agent.hpp"

namespace sdme::client {

Manager::Manager(sdbus::IConnection& connection, sdbus::ServiceName destination)
    : ProxyInterfaces(connection, std::move(destination), sdbus::ObjectPath(names::kManagerPath)) {
  registerProxy();
}

Manager::~Manager() { unregisterProxy(); }

namespace {

void check(int result, const std::string& where) {
  if (result >= 0) return;
  throw Failure(exit_code::kUnreachable, "cannot reach " + where + ": " + std::generic_category().message(-result),
                "is sdmed installed? 'systemctl status sdmed' tells");
}

// Made with libsystemd, since sdbus-c++ cannot say that prompts are welcome.
sd_bus* connect_to(const std::string& address, bool interactive) {
  sd_bus* raw = nullptr;
  if (address.empty()) {
    check(::sd_bus_open_system(&raw), "the system bus");
  } else {
    check(::sd_bus_new(&raw), address);
  }
  std::unique_ptr<sd_bus, decltype(&::sd_bus_unref)> bus(raw, &::sd_bus_unref);
  if (!address.empty()) {
    check(::sd_bus_set_address(bus.get(), address.c_str()), address);
    check(::sd_bus_start(bus.get()), address);
  }
  check(::sd_bus_set_allow_interactive_authorization(bus.get(), interactive), "the bus");
  return bus.release();
}

}  // namespace

void Bus::connect() {
  if (manager_) return;
  raw_ = connect_to(globals_.address, globals_.ask_password);
  connection_ = sdbus::createBusConnection(raw_);
  connection_->setMethodCallTimeout(UINT64_MAX);
  manager_ = std::make_unique<Manager>(*connection_, sdbus::ServiceName(is_peer() ? "" : names::kBusName));
  loop_.set_bus(connection_.get());
}

Manager& Bus::open() {
  connect();
  return *manager_;
}

Manager& Bus::gated() {
  connect();
  if (globals_.ask_password && !std::exchange(agent_opened_, true)) agent_ = open_polkit_agent(loop_);
  return *manager_;
}

Manager& Bus::passing() {
  connect();
  if (is_peer() && ::sd_bus_can_send(raw_, SD_BUS_TYPE_UNIX_FD) == 0) {
    throw Failure(exit_code::kFailed, "only root can pass files over " + globals_.address,
                  "leave --address out: the system bus passes them");
  }
  return gated();
}

sdbus::Slot Bus::watch_jobs(std::function<void(std::uint64_t, const Dict&)> call) {
  connect();
  const auto rule = std::string("type='signal',sender='") + names::kBusName + "',path_namespace='" + names::kJobPath +
                    "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'";
  auto handler = [call = std::move(call)](sdbus::Message message) {
    const std::string_view path = message.getPath();
    const auto number = path.substr(path.rfind('/') + 1);
    std::uint64_t id = 0;
    std::string interface;
    Dict changed;
    std::from_chars(number.data(), number.data() + number.size(), id);
    message >> interface >> changed;
    if (interface == names::kJobInterface) call(id, changed);
  };
  return connection_->addMatch(rule, std::move(handler), sdbus::return_slot);
}

namespace {

using Interfaces = std::map<std::string, Dict>;

void tell_added(sdbus::Message& message, const std::function<void(const ObjectNews&)>& call) {
  sdbus::ObjectPath path;
  Interfaces interfaces;
  message >> path >> interfaces;
  for (auto& [interface, properties] : interfaces)
    call({ObjectNews::What::kAdded, path, interface, std::move(properties)});
}

void tell_removed(sdbus::Message& message, const std::function<void(const ObjectNews&)>& call) {
  sdbus::ObjectPath path;
  std::vector<std::string> interfaces;
  message >> path >> interfaces;
  for (const auto& interface : interfaces) call({ObjectNews::What::kRemoved, path, interface, {}});
}

void tell_changed(sdbus::Message& message, const std::function<void(const ObjectNews&)>& call) {
  ObjectNews news = {.what = ObjectNews::What::kChanged, .path = message.getPath(), .interface = {}, .properties = {}};
  message >> news.interface >> news.properties;
  call(news);
}

}  // namespace

std::vector<sdbus::Slot> Bus::watch_objects(std::function<void(const ObjectNews&)> call,
                                            std::function<void()> on_daemon) {
  connect();
  const auto rule =
      std::string("type='signal',sender='") + names::kBusName + "',path_namespace='" + names::kManagerPath + "'";
  auto handler = [call = std::move(call)](sdbus::Message message) {
    const std::string_view member = message.getMemberName();
    if (member == "InterfacesAdded") tell_added(message, call);
    if (member == "InterfacesRemoved") tell_removed(message, call);
    if (member == "PropertiesChanged") tell_changed(message, call);
  };
  const auto owner_rule = std::string("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='") +
                          names::kBusName + "'";
  std::vector<sdbus::Slot> slots;
  slots.push_back(connection_->addMatch(rule, std::move(handler), sdbus::return_slot));
  slots.push_back(connection_->addMatch(owner_rule, [on_daemon](sdbus::Message) { on_daemon(); }, sdbus::return_slot));
  return slots;
}

}  // namespace sdme::client
