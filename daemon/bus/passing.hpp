// SPDX-License-Identifier: MIT
#pragma once

// Whether others may send file descriptors to a Unix socket of ours. They arrive before anyone has authenticated, count
// against our limit while their message is incomplete, and closing one can block: a TCP socket lingers, and so does one
// in the queue of a Unix socket. Linux has the switch since 6.16; on an older kernel these do nothing.
namespace sdme::bus {

// From now on the kernel refuses them. On a listening socket: to connections that are made from now on.
void refuse_descriptors(int socket);
void take_descriptors(int socket);

// Whether the connection was made before its listener refused them, and holds some, or more than a client has to say
// before it is answered. Refuses them on it first.
bool may_hold_descriptors(int socket);

}  // namespace sdme::bus
