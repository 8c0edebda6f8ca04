// SPDX-License-Identifier: MIT
#include "job/record.hpp"

#include <array>

#include "store/layout.hpp"

namespace sdme::job {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::array<std::string_view, 6> kStateWords = {"queued", "running", "cancelling",
                                                         "done",   "failed",  "cancelled"};

State state_of(const std::string& text) {
  for (std::size_t i = 0; i < kStateWords.size(); ++i) {
    if (kStateWords[i] == text) return static_cast<State>(i);
  }
  throw Error(Errc::kCorrupt, "key 'state' holds no state of a job");
}

json::Value to_json(const std::vector<store::Claim>& claims) {
  auto list = json::Value::array();
  for (const auto& claim : claims) {
    list.push_back({{"name", claim.name}, {"exclusive", claim.mode == store::Claim::kExclusive}});
  }
  return list;
}

std::vector<store::Claim> claims_of(const json::Value& list) {
  std::vector<store::Claim> claims;
  for (const auto& item : list) {
    claims.push_back({json::get<std::string>(item, "name"),
                      json::get<bool>(item, "exclusive") ? store::Claim::kExclusive : store::Claim::kShared});
  }
  return claims;
}

}  // namespace

std::string_view word(State state) { return kStateWords[static_cast<std::size_t>(state)]; }

std::string Record::unit() const { return layout::job_unit(id, session); }

bool Record::fetches() const { return !fetch.is_null() && verb == "import"; }

std::vector<std::string> Record::units() const {
  if (!fetches()) return {unit()};
  return {unit(), layout::fetch_unit(id)};
}

std::string Record::title() const {
  return (session ? "session " : "job ") + std::to_string(id) + " (" + kind + " " + target + ")";
}

std::string Record::to_text() const {
  const json::Value value = {{"version", kVersion},
                             {"id", id},
                             {"session", session},
                             {"kind", kind},
                             {"verb", verb},
                             {"target", target},
                             {"owner", owner},
                             {"created_usec", created_usec},
                             {"cancel_on_disconnect", cancel_on_disconnect},
                             {"staging", staging},
                             {"request", request},
                             {"fetch", fetch},
                             {"commit", commit},
                             {"claims", to_json(claims)},
                             {"pinned_layers", pinned_layers},
                             {"state", word(state)},
                             {"error", row(error).word},
                             {"message", message},
                             {"result", result}};
  return value.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n";
}

Record Record::from_text(const std::string& text, const std::string& what) {
  const auto value = json::parse(text, what);
  if (json::get<std::uint64_t>(value, "version") > kVersion) {
    throw Error(Errc::kNotSupported, what + " was written by a newer sdmed");
  }
  return {.id = json::get<std::uint64_t>(value, "id"),
          .session = json::get<bool>(value, "session"),
          .kind = json::get<std::string>(value, "kind"),
          .verb = json::get<std::string>(value, "verb"),
          .target = json::get<std::string>(value, "target"),
          .owner = json::get<std::uint32_t>(value, "owner"),
          .created_usec = json::get<std::uint64_t>(value, "created_usec"),
          .cancel_on_disconnect = json::get<bool>(value, "cancel_on_disconnect"),
          .staging = json::get<bool>(value, "staging"),
          .request = value.value("request", json::Value::object()),
          .fetch = value.value("fetch", json::Value()),
          .commit = value.value("commit", json::Value::object()),
          .claims = claims_of(value.value("claims", json::Value::array())),
          .pinned_layers = json::get<std::vector<std::string>>(value, "pinned_layers"),
          .state = state_of(json::get<std::string>(value, "state")),
          .error = errc_from_word(json::get<std::string>(value, "error")).value_or(Errc::kInternal),
          .message = json::get<std::string>(value, "message"),
          .result = value.value("result", json::Value::object())};
}

}  // namespace sdme::job
