// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "model/definition.hpp"
#include "model/names.hpp"

// What is kept on disk of each thing. A record carries a version: a newer one is refused with a
// sentence (NotSupported), unknown fields are kept in `raw` and written back.
namespace sdme::model {

inline constexpr std::uint64_t kRootfsVersion = 1;
inline constexpr std::uint64_t kContainerVersion = 2;  // 1 had no network, ports, binds, limits and the like

inline constexpr std::uint64_t kVolumeVersion = 1;

// A layer's name: the OCI ChainID as 64 lower-case hex digits. For a stack of one it is the
// digest of the uncompressed tar stream (OCI image-spec, config.md "Layer ChainID").
bool is_layer_id(const std::string& text);

struct RootfsRecord {
  RootfsName name;
  std::uint32_t owner = 0;         // uid
  std::uint64_t created_usec = 0;  // CLOCK_REALTIME
  std::vector<std::string> layers;  // ids, top first
  std::vector<std::uint64_t> layer_sizes;  // bytes of file content, in the same order
  std::string digest;              // "sha256:…" of the uncompressed stream, or of the image's manifest
  std::string origin;              // what the importer said it came from
  std::string platform;            // "linux/amd64", "" where it is unknown
  std::string config;              // OCI image configuration, JSON; "" where there is none
  std::vector<std::string> missing;  // of "systemd", "dbus", "login"
  std::string os;                  // PRETTY_NAME, printable
  std::string distro;              // ID of os-release, printable
  std::string version_id;          // VERSION_ID of os-release, printable
  std::uint64_t size = 0;          // bytes of file content
  std::uint64_t entries = 0;
  bool bootable = false;           // an init was found
  json::Value raw = json::Value::object();

  std::string to_text() const;
  static RootfsRecord from_text(const std::string& text, const std::string& what);
};

// A directory that outlives the containers which it is shown in.
struct VolumeRecord {
  VolumeName name;
  std::uint32_t owner = 0;
  std::uint64_t created_usec = 0;
  json::Value raw = json::Value::object();

  std::string to_text() const;
  static VolumeRecord from_text(const std::string& text, const std::string& what);
};

struct ContainerRecord {
  ContainerName name;
  std::string uuid;  // of this container, never that of another of the same name
  std::uint32_t owner = 0;
  std::uint64_t created_usec = 0;
  std::string rootfs;               // name it was made from, "" for a clone of the host
  std::vector<std::string> layers;  // ids, top first; empty for a clone of the host
  std::string os;                   // PRETTY_NAME when it was made
  bool enabled = false;
  Definition definition;
  json::Value raw = json::Value::object();

  // The number under which a file system counts what it writes: quota/quota.hpp. A part of its uuid, far above the numbers
  // that administrators choose by hand.
  std::uint32_t project() const;

  std::string to_text() const;
  static ContainerRecord from_text(const std::string& text, const std::string& what);
};

}  // namespace sdme::model
