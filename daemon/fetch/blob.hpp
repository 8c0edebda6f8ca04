// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "fetch/blob_files.hpp"
#include "oci/hash.hpp"
#include "registry/exchange.hpp"

namespace sdme::fetch {

// A layer's blob on its way: what is written to its file is counted and hashed, and may be sent on at
// once, before it is known to be right. What was sent never changes: where a download begins anew, the
// same bytes have to come again.
class Blob {
 public:
  Blob(std::size_t place, oci::Descriptor descriptor) : place_(place), descriptor_(std::move(descriptor)) {}

  std::size_t place() const { return place_; }  // among the layers of the image
  const oci::Descriptor& descriptor() const { return descriptor_; }
  std::string shown() const { return descriptor_.digest.str(); }

  int file() const { return file_.get(); }
  std::uint64_t size() const { return descriptor_.size; }
  std::uint64_t written() const { return written_; }
  bool begun() const { return static_cast<bool>(file_); }
  bool whole() const { return whole_; }

  // Of a file that is whole and verified.
  void set_whole(os::UniqueFd file);

  // An empty file, or one that holds what somebody else kept: that is held back until all is verified.
  void begin(os::UniqueFd file);
  void hash_again(std::span<const char> bytes);  // of what is in it already, as it is read

  void start_over();  // empty: what was in it is known to be wrong, and nothing of it was sent
  void rewind();  // the next bytes are those from the start
  void append(std::span<const char> bytes);  // VerificationFailed beyond the size, or where what was sent differs
  bool complete() const { return written_ == size(); }
  void verify();  // of a complete one: VerificationFailed, or it is whole

  // What may be sent now, and what was.
  std::uint64_t sendable() const { return whole_ ? size() : held_ ? 0 : written_; }
  std::uint64_t sent() const { return sent_; }
  void count_sent(std::uint64_t count) { sent_ += count; }
  bool held() const { return held_; }

 private:
  void must_repeat(std::span<const char> bytes) const;

  std::size_t place_;
  oci::Descriptor descriptor_;
  os::UniqueFd file_;
  std::optional<oci::Hash> hash_;
  std::uint64_t written_ = 0;
  std::uint64_t sent_ = 0;
  bool held_ = false;
  bool whole_ = false;
};

}  // namespace sdme::fetch
