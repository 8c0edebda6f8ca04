// SPDX-License-Identifier: MIT
#include "client/fake_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "names.hpp"

FakeManager::FakeManager() : path_("/tmp/fake_manager." + std::to_string(::getpid())), address_("unix:path=" + path_) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  std::memcpy(place.sun_path, path_.c_str(), path_.size() + 1);
  ::unlink(path_.c_str());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // NOLINTNEXTLINE: this cast is how the sockets API is made.
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) < 0 || ::listen(listener_, 1) < 0) {
    throw std::runtime_error("no socket for the fake manager");
  }
  thread_ = std::thread([this] { serve(); });
}

FakeManager::~FakeManager() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  ::unlink(path_.c_str());
}

void FakeManager::serve() {
  // Signals are for the client.
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  auto bus = sdbus::createServerBus(socket);
  auto object = sdbus::createObject(*bus, sdbus::ObjectPath(sdme::names::kManagerPath));
  define(*object);
  try {
    bus->enterEventLoop();
  } catch (const sdbus::Error&) {
    // The client has gone, and so can we.
  }
  waiting_.clear();
}

void FakeManager::define(sdbus::IObject& object) {
  using sdbus::registerMethod;
  using Dicts = std::vector<Dict>;
  object
      .addVTable(registerMethod("ListContainers").implementedAs([](Dict) {
        Dicts list;
        for (const std::string name : {"bad", "deaf", "denied", "good", "slow"}) {
          list.push_back({{"name", sdbus::Variant(name)}, {"state", sdbus::Variant(std::string("stopped"))}});
        }
        return list;
      }),
                 registerMethod("ListJobs").implementedAs([](Dict) { return Dicts{}; }),
                 registerMethod("StartContainer")
                     .implementedAs([this](sdbus::Result<std::uint64_t>&& answer, std::string name, Dict) {
                       start(std::move(answer), name);
                     }),
                 registerMethod("WaitJob").implementedAs(
                     [this](JobAnswer&& answer, std::uint64_t id) { wait(std::move(answer), id); }),
                 registerMethod("CancelJob").implementedAs([this](std::uint64_t id, Dict) { cancel(id); }))
      .forInterface(sdme::names::kManagerInterface);
}

void FakeManager::start(sdbus::Result<std::uint64_t>&& answer, const std::string& name) {
  if (name == "denied") {
    answer.returnError(sdbus::Error(sdbus::Error::Name("org.freedesktop.DBus.Error.AccessDenied"), "not authorised"));
    return;
  }
  const std::uint64_t id = jobs_.size() + 1;
  jobs_[id] = name;
  answer.returnResults(id);
}

void FakeManager::wait(JobAnswer&& answer, std::uint64_t id) {
  const auto& name = jobs_[id];
  if (name == "good") {
    answer.returnResults("done", "", "", {{"state", sdbus::Variant(std::string("running"))}});
  } else if (name == "bad") {
    answer.returnResults("failed", "org.sdme1.Error.BootFailed", "bad did not come up", {});
  } else {
    waiting_.insert_or_assign(id, std::move(answer));
    waited_for_ = true;
  }
}

void FakeManager::cancel(std::uint64_t id) {
  ++cancels_;
  const auto held = waiting_.find(id);
  if (held == waiting_.end() || jobs_[id] == "deaf") return;
  held->second.returnResults("cancelled", "org.sdme1.Error.Cancelled", "slow was cancelled", {});
  waiting_.erase(held);
}
