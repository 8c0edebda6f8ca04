// SPDX-License-Identifier: MIT
#include "bus/states.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

namespace sdme::bus {

namespace {

constexpr std::size_t kLongestHealth = 4096;

// "sdme-container@web.service" is web's.
std::string container_of(const std::string& unit) {
  const auto at = unit.find('@');
  const auto dot = unit.rfind('.');
  if (!unit.starts_with("sdme-container@") || dot == std::string::npos || dot < at) return "";
  return unit.substr(at + 1, dot - at - 1);
}

std::string read_health(const std::string& container) {
  try {
    const auto dir = os::Dir::make(layout::runtime(layout::kHealth), 0700);
    const auto text = dir.find_text(container + ".json", kLongestHealth);
    return text ? text::printable(json::get<std::string>(json::parse(*text, "health"), "health")) : "";
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

void States::set_all(const std::vector<systemd::UnitState>& units) {
  active_.clear();
  health_.clear();
  frozen_.clear();
  for (const auto& unit : units) changed(unit.unit, unit.active);
}

std::string States::changed(const std::string& unit, const std::string& active) {
  const auto container = container_of(unit);
  if (container.empty()) return "";
  if (active == "inactive") {
    active_.erase(container);
    frozen_.erase(container);
  } else {
    active_[container] = active;
  }
  touched(container);
  return container;
}

std::string States::frozen(const std::string& unit, bool frozen) {
  const auto container = container_of(unit);
  if (container.empty()) return "";
  frozen ? static_cast<void>(frozen_.insert(container)) : static_cast<void>(frozen_.erase(container));
  return container;
}

void States::touched(const std::string& container) {
  if (active_.contains(container)) {
    health_[container] = read_health(container);
  } else {
    health_.erase(container);
  }
}

std::string States::state(const std::string& container) const {
  const auto found = active_.find(container);
  if (found == active_.end()) return "stopped";
  const auto& active = found->second;
  if (active == "active" || active == "reloading" || active == "refreshing")
    return frozen_.contains(container) ? "paused" : "running";
  if (active == "activating") return "starting";
  if (active == "deactivating") return "stopping";
  return active == "failed" ? "failed" : "stopped";
}

bool States::lacks_health(const std::string& container) const {
  const auto found = health_.find(container);
  return state(container) == "running" && (found == health_.end() || found->second.empty());
}

std::string States::health(const model::ContainerRecord& record, const store::Store& store) const {
  const auto lost = [&](const std::string& id) { return !store.has_layer(id); };
  if (std::ranges::any_of(record.layers, lost)) return "missing layer";
  const auto now = state(record.name.str());
  if (now == "failed") return "failed";
  if (now == "stopped") return "ok";
  const auto found = health_.find(record.name.str());
  const bool is_known = (now == "running" || now == "paused") && found != health_.end() && !found->second.empty();
  return is_known ? found->second : "unknown";
}

}  // namespace sdme::bus
