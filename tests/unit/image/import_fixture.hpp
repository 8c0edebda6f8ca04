// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "archive/tar_stream.hpp"
#include "image/image_archive.hpp"
#include "image/import.hpp"
#include "image/verb_run.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

// Runs the verb `import` in a staging directory of its own.
class Import : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: owners are set";
    for (const auto* const name : {"staging", "out"}) os::Dir::make(dir_ / name, 0700);
  }

  json::Value request(const json::Value& more = json::Value::object()) {
    json::Value made = {{"verb", "import"},
                        {"job", 1},
                        {"staging", dir_ / "staging"},
                        {"size_hint", 0},
                        {"install", "no"},
                        {"platform", ""},
                        {"tag", ""},
                        {"have", json::Value::array()},
                        {"limits", {{"bytes", 1 << 20}, {"entries", 100}}}};
    made.update(more);
    return made;
  }

  VerbRun import(const os::UniqueFd& data, const json::Value& more = json::Value::object()) {
    empty_staging();
    return run_verb(image::run_import, request(more), dir_ / "out", data);
  }

  // What comes through a pipe, and fits into it.
  VerbRun import_piped(const std::string& bytes, const json::Value& more = json::Value::object()) {
    int ends[2] = {};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const os::UniqueFd reading(ends[0]);
    os::UniqueFd writing(ends[1]);
    fcntl(writing.get(), F_SETPIPE_SZ, 1 << 20);
    os::write_all(writing.get(), bytes, "pipe");
    writing.reset();
    return import(reading, more);
  }

  void empty_staging() const {
    const auto staging = os::Dir::open(dir_ / "staging");
    for (const auto& name : staging.entries()) {
      const auto found = staging.stat(name);
      found&& S_ISDIR(found->st_mode) ? os::tree_remove(staging, name) : staging.remove(name);
    }
  }

  std::string in_layer(const json::Value& layer, const std::string& below) const {
    return dir_ / ("staging/layers/" + layer["id"].get<std::string>() + "/tree/" + below);
  }

  static json::Value result_of(const VerbRun& run) {
    if (!run.result.contains("result")) throw std::runtime_error("no result: " + run.result.dump());
    return run.result.at("result");
  }
  static std::string failure_of(const VerbRun& run, const std::string& code) {
    const auto error = run.result.value("error", json::Value::object());
    EXPECT_EQ(error.value("code", ""), code) << run.result;
    return error.value("message", "");
  }

  TempDir dir_;
};

}  // namespace sdme::test
