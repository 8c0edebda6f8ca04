// SPDX-License-Identifier: MIT
#pragma once

// The header of a QCOW2 image, as its specification has it (qemu, docs/interop/qcow2). Only what
// decides whether the image stands alone is looked at here; the rest is qemu's to read.
namespace sdme::disk {

bool is_qcow2(int image);

// UnsupportedFormat for an image that needs other files, a key, or features that nobody knows;
// Corrupt for one that is cut off or marked so. Never opens what the header names. False when its
// writer did not end well, so that its reference counts may be stale, which no reader minds.
bool check_qcow2(int image);

}  // namespace sdme::disk
