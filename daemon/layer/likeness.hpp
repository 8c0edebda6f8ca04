// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <string>

namespace sdme::layer {

// Gives a file or directory, itself made a moment ago, what another of a lower layer has beside name,
// content and times: owner, mode, attributes and access control lists, and no others. What is only
// for the overlay file system stays behind. The fds may be O_PATH; `path` is for the sentence.
void make_like(int like, int made, const std::string& path);

// When it was last modified; when it was last read is left as it is.
timespec modified(int fd, const std::string& path);
void set_modified(int fd, const timespec& time, const std::string& path);

}  // namespace sdme::layer
