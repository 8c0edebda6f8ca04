// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "machine/bind_source.hpp"
#include "machine/mount_point.hpp"
#include "machine/root.hpp"
#include "model/record.hpp"
#include "os/unique_fd.hpp"

// What of the host a container sees besides its root: by path, or a volume.
namespace sdme::machine {

// The source, detached and cut down to what was authorised: without set-user-ID programs and devices unless
// they were asked for, without what is mounted below it, and with the ids of `users` if it is a user namespace.
os::UniqueFd detached_tree(const model::Bind& bind, const BindSource& source, const os::UniqueFd& users);

PointKind kind_of(const BindSource& source);

// For who starts the container: mounts each source where systemd-nspawn will take it from, and makes the mount
// points that it could not make itself, as it does not know the ids that are mapped. The paths are those of
// nspawn::Start::bind_sources.
std::vector<std::string> mount_binds(const model::ContainerRecord& record, const Root& root);

// The same binds with what the record is to remember of their sources. Those that are in `before` keep what was
// authorised then; the others are looked at now, and refused where `caller` may not have them.
std::vector<model::Bind> authorised(std::vector<model::Bind> binds, const std::vector<model::Bind>& before,
                                    uid_t caller);

// As a worker tells them.
json::Value to_json(const std::vector<model::Bind>& binds);

}  // namespace sdme::machine
