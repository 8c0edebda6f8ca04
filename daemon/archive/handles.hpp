// SPDX-License-Identifier: MIT
#pragma once

#include <archive.h>

#include <memory>
#include <new>

namespace sdme::archive {

struct FreeReader {
  void operator()(struct archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<struct archive, FreeReader>;

inline Reader new_reader() {
  Reader reader(archive_read_new());
  if (!reader) throw std::bad_alloc();
  return reader;
}

}  // namespace sdme::archive
