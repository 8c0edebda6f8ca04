// SPDX-License-Identifier: MIT
#include "bus/uuid.hpp"

#include <sys/random.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::bus {

std::string random_uuid() {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw Error(Errc::kInternal, "no random bytes");
  return text::lower_hex(bytes, sizeof bytes);
}

}  // namespace sdme::bus
