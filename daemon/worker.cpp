// SPDX-License-Identifier: MIT
// sdme-worker VERB: one job in a unit of its own, then the end. The request and the way back are
// described in docs/architecture.md, "Between daemon and worker".
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "image/import.hpp"
#include "image/trash.hpp"
#include "job/worker.hpp"
#include "machine/verbs.hpp"

namespace {

using namespace std::string_view_literals;

struct Verb {
  std::string_view name;
  sdme::json::Value (*run)(sdme::job::Worker& worker);
};

constexpr std::array kVerbs = {
    Verb{"import", sdme::image::run_import},   Verb{"trash", sdme::image::run_trash},
    Verb{"create", sdme::machine::run_create}, Verb{"start", sdme::machine::run_start},
    Verb{"stop", sdme::machine::run_stop},     Verb{"restart", sdme::machine::run_restart},
    Verb{"enable", sdme::machine::run_enable}, Verb{"disable", sdme::machine::run_disable},
    Verb{"remove", sdme::machine::run_remove}, Verb{"session", sdme::machine::run_session},
    Verb{"log", sdme::machine::run_log},
};

// Whatever happens, the job gets its result.
void run(const Verb& verb, sdme::job::Worker& worker) {
  try {
    worker.finish(verb.run(worker));
  } catch (const sdme::Error& error) {
    worker.fail(error.code(), error.message());
  } catch (const std::bad_alloc&) {
    worker.fail(sdme::Errc::kLimitExceeded, "the job needs more memory than it may have");
  } catch (const std::exception& error) {
    worker.fail(sdme::Errc::kInternal, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto verb = std::ranges::find(kVerbs, argc == 2 ? std::string_view(argv[1]) : ""sv, &Verb::name);
  if (verb == kVerbs.end()) {
    sdme::log::error("sdme-worker is started by sdmed, with one verb it knows");
    return EXIT_FAILURE;
  }
  umask(0);                      // modes are meant as they are given
  std::signal(SIGPIPE, SIG_IGN);  // a listener that went away is seen where it matters
  try {
    auto worker = sdme::job::Worker::from_environment();
    run(*verb, worker);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    sdme::log::error(error.what());  // without a result: the daemon sees the unit fail
    return EXIT_FAILURE;
  }
}
