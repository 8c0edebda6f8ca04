// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace sdme::model {

// Throws InvalidArgument unless absolute, without "." or ".." or empty components, not "/", at most
// 4096 bytes, and free of control characters. `what` begins the sentence: "opaque directory".
void check_path(const std::string& path, std::string_view what);

// Whether `path` is `directory` or below it; both as check_path() wants them.
bool at_or_below(std::string_view path, std::string_view directory);

}  // namespace sdme::model
