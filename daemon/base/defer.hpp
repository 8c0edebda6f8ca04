// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

namespace sdme {

// Runs a function at the end of the scope unless cancelled. For use inside one function only;
// what lives longer deserves a type.
template <typename Undo>
class Defer {
 public:
  explicit Defer(Undo undo) : undo_(std::move(undo)) {}
  ~Defer() {
    if (armed_) undo_();
  }
  Defer(const Defer&) = delete;
  Defer& operator=(const Defer&) = delete;

  void cancel() { armed_ = false; }

 private:
  Undo undo_;
  bool armed_ = true;
};

}  // namespace sdme
