// SPDX-License-Identifier: MIT
#include "provision/provision.hpp"

#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "image/inspect.hpp"
#include "machine/assembly.hpp"
#include "machine/uid_range.hpp"
#include "oci/image.hpp"
#include "os/file.hpp"
#include "os/mount.hpp"
#include "os/stop_request.hpp"
#include "provision/chamber.hpp"
#include "provision/distro.hpp"
#include "provision/new_layer.hpp"
#include "provision/root_so_far.hpp"
#include "store/layout.hpp"

namespace sdme::provision {

namespace {

constexpr std::size_t kLongestResolvConf = 64 * 1024;
constexpr std::size_t kLongestCommand = 60;  // in a message
constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kMeasureEvery = 2 * kSecond;
constexpr std::uint64_t kMeasureShare = 10;  // and never more than one part of so many of the time

// "systemd, dbus and login"
std::string in_words(std::vector<std::string> list) {
  if (list.size() < 2) return list.empty() ? "" : list.front();
  const auto last = std::move(list.back());
  list.pop_back();
  return text::join(list, ", ") + " and " + last;
}

std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

// The host's servers, whichever resolver it names: on the host's network they are right.
std::string resolv_conf() {
  const os::UniqueFd fd(::open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  return fd ? os::read_all(fd.get(), kLongestResolvConf, "resolv.conf") : "";
}

// An identity of nothing but itself: what a package manager did is never the same twice.
oci::Digest fresh_diff_id() {
  std::array<unsigned char, 32> bytes = {};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) throw_errno("making an id");
  return oci::Digest::sha256(text::lower_hex(bytes.data(), bytes.size()));
}

// One installation, from the root filesystem that lacks something to the one that does not.
class Installation {
 public:
  Installation(job::Worker& worker, const RootSoFar& before)
      : worker_(worker),
        request_(worker.request()),
        before_(before),
        staging_(os::Dir::open(json::get<std::string>(request_, "staging"))),
        below_(before.stack()),
        found_(image::inspect(below_)) {}

  json::Value run() {
    if (found_.missing.empty()) return before_.told();
    const auto distro = choose_distro();
    NewLayer layer(staging_, below_, resolv_conf());
    run_commands(distro, layer);
    layer.tidy();
    return finish(distro, layer);
  }

  std::string missing() const { return in_words(found_.missing); }

 private:
  Distro choose_distro() const {
    std::vector<std::string> faults;
    auto distro = find_distro(distro_directories(), below_.os_release(), faults);
    for (const auto& fault : faults) log::warning(fault);
    if (!distro) {
      throw Error(Errc::kNotSupported, "no file in distros.d knows the distribution " + text::quoted(found_.distro) +
                                           "; add one (sdmed.distros(5)), or import a root filesystem that has " +
                                           missing());
    }
    if (!distro->commands.empty()) return std::move(*distro);
    throw Error(Errc::kNotSupported, !distro->refusal.empty()
                                         ? distro->refusal
                                         : "distros.d has no command that installs something for " + distro->name);
  }

  std::vector<std::string> environment(const Distro& distro) const {
    std::vector<std::string> list = {"LANG=C.UTF-8", "TERM=dumb", "SDME_MISSING=" + text::join(found_.missing, " ")};
    const auto network = request_.value("network", json::Value::object());
    for (const char* name : {"http_proxy", "https_proxy", "no_proxy"}) {
      const auto proxy = json::get_or<std::string>(network, name, "");
      if (!proxy.empty()) list.push_back(std::string(name) + "=" + proxy);
    }
    list.insert(list.end(), distro.environment.begin(), distro.environment.end());
    return list;
  }

  void run_commands(const Distro& distro, const NewLayer& layer) {
    os::own_mount_namespace();
    const auto range = machine::take_uid_range("provision", machine::IdSources::of_host());
    machine::Assembly assembly(layout::runtime(layout::kInitMounts), range.base);
    std::vector<std::string> lower;
    for (const auto& tree : before_.trees()) {
      lower.push_back(assembly.show(tree, "layers/" + std::to_string(lower.size())));
    }
    const auto own = assembly.show(layer.directory().path(), layout::kInstall);
    const auto root = layout::runtime(layout::kInitRoot);
    static_cast<void>(os::Dir::make(root, 0755));
    os::attach_mount(assembly.overlay(std::move(lower), own), root);

    const Chamber chamber = {.root = root,
                             .name = "sdme-job-" + std::to_string(json::get<std::uint64_t>(request_, "job")),
                             .base = range.base,
                             .network = distro.network,
                             .capabilities = distro.capabilities,
                             .largest_file = limit("bytes"),
                             .environment = environment(distro)};
    deadline_ = monotonic_usec() + static_cast<std::uint64_t>(distro.timeout.count()) * kSecond;
    std::string said;  // by the command before: a list that was not fetched explains a package that is not found
    for (const auto& command : distro.commands) {
      const auto ended = run_in(chamber, command, [&] { watch(distro, layer); });
      os::throw_if_stop_requested();
      if (ended.status != 0) {
        fail(distro,
             "'" + text::printable(command, kLongestCommand) + "' ended with status " + std::to_string(ended.status),
             said.empty() ? ended.last_words : said + "\n" + ended.last_words);
      }
      said = ended.last_words;
    }
    os::detach_mount(root);  // an overlay wants its upper directory for itself
  }

  [[noreturn]] void fail(const Distro& distro, const std::string& why, const std::string& details = "",
                         Errc code = Errc::kCommandFailed) const {
    throw Error(code, "installing " + missing() + " with " + distro.tool + " failed: " + why +
                          (details.empty() ? "" : "\n" + details));
  }

  std::uint64_t limit(const char* key) const { return json::get<std::uint64_t>(request_.at("limits"), key); }

  void watch(const Distro& distro, const NewLayer& layer) {
    os::throw_if_stop_requested();
    worker_.progress("install", -1);
    const auto now = monotonic_usec();
    if (now > deadline_) {
      fail(distro, "it took longer than " + std::to_string(distro.timeout.count()) + " seconds", "", Errc::kTimedOut);
    }
    if (now < next_measure_) return;
    check_size(measure(layer.tree()));
    const auto took = monotonic_usec() - now;
    next_measure_ = now + std::max(kMeasureEvery, kMeasureShare * took);
  }

  // Of the whole root filesystem, as if it had been imported so.
  void check_size(const layer::Measure& grown) const {
    for (const auto& [key, amount] : {std::pair("bytes", size(grown)), std::pair("entries", entries(grown))}) {
      if (amount > limit(key)) {
        throw Error(Errc::kLimitExceeded, "with what is installed in it, the root filesystem has more than " +
                                              std::to_string(limit(key)) + " " + key + ", which is the limit");
      }
    }
  }
  std::uint64_t size(const layer::Measure& grown) const {
    return json::get<std::uint64_t>(before_.told(), "size") + grown.size;
  }
  std::uint64_t entries(const layer::Measure& grown) const {
    return json::get<std::uint64_t>(before_.told(), "entries") + grown.entries;
  }

  json::Value finish(const Distro& distro, NewLayer& layer) const {
    const auto grown = measure(layer.tree());
    check_size(grown);
    const auto now = image::inspect(before_.stack_below(layer.tree()));
    if (!now.missing.empty()) fail(distro, "its commands ended well, but there is still no " + in_words(now.missing));
    const auto diff_id = fresh_diff_id();
    const auto id = oci::chain_id(before_.top(), diff_id);
    layer.settle(id, grown);
    auto result = before_.told();
    result["layers"].push_back(
        {{"id", id}, {"diff_id", diff_id.str()}, {"size", grown.size}, {"entries", grown.entries}});
    result["size"] = size(grown);
    result["entries"] = entries(grown);
    result["os"] = now.os;
    result["distro"] = now.distro;
    result["version_id"] = now.version_id;
    result["bootable"] = now.bootable;
    result["missing"] = now.missing;
    return result;
  }

  job::Worker& worker_;
  const json::Value& request_;
  const RootSoFar& before_;
  os::Dir staging_;
  layer::Stack below_;
  image::Inspection found_;
  std::uint64_t deadline_ = 0;
  std::uint64_t next_measure_ = 0;
};

// The result of an import that goes without: as it was, with what is to be known of it.
json::Value without(const RootSoFar& before, const std::string& warning) {
  auto result = before.told();
  const auto earlier = json::get_or<std::string>(result, "warning", "");
  result["warning"] = earlier.empty() ? warning : earlier + "; " + warning;
  return result;
}

}  // namespace

json::Value run_provision(job::Worker& worker) {
  os::heed_stop_requests();
  const auto& request = worker.request();
  const auto policy = json::get<std::string>(request, "install");
  worker.progress("install", -1);
  auto told = request.value("before", json::Value());
  if (told.is_object()) told.erase("next");  // this is the step it asked for
  const RootSoFar before(std::move(told), os::Dir::open(json::get<std::string>(request, "staging")));
  Installation installation(worker, before);
  try {
    return installation.run();
  } catch (const Error& error) {
    const bool ours = error.code() == Errc::kCancelled || error.code() == Errc::kInternal;
    if (policy != "auto" || ours) throw;
    log::warning(error.message());
    return without(before, "it lacks " + installation.missing() + " to boot: " + first_line(error.message()));
  }
}

}  // namespace sdme::provision
