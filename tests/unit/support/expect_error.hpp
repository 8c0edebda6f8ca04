// SPDX-License-Identifier: MIT
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"

namespace sdme::test {

// The message of the Error that `work` throws, having checked its code.
template <typename Work>
std::string error_of(Errc code, Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    EXPECT_EQ(row(error.code()).word, row(code).word) << error.message();
    return error.message();
  }
  ADD_FAILURE() << "nothing was thrown, expected " << row(code).word;
  return "";
}

}  // namespace sdme::test
