// SPDX-License-Identifier: MIT
#pragma once

// The names by which the rest of the world knows us. Each stands here and nowhere else in C++;
// the XML, the bus policy, the units and the polkit policy repeat them because they must.
namespace sdme::names {

inline constexpr const char* kBusName = "org.sdme1";
inline constexpr const char* kManagerPath = "/org/sdme1";
inline constexpr const char* kManagerInterface = "org.sdme1.Manager";
inline constexpr const char* kContainerInterface = "org.sdme1.Container";
inline constexpr const char* kRootfsInterface = "org.sdme1.Rootfs";
inline constexpr const char* kPodInterface = "org.sdme1.Pod";
inline constexpr const char* kJobInterface = "org.sdme1.Job";

// Parents of the watchable objects; the last path element is sd_bus_path_encode() of the name,
// or the decimal number of a job.
inline constexpr const char* kContainerPath = "/org/sdme1/container";
inline constexpr const char* kRootfsPath = "/org/sdme1/rootfs";
inline constexpr const char* kPodPath = "/org/sdme1/pod";
inline constexpr const char* kJobPath = "/org/sdme1/job";

// Where the Manager answers peer to peer, for root, early boot and hosts without a bus.
inline constexpr const char* kSocketPath = "/run/sdmed/sdmed.sock";

// Polkit actions carry no digit: an administrator's rules outlive a version of the interface.
inline constexpr const char* kPolkitPrefix = "org.sdme.";

}  // namespace sdme::names
