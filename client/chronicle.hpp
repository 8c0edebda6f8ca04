// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bus.hpp"

namespace sdme::client {

// Something that happened to a container, root filesystem or job.
struct Event {
  std::string type;   // container, rootfs, job
  std::string name;   // a job's is its number
  std::string event;  // created, started, …: sdmectl(1)
  Dict details;       // more of it, with the keys of the bus
};

// What the daemon announces, and what it lists, as events. Lists tell what happened while nobody announced anything: what
// differs from what was known.
class Chronicle {
 public:
  std::vector<Event> on_news(const ObjectNews& news);
  // The first lists are what there is, and tell nothing.
  std::vector<Event> on_lists(const std::vector<Dict>& containers, const std::vector<Dict>& rootfs,
                              const std::vector<Dict>& jobs);

 private:
  using Known = std::map<std::string, Dict>;  // by name, with the keys of lists

  void note_container(const std::string& name, const Dict& now, std::vector<Event>& to);
  void note_rootfs(const std::string& name, std::vector<Event>& to);
  void note_job(const std::string& id, const Dict& now, std::vector<Event>& to);
  void note_gone(const std::string& type, const std::string& name, std::vector<Event>& to);

  bool begun_ = false;
  Known containers_, rootfs_, jobs_;
};

}  // namespace sdme::client
