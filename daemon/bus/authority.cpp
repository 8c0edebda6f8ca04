// SPDX-License-Identifier: MIT
#include "bus/authority.hpp"

#include "base/log.hpp"

namespace sdme::bus {

namespace {

constexpr std::uint32_t kAllowUserInteraction = 1;
constexpr auto kNoTimeout = std::chrono::hours(24 * 365);  // a person may be slow

const sdbus::InterfaceName kInterface{"org.freedesktop.PolicyKit1.Authority"};

using Subject = sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>>;
using Answer = sdbus::Struct<bool, bool, std::map<std::string, std::string>>;

Subject subject_of(const Caller& caller) {
  if (!caller.is_peer()) return {"system-bus-name", {{"name", sdbus::Variant{caller.id}}}};
  return {"unix-process",
          {{"pidfd", sdbus::Variant{sdbus::UnixFd{caller.pidfd->get()}}},
           {"uid", sdbus::Variant{static_cast<std::int32_t>(caller.uid)}}}};
}

Verdict verdict_of(const std::optional<sdbus::Error>& error, const Answer& answer) {
  if (error) {
    log::warning("polkit did not answer: " + error->getMessage());
    return Verdict::kUnavailable;
  }
  const auto& [authorised, challenge, details] = answer;
  if (authorised) return Verdict::kYes;
  return challenge && !details.contains("polkit.dismissed") ? Verdict::kNeedsPrompt : Verdict::kNo;
}

}  // namespace

Authority::Authority(sdbus::IConnection& system_bus)
    : proxy_(sdbus::createProxy(system_bus, sdbus::ServiceName{"org.freedesktop.PolicyKit1"},
                                sdbus::ObjectPath{"/org/freedesktop/PolicyKit1/Authority"})) {}

void Authority::check(const Caller& caller, Ask ask, const std::string& action,
                      const std::map<std::string, std::string>& details, const std::string& cancellation_id,
                      std::function<void(Verdict)> then) {
  const std::uint32_t flags = ask == Ask::kPerson ? kAllowUserInteraction : 0;
  auto on_answer = [then = std::move(then)](std::optional<sdbus::Error> error, const Answer& answer) {
    then(verdict_of(error, answer));
  };
  proxy_->callMethodAsync("CheckAuthorization")
      .onInterface(kInterface)
      .withTimeout(kNoTimeout)
      .withArguments(subject_of(caller), action, details, flags, cancellation_id)
      .uponReplyInvoke(std::move(on_answer));
}

void Authority::cancel(const std::string& cancellation_id) {
  proxy_->callMethodAsync("CancelCheckAuthorization")
      .onInterface(kInterface)
      .withArguments(cancellation_id)
      .uponReplyInvoke([](std::optional<sdbus::Error>) {});
}

}  // namespace sdme::bus
