// SPDX-License-Identifier: MIT
#include "registry/complaint.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "registry/retry.hpp"

namespace sdme::registry {

namespace {

constexpr std::size_t kMostErrors = 3;

std::string unreachable(const Failure& failure, const Asked& asked) {
  switch (failure.kind) {
    case Failure::Kind::kUnreachable:
      return asked.who + " cannot be reached: " + failure.reason;
    case Failure::Kind::kUntrusted:
      return "no encrypted connection to " + asked.who + " comes about: " + failure.reason +
             " (its authority belongs below /etc/containers/certs.d; a registry without encryption must be called "
             "insecure in /etc/containers/registries.conf.d)";
    case Failure::Kind::kTimedOut:
      return asked.who + " does not answer in time: " + failure.reason;
    case Failure::Kind::kBrokenOff:
      return asked.who + " broke off: " + failure.reason;
    case Failure::Kind::kRefused:
      break;
  }
  return "what " + asked.who + " answers cannot be used: " + failure.reason;
}

std::string field(const json::Value& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? text::printable(found->get<std::string>(), 200) : "";
}

}  // namespace

std::string errors_of(const std::string& body) {
  std::vector<std::string> said;
  try {
    const auto document = json::parse(body, "an error");
    const auto errors = document.find("errors");
    if (errors == document.end() || !errors->is_array()) return field(document, "details");
    for (const auto& error : *errors) {
      if (!error.is_object() || said.size() == kMostErrors) break;
      const auto code = field(error, "code");
      const auto message = field(error, "message");
      said.push_back(code + (code.empty() || message.empty() ? "" : ": ") + message);
    }
  } catch (const Error&) {  // a page for people
  }
  return text::join(said, "; ");
}

void complain(const Reply& reply, const Asked& asked) {
  if (reply.failure) throw Error(Errc::kNetworkFailed, unreachable(*reply.failure, asked));
  const auto status = reply.head.status;
  auto said = errors_of(reply.body);
  if (!said.empty()) said = " (" + said + ")";
  if ((status == 401 || status == 403) && !reply.elsewhere) {
    const auto* const why = asked.shown ? " refuses the credentials that it was given, or they do not reach so far"
                                        : " wants credentials, and none were given for it";
    // Many say so, Docker Hub among them, of what they do not have: they tell nobody which names there are.
    const auto or_none = asked.what.empty() ? "" : ", or it has no " + asked.what;
    throw Error(Errc::kAccessDenied, asked.who + why + or_none + said);
  }
  if (status == 404 && !asked.what.empty()) throw Error(Errc::kNotFound, asked.who + " has no " + asked.what + said);
  if (status == 429) {
    const auto wait = retry_after(reply.head.retry_after, std::time(nullptr));
    const auto later = wait ? "; it asks to wait " + std::to_string(wait->count()) + " s" : std::string();
    throw Error(Errc::kNetworkFailed, asked.who + " has been asked too often" + said + later);
  }
  throw Error(Errc::kNetworkFailed, asked.who + " answered with HTTP status " + std::to_string(status) + said);
}

}  // namespace sdme::registry
