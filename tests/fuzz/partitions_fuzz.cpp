// SPDX-License-Identifier: MIT
// A disk as it is, and with the checksums of its GPT made right: else all that a change of the table does
// is that it counts no more.
#include "disk/partitions.hpp"

#include "disk/file_system.hpp"
#include "harness.hpp"
#include "os/file.hpp"

namespace sdme::test {

namespace {

constexpr std::size_t kHeader = 92;  // bytes, without what may follow

std::uint32_t crc(std::string_view bytes) {
  std::uint32_t sum = ~0U;
  for (const char byte : bytes) {
    sum ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1U ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0);
  }
  return ~sum;
}

std::uint64_t number(std::string_view disk, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  while (bytes-- > 0) value = value << 8U | static_cast<unsigned char>(disk[at + bytes]);
  return value;
}

void put(std::string& disk, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i, value >>= 8U) disk[at + i] = static_cast<char>(value & 0xFFU);
}

// Of the header in the second sector.
void repair(std::string& disk, std::size_t sector) {
  if (disk.size() < sector + kHeader || !std::string_view(disk).substr(sector).starts_with("EFI PART")) return;
  const auto size = number(disk, sector + 12, 4);
  const auto first = number(disk, sector + 72, 8);
  const auto entries = number(disk, sector + 80, 4) * number(disk, sector + 84, 4);
  if (first < disk.size() / sector && entries <= disk.size() - first * sector) {
    put(disk, sector + 88, crc(std::string_view(disk).substr(first * sector, entries)));
  }
  put(disk, sector + 16, 0);
  if (size <= disk.size() - sector) put(disk, sector + 16, crc(std::string_view(disk).substr(sector, size)));
}

void look_at(std::string_view disk) {
  attempt([&] {
    const auto file = os::sealed_memory(disk, "disk");
    const auto found = disk::read_partitions(file.get(), disk.size());
    require(!found.empty() && found.size() <= 128, "a wrong number of partitions");
    require(is_printable(disk::shown(found)), "partitions", disk::shown(found));
    for (const auto& partition : found) {
      require(partition.number >= 0 && (partition.number == 0 || partition.size > 0), "an empty partition");
      const auto why = disk::why_unreadable(partition);
      require(is_printable(why), "why it is unreadable", why);
      disk::content_of(partition);
    }
  });
}

}  // namespace

}  // namespace sdme::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace sdme;
  std::string disk(test::text_of(bytes, count));
  test::look_at(disk);
  const auto before = disk;
  for (const std::size_t sector : {512U, 4096U}) test::repair(disk, sector);
  if (disk != before) test::look_at(disk);
  return 0;
}
