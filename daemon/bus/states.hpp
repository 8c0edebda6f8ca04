// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/record.hpp"
#include "store/store.hpp"
#include "systemd/unit_watch.hpp"

namespace sdme::bus {

// The live state of every container, kept from what PID 1 announces, so that a list asks nobody.
class States {
 public:
  // Takes the place of all that was known.
  void set_all(const std::vector<systemd::UnitState>& units);
  // The container whose unit this is, "" if it is none's; its health is then unknown or read again.
  std::string changed(const std::string& unit, const std::string& active);
  std::string frozen(const std::string& unit, bool frozen);  // likewise
  void touched(const std::string& container);  // its health was written anew, or it is gone

  // stopped, starting, running, paused, stopping or failed.
  std::string state(const std::string& container) const;
  // Whether it runs and nobody asked yet how it is: systemd started it by itself, at boot or as another needs it.
  bool lacks_health(const std::string& container) const;
  // ok, degraded, failed or unknown; or what is structurally wrong.
  std::string health(const model::ContainerRecord& record, const store::Store& store) const;

 private:
  std::map<std::string, std::string> active_;  // container to ActiveState, without inactive ones
  std::map<std::string, std::string> health_;  // "" where nobody asked
  std::set<std::string> frozen_;
};

}  // namespace sdme::bus
