// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Tar streams made byte by byte, so that a test can say what no tar program would write.
namespace sdme::test {

struct TarEntry {
  std::string name;
  char type = '0';
  std::string content = {};
  std::string link = {};
  unsigned mode = 0644;
  std::uint64_t uid = 0;
  unsigned major = 0;
  unsigned minor = 0;
  std::int64_t claimed_size = -1;  // of the header, when it lies
};

std::string tar(const TarEntry& entry);
std::string directory(const std::string& name, unsigned mode = 0755);
std::string file(const std::string& name, const std::string& content = "content");
std::string symlink(const std::string& name, const std::string& target);
std::string hard_link(const std::string& name, const std::string& target);

// An extended header for the entry that follows; `records` as pax_record() makes them.
std::string pax(const std::string& records);
std::string pax_record(std::string_view key, std::string_view value);

extern const std::string kEndMark;  // the usual two records of zeros

enum class Compression { kGzip, kBzip2, kXz, kZstd };
std::string compressed(std::string_view bytes, Compression compression);

}  // namespace sdme::test
