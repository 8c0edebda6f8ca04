// SPDX-License-Identifier: MIT
// sdme-worker VERB: what is done with containers. It links little, since starting one waits for it.
#include <array>

#include "job/verb.hpp"
#include "machine/verbs.hpp"

int main(int argc, char** argv) {
  using sdme::job::Verb;
  namespace machine = sdme::machine;
  constexpr std::array kVerbs = {
      Verb{"create", machine::run_create},
      Verb{"start", machine::run_start},
      Verb{"stop", machine::run_stop},
      Verb{"restart", machine::run_restart},
      Verb{"enable", machine::run_enable},
      Verb{"disable", machine::run_disable},
      Verb{"remove", machine::run_remove},
      Verb{"session", machine::run_session},
      Verb{"log", machine::run_log},
      Verb{"update", machine::run_update},
      Verb{"rename", machine::run_rename},
      Verb{"pause", machine::run_pause},
      Verb{"resume", machine::run_resume},
      Verb{"health", machine::run_health},
      Verb{"check", machine::run_check},
      Verb{"pod-update", machine::run_pod_update},
      Verb{"pod-remove", machine::run_pod_remove},
  };
  return sdme::job::run_worker(kVerbs, argc, argv);
}
