// SPDX-License-Identifier: MIT
#include "job/verb.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <new>

#include "base/error.hpp"
#include "base/log.hpp"

namespace sdme::job {

namespace {

using namespace std::string_view_literals;

void run(const Verb& verb, Worker& worker) {
  try {
    worker.finish(verb.run(worker));
  } catch (const Error& error) {
    worker.fail(error.code(), error.message());
  } catch (const std::bad_alloc&) {
    worker.fail(Errc::kLimitExceeded, "the job needs more memory than it may have");
  } catch (const std::exception& error) {
    worker.fail(Errc::kInternal, error.what());
  }
}

}  // namespace

int run_worker(std::span<const Verb> verbs, int argc, char** argv) {
  const auto verb = std::ranges::find(verbs, argc == 2 ? std::string_view(argv[1]) : ""sv, &Verb::name);
  if (verb == verbs.end()) {
    log::error("workers are started by sdmed, with one verb they know");
    return EXIT_FAILURE;
  }
  umask(0);                      // modes are meant as they are given
  std::signal(SIGPIPE, SIG_IGN);  // a listener that went away is seen where it matters
  try {
    auto worker = Worker::from_environment();
    run(*verb, worker);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    log::error(error.what());  // without a result: the daemon sees the unit fail
    return EXIT_FAILURE;
  }
}

}  // namespace sdme::job
