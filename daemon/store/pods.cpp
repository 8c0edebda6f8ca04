// SPDX-License-Identifier: MIT
#include "store/pods.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/store.hpp"

namespace sdme::store {

namespace {

constexpr std::size_t kLargestRecord = 1U << 20U;
constexpr const char* kEnding = ".json";

std::string file_of(const std::string& name) { return name + kEnding; }

}  // namespace

Pods::Pods(os::Dir directory) : directory_(std::move(directory)) {
  for (const auto& file : directory_.entries()) {
    if (!file.ends_with(kEnding) || file.starts_with('.')) continue;  // what a crash left aside
    try {
      auto record = model::PodRecord::from_text(directory_.read(file, kLargestRecord), "pod " + text::quoted(file));
      if (file_of(record.name.str()) != file) throw Error(Errc::kCorrupt, text::quoted(file) + " is of another pod");
      pods_.emplace(record.name.str(), std::move(record));
    } catch (const Error& error) {
      log::warning("a pod is left out: " + error.message());
    }
  }
}

const model::PodRecord* Pods::find(const std::string& name) const {
  const auto found = pods_.find(name);
  return found == pods_.end() ? nullptr : &found->second;
}

void Pods::put(const model::PodRecord& record) {
  const auto& name = record.name.str();
  const auto* there = find(name);
  const bool others = there == nullptr ? directory_.exists(file_of(name)) : there->uuid != record.uuid;
  if (others) throw Error(Errc::kAlreadyExists, "pod " + text::quoted(name) + " exists already");
  directory_.write(file_of(name), record.to_text(), 0600);
  pods_.insert_or_assign(name, record);
}

void Pods::remove(const std::string& name) {
  directory_.remove(file_of(name));
  directory_.sync();
  pods_.erase(name);
}

void Store::put_pod(model::PodRecord record) {
  check_agreement(everybody(), record);
  store::give_address(everybody(), record, pool_);
  pods_.put(record);
}

void Store::remove_pod(const std::string& name) {
  if (const auto members = members_of_pod(catalogue_, name); !members.empty())
    throw Error(Errc::kInUse, "pod " + text::quoted(name) + " is used by " + text::join(members, ", "));
  pods_.remove(name);
}

}  // namespace sdme::store
