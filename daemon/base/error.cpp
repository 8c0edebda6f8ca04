// SPDX-License-Identifier: MIT
#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace sdme {

namespace {

Errc code_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return Errc::kNoSpace;
    case ENOENT:
    case ESRCH:
      return Errc::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return Errc::kAlreadyExists;
    case EBUSY:
      return Errc::kBusy;
    case EOPNOTSUPP:
    case ENOSYS:
      return Errc::kNotSupported;
    case ETIMEDOUT:
    case ETIME:
      return Errc::kTimedOut;
    case EMFILE:
    case ENFILE:
    case EFBIG:
      return Errc::kLimitExceeded;
    default:
      return Errc::kInternal;
  }
}

}  // namespace

Error::Error(Errc code, std::string message, std::source_location where)
    : code_(code), message_(std::move(message)), where_(where) {}

Error Error::from_errno(int number, const std::string& doing, std::source_location where) {
  return {code_of(number), doing + ": " + std::generic_category().message(number), where};
}

void throw_errno(const std::string& doing, std::source_location where) { throw Error::from_errno(errno, doing, where); }

}  // namespace sdme
