// SPDX-License-Identifier: MIT
// sdme-import VERB: what makes and removes trees of files.
#include <array>

#include "disk/disk.hpp"
#include "image/import.hpp"
#include "image/trash.hpp"
#include "job/verb.hpp"
#include "provision/provision.hpp"

int main(int argc, char** argv) {
  using sdme::job::Verb;
  namespace image = sdme::image;
  constexpr std::array kVerbs = {
      Verb{"import", image::run_import},
      Verb{"disk", sdme::disk::run_disk},
      Verb{"provision", sdme::provision::run_provision},
      Verb{"trash", image::run_trash},
  };
  return sdme::job::run_worker(kVerbs, argc, argv);
}
