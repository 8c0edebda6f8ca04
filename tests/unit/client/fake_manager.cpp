// SPDX-License-Identifier: MIT
#include "client/fake_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>
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
  define_rootfs(*object);
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

namespace {

// To its end, which a peer sets.
std::string content_of(const sdbus::UnixFd& fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 1; count > 0 && text.size() < 1 << 20;) {
    count = ::read(fd.get(), buffer, sizeof(buffer));
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

void FakeManager::define_rootfs(sdbus::IObject& object) {
  using sdbus::registerMethod;
  using sdbus::Variant;
  using Answer = sdbus::Result<std::uint64_t>;
  static const std::string kConfig =
      R"({"created": "2026-01-02", "config": {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["echo a b"], "Env": ["PATH=/bin", )"
      R"(7], "User": null, "ExposedPorts": {"80/tcp": {}}, "Labels": {"a": "b"}}})";
  object
      .addVTable(registerMethod("ListRootfs").implementedAs([](Dict) {
        return std::vector<Dict>{{{"name", Variant(std::string("good"))},
                                  {"size", Variant(std::uint64_t{3} << 20)},
                                  {"shared", Variant(std::uint64_t{2} << 20)},
                                  {"own", Variant(std::uint64_t{1} << 20)}}};
      }),
                 registerMethod("InspectRootfs").implementedAs([](std::string name, Dict) {
                   return Dict{{"name", Variant(name)},
                               {"layers", Variant(std::vector<std::string>{"bbbb", "aaaa"})},
                               {"layer-sizes", Variant(std::vector<std::uint64_t>{1 << 20, 2 << 20})},
                               {"config", Variant(kConfig)},
                               {"own", Variant(std::uint64_t{1} << 20)}};
                 }),
                 registerMethod("ImportRootfs")
                     .implementedAs([this](Answer&& answer, std::string name, sdbus::UnixFd data, Dict options) {
                       data_ = std::move(data);
                       import(std::move(answer), name, {.method = "ImportRootfs", .options = options});
                     }),
                 registerMethod("PullRootfs")
                     .implementedAs([this](Answer&& answer, std::string name, std::string source, Dict options) {
                       import(std::move(answer), name, {.method = "PullRootfs", .source = source, .options = options});
                     }),
                 registerMethod("CollectGarbage").implementedAs([this](Answer&& answer, Dict options) {
                   import(std::move(answer), "garbage", {.method = "CollectGarbage", .options = options});
                 }),
                 registerMethod("InspectCache").implementedAs([](Dict) {
                   return Dict{{"directory", Variant(std::string("/c"))},
                               {"max-size", Variant(std::uint64_t{1} << 30)}};
                 }),
                 registerMethod("ListCache").implementedAs([](Dict) {
                   return std::vector<Dict>{
                       {{"digest", Variant(std::string("sha256:ab"))}, {"size", Variant(std::uint64_t{1} << 20)}}};
                 }),
                 registerMethod("CleanCache").implementedAs([](Dict options) {
                   return Dict{{"blobs", Variant(std::uint64_t{options.contains("all") ? 9U : 1U})},
                               {"bytes", Variant(std::uint64_t{1} << 20)}};
                 }))
      .forInterface(sdme::names::kManagerInterface);
}

void FakeManager::import(sdbus::Result<std::uint64_t>&& answer, const std::string& name, Asked asked) {
  const auto credentials = asked.options.find("credentials");
  if (credentials != asked.options.end()) {
    asked.credentials = content_of(credentials->second.get<sdbus::UnixFd>());
    asked.options.erase(credentials);
  }
  asked_ = std::move(asked);
  if (name == "taken") {
    answer.returnError(sdbus::Error(sdbus::Error::Name("org.sdme1.Error.AlreadyExists"), "taken is taken"));
  } else if (name.contains('/')) {
    answer.returnError(sdbus::Error(sdbus::Error::Name("org.sdme1.Error.InvalidArgument"), "that is no name"));
  } else {
    start(std::move(answer), name);
  }
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
  if (data_.isValid()) asked_.data = content_of(std::exchange(data_, sdbus::UnixFd()));
  const auto& name = jobs_[id];
  if (name == "good") {
    answer.returnResults("done", "", "", {{"state", sdbus::Variant(std::string("running"))}});
  } else if (name == "poor") {
    answer.returnResults("done", "", "",
                         {{"bootable", sdbus::Variant(false)},
                          {"missing", sdbus::Variant(std::vector<std::string>{"systemd", "dbus"})},
                          {"warning", sdbus::Variant(std::string("no packages\033[m for tiny"))}});
  } else if (name == "garbage") {
    answer.returnResults("done", "", "",
                         {{"layers", sdbus::Variant(std::uint64_t{2})},
                          {"downloads", sdbus::Variant(std::uint64_t{1})},
                          {"bytes", sdbus::Variant(std::uint64_t{5} << 20)}});
  } else if (name == "locked") {
    answer.returnResults("failed", "org.freedesktop.DBus.Error.AccessDenied", "the registry wants credentials", {});
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
