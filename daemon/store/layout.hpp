// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

// Every path the product owns. No other file contains one.
namespace sdme::layout {

inline constexpr const char* kState = "/var/lib/sdmed";    // 0700, one file system
inline constexpr const char* kCache = "/var/cache/sdmed";  // 0700
inline constexpr const char* kRuntime = "/run/sdmed";      // 0755: the socket is below it
inline constexpr const char* kConfig = "/etc/sdmed/sdmed.conf";
inline constexpr const char* kConfigDropIns = "/etc/sdmed/sdmed.conf.d";
inline constexpr const char* kVendorConfig = "/usr/lib/sdmed/sdmed.conf.d";
inline constexpr const char* kVendorDistros = "/usr/lib/sdmed/distros.d";
inline constexpr const char* kDistros = "/etc/sdmed/distros.d";
inline constexpr const char* kVendorProfiles = "/usr/lib/sdmed/profiles";
inline constexpr const char* kProfiles = "/etc/sdmed/profiles";

// Below kState.
inline constexpr const char* kLayers = "layers";          // layers/ID/tree
inline constexpr const char* kRootfs = "rootfs";          // rootfs/NAME/record.json
inline constexpr const char* kContainers = "containers";  // containers/NAME/{record.json,written}
inline constexpr const char* kPods = "pods";              // pods/NAME.json
inline constexpr const char* kVolumes = "volumes";        // volumes/NAME/{record.json,data}
inline constexpr const char* kVolumeData = "data";
inline constexpr const char* kStaging =
    "staging";        // staging/JOB: what a job fills (layers as in layers/), then renames
inline constexpr const char* kTrash = "trash";            // what is being removed; a job empties it
inline constexpr const char* kVersion = "version.json";   // of the store itself
inline constexpr const char* kRecord = "record.json";
inline constexpr const char* kFormerNames = "former-names";  // containers/NAME/former-names: since its last start
inline constexpr const char* kFormerFeatures = "former-features";  // containers/NAME/former-features: likewise
inline constexpr const char* kRan = "ran";  // containers/NAME/ran: one that goes when it has stopped was started
inline constexpr const char* kMeasure = "measure.json";   // layers/ID/measure.json: layer/measure.hpp
inline constexpr const char* kTree = "tree";
inline constexpr const char* kDiskImage = "disk.img";     // staging/JOB/disk.img: what an import found in its stream
inline constexpr const char* kWritten = "written";  // containers/NAME/written/{upper,work,submounts}
inline constexpr const char* kUpper = "upper";
inline constexpr const char* kWork = "work";
inline constexpr const char* kInstall = "install";  // staging/JOB/install/{upper,work}: what package managers write
inline constexpr const char* kSubmounts = "submounts";  // submounts/ESCAPED/{upper,work}, host clones only

// Below kCache: store/blob_cache.hpp.
inline constexpr const char* kOci = "oci";
inline constexpr const char* kBlobs = "blobs";
inline constexpr const char* kPartial = "partial";
inline constexpr const char* kFetch = "fetch";

// Below kRuntime.
inline constexpr const char* kJobs = "jobs";  // jobs/N/{record.json (ours), out/ (the worker's)}, 0700
inline constexpr const char* kJobOut = "out";
inline constexpr const char* kResult = "result.json";  // in out/, by rename
inline constexpr const char* kHealth = "health";  // health/NAME.json: what the guest said at its last boot, 0700
inline constexpr const char* kPodNetworks = "/run/sdmed/pods";  // pods/NAME/{netns,resolv.conf}: network/pod.hpp
inline constexpr const char* kPodNamespace = "netns";
inline constexpr const char* kPodResolvConf = "resolv.conf";
inline constexpr const char* kNetworks = "/run/sdmed/network";  // network/INSTANCE: network/members.hpp
inline constexpr const char* kInitMounts = "init";  // where sdme-init mounts, in a namespace of its own
inline constexpr const char* kInitBinds = "init/binds";  // init/binds/N: what the Nth bind shows
inline constexpr const char* kInitEnvironment = "environment.conf";  // init/environment.conf: nspawn/environment.hpp
inline constexpr const char* kInitRoot = "init/root";  // and there, what the guest sees as its /

// Programs and helpers.
inline constexpr const char* kVendor = "/usr/lib/sdmed";
inline constexpr const char* kPrograms = "/usr/libexec/sdmed";
inline constexpr const char* kGuestHelpers = "/usr/lib/sdmed/guest";  // static programs, read-only in every guest
inline constexpr const char* kGuestHelpersInside = "/run/host/sdmed";  // where a guest sees them
inline constexpr const char* kPodInside = "/run/host/sdmed-pod";  // where a guest sees the pod of its OCI applications
inline constexpr const char* kOciPodDropIn = "/usr/lib/sdmed/oci-pod.conf";  // and their units, how to get into it
inline constexpr const char* kOciPodDropInInside = "/run/systemd/system/sdme-oci-.service.d/50-sdmed-pod.conf";
inline constexpr const char* kEnvironmentInside = "/run/systemd/system.conf.d/90-sdmed-environment.conf";
inline constexpr const char* kMacvlanNetwork = "/usr/lib/sdmed/macvlan.network";  // how a guest's networkd takes it up
inline constexpr const char* kMacvlanNetworkInside = "/run/systemd/network/80-sdmed-macvlan.network";
inline constexpr const char* kGuestSession = "/run/host/sdmed/sdme-guest-session";

// Where an administrator's units are, and what we must tell systemd of a container: systemd.unit(5).
inline constexpr const char* kUnits = "/etc/systemd/system";
inline constexpr const char* kUnitControl = "/run/systemd/system.control";  // UNIT.d: properties set at run time

// Others' names that a container must not take: systemd-machined(8), machinectl(1).
inline constexpr const char* kMachinesState = "/run/systemd/machines";
inline constexpr const char* kMachinesDir = "/var/lib/machines";

std::string state(const std::string& below);  // /var/lib/sdmed/BELOW
std::string runtime(const std::string& below);  // /run/sdmed/BELOW
std::string init_environment();  // absolute
std::string layer_tree(const std::string& id);  // absolute
std::string container(const std::string& name);  // absolute
std::string volume_data(const std::string& name);  // absolute
std::string container_unit(const std::string& name);  // sdme-container@NAME.service
std::string pod_unit(const std::string& name);  // sdme-pod@NAME.service
std::string pod_network(const std::string& name);  // absolute
std::string pod_namespace(const std::string& name);  // absolute: what is mounted there is the pod's network
std::string pod_resolv_conf(const std::string& name);  // absolute
std::string worker_program(const std::string& verb);  // absolute
std::string job_unit(std::uint64_t id, bool session);  // sdme-job-N.service, sdme-session-N.service
std::string fetch_unit(std::uint64_t id);  // sdme-job-N-fetch.service, beside sdme-job-N.service

}  // namespace sdme::layout
