// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "bus/caller.hpp"
#include "bus/door.hpp"
#include "bus/states.hpp"
#include "bus/strangers.hpp"
#include "job/table.hpp"
#include "store/blob_cache.hpp"
#include "store/settings.hpp"
#include "store/store.hpp"
#include "systemd/unit_watch.hpp"

namespace sdme::bus {

// What every face of the Manager works with: one on the system bus, one a peer.
struct Context {
  std::size_t open_replies = 0;  // first: jobs hold replies, which count themselves
  Strangers strangers;           // and what came with their calls
  store::Settings settings;
  store::Store store;
  store::BlobCache cache;
  store::LeaseTable leases;
  systemd::UnitWatch units;
  job::Table jobs;
  States states;
  Presence presence;
  Door door;
  std::uint64_t last_call_usec = 0;  // CLOCK_MONOTONIC
  std::map<std::uint64_t, Presence::Watch> tied_jobs;  // jobs that end when their caller leaves

  Context(sd_event* loop, systemd::UnitWatch::Events unit_events)
      : strangers(loop),
        settings(store::Settings::read()),
        store(store::Store::open()),
        cache(layout::kCache, settings.cache_max_bytes),
        units(loop, std::move(unit_events)),
        jobs(loop, store, cache, leases, settings, units),
        door(settings, presence) {
    store.set_address_pool(address_pool(settings));
  }

  void tie(const Caller& caller, std::uint64_t job) {
    tied_jobs[job] = presence.when_gone(caller, [this, job] { jobs.cancel(job); });
  }
  void untie(std::uint64_t job) { tied_jobs.erase(job); }
};

}  // namespace sdme::bus
