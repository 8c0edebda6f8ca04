// SPDX-License-Identifier: MIT
#include "bus/daemon.hpp"

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include <csignal>
#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "bus/log_control.hpp"
#include "names.hpp"

namespace sdme::bus {

namespace {

constexpr std::uint64_t kTickUsec = 1'000'000;
constexpr int kLastMessages = 1000;  // that came before the name was given up
const std::vector<std::string> kOurUnits = {"sdme-container@*.service", "sdme-job-*.service", "sdme-session-*.service"};

std::set<std::string> live_units(const std::vector<systemd::UnitState>& units) {
  std::set<std::string> live;
  for (const auto& unit : units) {
    if (!unit.ended()) live.insert(unit.unit);
  }
  return live;
}

// Made with libsystemd, so that each message is seen before it is handled.
std::unique_ptr<sdbus::IConnection> open_system_bus(Strangers& strangers) {
  sd_bus* bus = nullptr;
  const int result = sd_bus_open_system(&bus);
  if (result < 0) throw Error::from_errno(-result, "connecting to the system bus");
  std::unique_ptr<sd_bus, decltype(&sd_bus_close_unref)> owned(bus, &sd_bus_close_unref);
  strangers.watch(bus);
  return sdbus::createBusConnection(owned.release());
}

// The socket of sdmed.socket, if systemd handed it over.
os::UniqueFd listening_socket() {
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + sd_listen_fds(1); ++fd) {
    if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0) return os::UniqueFd(fd);
  }
  return {};
}

}  // namespace

struct Daemon::SystemBus {
  std::unique_ptr<sdbus::IConnection> connection;
  Authority authority;
  std::unique_ptr<ManagerObject> manager;
  std::unique_ptr<Objects> objects;
  std::unique_ptr<sdbus::IObject> log_control;
  std::unique_ptr<Pump> pump;

  SystemBus(sd_event* loop, std::unique_ptr<sdbus::IConnection> made, Context& context)
      : connection(std::move(made)), authority(*connection) {
    manager = std::make_unique<ManagerObject>(*connection, context, std::nullopt);
    objects = std::make_unique<Objects>(*connection, context.store, context.states, context.jobs);
    log_control = make_log_control(*connection);
    // arg2 is the new owner: empty when a name goes. One rule for all callers is never too late.
    connection->addMatch(
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2='"
        "'",
        [&context](sdbus::Message message) {
          std::string name;
          message >> name;
          context.presence.gone(name);
        });
    // A bus that restarts forgets our name and our callers: begin anew, the jobs are found again.
    pump = std::make_unique<Pump>(loop, *connection, [loop] {
      log::warning("the system bus went away");
      sd_event_exit(loop, EXIT_FAILURE);
    });
  }
};

Daemon::Daemon(sd_event* loop) : loop_(loop), context_(loop, unit_events()) {
  for (const auto& warning : context_.settings.warnings) log::warning(warning);
  context_.jobs.set_events({.added =
                                [this](const job::Job& job) {
                                  if (bus_) bus_->objects->job_added(job);
                                  say_status();
                                },
                            .changed =
                                [this](const job::Job& job) {
                                  if (job::ended(job.record.state)) context_.untie(job.record.id);
                                  if (bus_) bus_->objects->job_changed(job);
                                  say_status();
                                },
                            .removed =
                                [this](std::uint64_t id) {
                                  if (bus_) bus_->objects->job_removed(id);
                                },
                            .touched =
                                [this](const job::Touched& touched) {
                                  if (!touched.container.empty()) context_.states.touched(touched.container);
                                  for (const auto& other : touched.others) context_.states.touched(other);
                                  if (!bus_) return;
                                  for (const auto& other : touched.others) bus_->objects->container_touched(other);
                                  if (!touched.container.empty()) bus_->objects->container_touched(touched.container);
                                  if (!touched.rootfs.empty()) bus_->objects->rootfs_touched(touched.rootfs);
                                  if (!touched.pod.empty()) bus_->objects->pod_touched(touched.pod);
                                }});
  take_stock();
}

Daemon::~Daemon() {
  sd_event_source_disable_unref(tick_);
  context_.presence.forget_all();  // jobs of peers run on
}

systemd::UnitWatch::Events Daemon::unit_events() {
  return {.changed =
              [this](const std::string& unit, const std::string& active) {
                const auto container = context_.states.changed(unit, active);
                if (bus_ && !container.empty()) bus_->objects->container_state(container);
              },
          .frozen =
              [this](const std::string& unit, bool frozen) {
                const auto container = context_.states.frozen(unit, frozen);
                if (bus_ && !container.empty()) bus_->objects->container_state(container);
              },
          .result = [this](const std::string& unit,
                           const std::string& result) { context_.jobs.on_unit_result(unit, result); },
          .removed = [this](const std::string& unit) { on_unit_removed(unit); },
          .lost = [this] { take_stock(); }};
}

// A reload of systemd announces every unit as removed and new again: only one that is gone ended.
void Daemon::on_unit_removed(const std::string& unit) {
  if (unit.starts_with("sdme-container@")) return;
  context_.units.list({unit}, [this, unit](const std::vector<systemd::UnitState>& units) {
    if (live_units(units).empty()) context_.jobs.on_unit_removed(unit);
  });
}

// At first, and whenever signals of systemd may have been missed.
void Daemon::take_stock() {
  context_.units.list(kOurUnits, [this](const std::vector<systemd::UnitState>& units) {
    context_.states.set_all(units);
    ask_frozen(units);
    if (serving_) return context_.jobs.reconcile(live_units(units));
    try {
      context_.jobs.recover(live_units(units));
      serve();
    } catch (const std::exception& error) {
      log::error(std::string("cannot begin: ") + error.what());
      sd_event_exit(loop_, EXIT_FAILURE);
    }
  });
}

// Lists do not tell of it.
void Daemon::ask_frozen(const std::vector<systemd::UnitState>& units) {
  for (const auto& unit : units) {
    if (unit.ended() || !unit.unit.starts_with("sdme-container@")) continue;
    context_.units.inspect(unit.unit, [this, name = unit.unit](const systemd::UnitDetail& detail) {
      const auto container = context_.states.frozen(name, detail.frozen);
      if (bus_ && detail.frozen && !container.empty()) bus_->objects->container_state(container);
    });
  }
}

void Daemon::serve() {
  serving_ = true;
  connect_system_bus();
  if (auto listening = listening_socket()) peers_ = std::make_unique<Peers>(loop_, context_, std::move(listening));
  context_.last_call_usec = monotonic_usec();
  const auto on_tick = [](sd_event_source* source, std::uint64_t, void* self) {
    static_cast<Daemon*>(self)->on_tick();
    sd_event_source_set_time_relative(source, kTickUsec);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
  };
  sd_event_add_time_relative(loop_, &tick_, CLOCK_MONOTONIC, kTickUsec, 0, on_tick, this);
  sd_notify(0, "READY=1");
  say_status();
}

// Without a system bus we serve the peers alone, and look for it again with each tick.
void Daemon::connect_system_bus() {
  if (access("/run/dbus/system_bus_socket", F_OK) < 0) return;
  try {
    bus_ = std::make_unique<SystemBus>(loop_, open_system_bus(context_.strangers), context_);
    context_.door.set_authority(&bus_->authority);
    bus_->connection->requestName(sdbus::ServiceName{names::kBusName});
  } catch (const std::exception& error) {
    log::warning(std::string("cannot serve the system bus: ") + error.what());
    context_.door.set_authority(nullptr);
    bus_.reset();
  }
}

void Daemon::on_tick() {
  if (leaving_) return leave_when_answered();
  if (!bus_) connect_system_bus();
  ephemerals_.tick(context_);
  healths_.tick(context_);
  say_status();
  if (idle() && monotonic_usec() - context_.last_call_usec >
                    static_cast<std::uint64_t>(context_.settings.idle_exit.count()) * 1'000'000) {
    leave();
  }
}

bool Daemon::idle() const {
  return context_.settings.idle_exit.count() > 0 && context_.jobs.idle() && !ephemerals_.any_left(context_) &&
         context_.open_replies == 0 && context_.door.pending() == 0 && (!peers_ || peers_->empty());
}

// STOPPING=1 first: systemd then queues every new start, so no call is lost between the name and
// the exit. What arrived before the name was given up is still answered.
void Daemon::leave() {
  sd_notify(0, "STOPPING=1\nSTATUS=Idle, leaving");
  if (bus_) {
    bus_->connection->releaseName(sdbus::ServiceName{names::kBusName});
    bus_->pump->drain(kLastMessages);
  }
  leaving_ = true;
  leave_when_answered();
}

// Jobs run on without us; who waits for one asks the daemon after us.
void Daemon::leave_when_answered() {
  const bool waited_for = context_.open_replies > 0 && context_.jobs.idle();
  if (!waited_for && context_.door.pending() == 0) sd_event_exit(loop_, EXIT_SUCCESS);
}

void Daemon::say_status() {
  const auto containers = context_.store.catalogue().containers().size();
  sd_notifyf(0, "STATUS=%zu jobs running, %zu containers, %zu prompts open", context_.jobs.running(), containers,
             context_.door.pending());
}

int Daemon::run() {
  sd_event_set_watchdog(loop_, 1);
  for (const int signal : {SIGTERM, SIGINT})
    sd_event_add_signal(loop_, nullptr, signal | SD_EVENT_SIGNAL_PROCMASK, nullptr, nullptr);
  const int result = sd_event_loop(loop_);
  sd_notify(0, "STOPPING=1");
  return result;
}

}  // namespace sdme::bus
