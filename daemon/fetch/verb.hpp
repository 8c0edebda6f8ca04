// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::fetch {

// The verb `fetch`: an image of a registry, or a file of a web server, to the unit that unpacks it.
// Request and packets: docs/architecture.md. `source` is "docker://REFERENCE" or an http or https URL; what a
// person must not put into one, a user and a password, is refused.
//
// It is stopped by SIGTERM at any moment: what was received is in files already.
json::Value run_fetch(job::Worker& worker);

}  // namespace sdme::fetch
