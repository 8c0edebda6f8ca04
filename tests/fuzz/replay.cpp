// SPDX-License-Identifier: MIT
// The plain test of a fuzzer: every input of the corpus as it is; then, for a second, pieces of them and such
// with a byte changed, the same ones each time.
//   replay PATH…: files, and directories of files
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "harness.hpp"

// Of a sanitizer, when there is one.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

constexpr std::chrono::seconds kLong{1};

struct Input {
  std::string name;
  std::string bytes;
};

Input read(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return {.name = path, .bytes = bytes.str()};
}

std::vector<Input> read_all(int count, char** paths) {
  std::vector<Input> inputs;
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(paths[i])) {
      inputs.push_back(read(paths[i]));
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(paths[i])) inputs.push_back(read(entry.path()));
  }
  std::ranges::sort(inputs, {}, &Input::name);
  return inputs;
}

// What is tried, for whoever reads of a fault: a line in a log for each would be too many.
std::string current;

void tell() { std::fprintf(stderr, "with %s\n", current.c_str()); }

void tell_and_end(int number) {
  tell();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// In memory of its own and of that size, so that a sanitizer sees what is read behind the end.
void run(const std::string& input) {
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

void run_changed(const std::vector<Input>& inputs) {
  std::mt19937 engine(1);  // NOLINT: the same each time
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : engine() % end; };
  const auto end = std::chrono::steady_clock::now() + kLong;
  std::size_t tried = 0;
  while (std::chrono::steady_clock::now() < end) {
    const auto& [name, original] = inputs[below(inputs.size())];
    auto bytes = original.substr(0, below(2) == 0 ? std::string::npos : below(original.size() + 1));
    const auto at = below(bytes.size());
    const auto value = static_cast<char>(below(256));
    if (!bytes.empty() && below(4) != 0) bytes[at] = value;
    current = name + ", its first " + std::to_string(bytes.size()) + " bytes";
    if (at < bytes.size()) {
      current += ", byte " + std::to_string(at) + " is " + std::to_string(static_cast<unsigned char>(bytes[at]));
    }
    run(bytes);
    ++tried;
  }
  std::printf("%zu inputs, and %zu like them\n", inputs.size(), tried);
}

}  // namespace

int main(int count, char** paths) {
  const auto inputs = read_all(count, paths);
  if (inputs.empty()) {
    std::fputs("there are no inputs\n", stderr);
    return 2;
  }
  for (const int number : {SIGABRT, SIGSEGV}) std::signal(number, tell_and_end);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell);
  current = "nothing";
  run("");
  for (const auto& input : inputs) {
    current = input.name;
    run(input.bytes);
  }
  run_changed(inputs);
}
