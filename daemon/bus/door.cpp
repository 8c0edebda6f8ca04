// SPDX-License-Identifier: MIT
#include "bus/door.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "gate_table.hpp"
#include "names.hpp"

namespace sdme::bus {

namespace {

// The rules are asked quickly: this many of a user's requests wait only when polkit does not answer.
constexpr std::uint64_t kQuestionsPerUser = 100;

std::string detail(const Check& check, const std::string& key) {
  const auto found = check.details.find(key);
  return found == check.details.end() ? "" : found->second;
}

// The thing in words, for messages that are about any kind of thing.
std::string target_of(const Check& check) {
  if (const auto container = detail(check, "container"); !container.empty()) return "container '" + container + "'";
  if (const auto rootfs = detail(check, "rootfs"); !rootfs.empty()) return "root filesystem '" + rootfs + "'";
  if (const auto pod = detail(check, "pod"); !pod.empty()) return "pod '" + pod + "'";
  if (const auto volume = detail(check, "volume"); !volume.empty()) return "volume '" + volume + "'";
  return "job " + detail(check, "job");
}

void log_decision(const Caller& caller, const Check& check, std::string_view decision) {
  log::info(std::string(decision) + " " + names::kPolkitPrefix + check.action + " to uid " + std::to_string(caller.uid),
            {{log::field::kCallerUid, std::to_string(caller.uid)},
             {log::field::kAction, names::kPolkitPrefix + check.action},
             {log::field::kContainer, detail(check, "container")},
             {log::field::kResult, std::string(decision)}});
}

Error refusal(const Check& check, Verdict verdict) {
  const auto action = names::kPolkitPrefix + check.action;
  const auto features = check.told.empty() ? detail(check, "features") : check.told;
  const auto reach = features.empty() ? "" : " (it reaches the host: " + features + ")";
  switch (verdict) {
    case Verdict::kNeedsPrompt:
      return {Errc::kInteractiveAuthorizationRequired,
              action + " needs a password" + reach + ", and no prompt was allowed or there was no agent to show one"};
    case Verdict::kUnavailable:
      return {Errc::kAccessDenied,
              action + " cannot be granted" + reach + ": polkit does not answer, so only root may do this"};
    default:
      if (check.action == "grant-host-access") {
        return {Errc::kHostAccessDenied,
                "the request reaches the host (" + features + ") and " + action + " was refused"};
      }
      return {Errc::kAccessDenied, action + " was refused"};
  }
}

}  // namespace

void check_asked(const std::vector<Check>& asked, const std::vector<Check>& now) {
  if (asked == now) return;
  throw Error(Errc::kBusy, "what this takes has changed while it was being authorised; try again");
}

struct Door::Pending {
  Caller caller;
  std::vector<Check> checks;
  std::size_t next = 0;
  bool prompting = false;  // a person is asked about checks[next]
  Granted granted;
  Denied denied;
  Presence::Watch watch;

  static std::string cancellation_id(std::uint64_t id) { return "sdmed-" + std::to_string(id); }
};

Door::Door(const store::Settings& settings, Presence& presence) : settings_(settings), presence_(presence) {}
Door::~Door() = default;

std::vector<Check> Door::required(std::string_view member, const Caller& caller, std::optional<std::uint32_t> owner,
                                  Details details) const {
  const auto* found = std::ranges::find(kGateTable, member, &GateRow::member);
  if (found == kGateTable.end()) throw Error(Errc::kAccessDenied, "there is no gate for " + std::string(member));
  switch (found->gate) {
    case Gate::kPublic:
      return {};
    case Gate::kOwnerOr:
      if (owner == caller.uid) return {};
      return {{std::string(found->action), std::move(details)}};
    case Gate::kAction:
      return {{std::string(found->action), std::move(details)}};
    case Gate::kComputed:
      break;
  }
  throw Error(Errc::kAccessDenied, "the checks of " + std::string(member) + " must be computed");
}

std::uint64_t Door::count(Waiting wanted) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(pending_, [&](const auto& entry) {
    const auto& pending = *entry.second;
    return (!wanted.uid || *wanted.uid == pending.caller.uid) && (!wanted.prompting || pending.prompting);
  }));
}

void Door::check_questions(std::uint32_t uid) const {
  if (count({.uid = uid}) < kQuestionsPerUser) return;
  throw Error(Errc::kLimitExceeded, std::to_string(kQuestionsPerUser) + " of your requests wait for polkit already");
}

void Door::check_prompts(std::uint32_t uid) const {
  if (count({.uid = uid, .prompting = true}) >= settings_.prompts_per_user) {
    throw Error(Errc::kLimitExceeded, "PromptsPerUser=" + std::to_string(settings_.prompts_per_user) +
                                          " reached: answer one of the open password prompts first");
  }
  if (count({.uid = {}, .prompting = true}) >= settings_.prompts_total) {
    throw Error(Errc::kLimitExceeded,
                "PromptsTotal=" + std::to_string(settings_.prompts_total) + " reached: try again later");
  }
}

void Door::enter(const Caller& caller, std::vector<Check> checks, Granted granted, Denied denied) {
  if (checks.empty() || caller.uid == 0) return granted();
  for (auto& check : checks) {
    check.details["target"] = target_of(check);
    check.details["own"] = detail(check, "owner") == std::to_string(caller.uid) ? "yes" : "no";
  }
  if (authority_ == nullptr) {
    log_decision(caller, checks.front(), "denied");
    return denied(refusal(checks.front(), Verdict::kUnavailable));
  }
  check_questions(caller.uid);
  const auto id = ++last_id_;
  pending_[id] = std::make_unique<Pending>(Pending{.caller = caller,
                                                   .checks = std::move(checks),
                                                   .granted = std::move(granted),
                                                   .denied = std::move(denied),
                                                   .watch = presence_.when_gone(caller, [this, id] { on_gone(id); })});
  ask(id);
}

void Door::ask(std::uint64_t id) {
  const auto& pending = *pending_.at(id);
  const auto& check = pending.checks.at(pending.next);
  authority_->check(pending.caller, pending.prompting ? Ask::kPerson : Ask::kRules, names::kPolkitPrefix + check.action,
                    check.details, Pending::cancellation_id(id),
                    [this, id](Verdict verdict) { on_verdict(id, verdict); });
}

void Door::on_verdict(std::uint64_t id, Verdict verdict) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;  // the caller left
  auto& pending = *found->second;
  const auto& check = pending.checks[pending.next];
  if (verdict == Verdict::kNeedsPrompt && pending.caller.interactive && !pending.prompting) return prompt(id);
  log_decision(pending.caller, check, verdict == Verdict::kYes ? "allowed" : "denied");
  pending.prompting = false;
  if (verdict == Verdict::kYes && ++pending.next < pending.checks.size()) return ask(id);
  const auto settled = std::move(found->second);
  pending_.erase(found);
  if (verdict == Verdict::kYes) return settled->granted();
  settled->denied(refusal(check, verdict));
}

void Door::prompt(std::uint64_t id) {
  auto& pending = pending_.at(id);
  try {
    check_prompts(pending->caller.uid);
  } catch (const Error& error) {
    const auto settled = std::move(pending);
    pending_.erase(id);
    return settled->denied(error);
  }
  pending->prompting = true;
  ask(id);
}

void Door::on_gone(std::uint64_t id) {
  pending_.erase(id);
  if (authority_ != nullptr) authority_->cancel(Pending::cancellation_id(id));
}

}  // namespace sdme::bus
