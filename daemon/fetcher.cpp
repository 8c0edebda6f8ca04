// SPDX-License-Identifier: MIT
// sdme-fetch VERB: what talks to servers.
#include <array>

#include "fetch/verb.hpp"
#include "job/verb.hpp"

int main(int argc, char** argv) {
  constexpr std::array kVerbs = {sdme::job::Verb{"fetch", sdme::fetch::run_fetch}};
  return sdme::job::run_worker(kVerbs, argc, argv);
}
