// SPDX-License-Identifier: MIT
#include "image/layers.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "archive/budget.hpp"
#include "archive/decompress.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "layer/settle.hpp"
#include "layer/stack.hpp"
#include "store/layout.hpp"

namespace sdme::image {

namespace {

constexpr mode_t kLayerMode = 0700;
constexpr mode_t kRootMode = 0755;  // of a tree, unless the layer says otherwise
// Each has a second thread that decompresses, and memory for that. More would wait for the disk.
constexpr unsigned kMostAtOnce = 4;
constexpr auto kGlance = std::chrono::milliseconds(100);  // how long progress and failures may wait to be seen

// A stack of hundreds of layers is open all at once.
void allow_many_files() {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) < 0) throw_errno("asking how many files may be open");
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) < 0) throw_errno("allowing many open files");
}

std::string named(const oci::Image& image, std::size_t number) {
  return "layer " + std::to_string(number + 1) + " of " + std::to_string(image.layers.size()) + " (" +
         image.layers[number].blob.str() + ")";
}

// Threads that unpack one layer each. All its calls come from one thread, the progress too.
class Crew {
 public:
  Crew(const oci::Image& image, const os::Dir& layers, archive::Budget& budget)
      : image_(image), layers_(layers), budget_(budget), extracted_(image.layers.size()) {}
  ~Crew() { stop(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  bool has_room() {
    const std::lock_guard lock(mutex_);
    reap();
    return running_.size() < std::clamp(std::thread::hardware_concurrency(), 1U, kMostAtOnce);
  }
  bool is_idle() {
    const std::lock_guard lock(mutex_);
    reap();
    return running_.empty();
  }
  void wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return failure_ || std::ranges::any_of(running_, &Task::done); });
  }
  void throw_failure() {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
  }

  void start(std::size_t number, archive::Input bytes) {
    auto& task = running_.emplace_back(std::move(bytes), budget_);
    task.thread = std::thread([this, number, &task] { run(number, task); });
  }

  // Compressed bytes so far.
  std::uint64_t bytes_read() const {
    std::uint64_t sum = finished_bytes_;
    for (const auto& task : running_) sum += task.source.bytes_read();
    return sum;
  }
  archive::Extracted take(std::size_t number) { return *std::exchange(extracted_[number], std::nullopt); }

 private:
  struct Task {
    Task(archive::Input bytes, archive::Budget& budget) : source(std::move(bytes), budget) {}

    archive::Decompressor source;
    bool done = false;  // under the mutex
    std::thread thread;
  };

  void run(std::size_t number, Task& task) noexcept {
    std::exception_ptr failure;
    try {
      while_doing("unpacking " + named(image_, number), [&] { extracted_[number] = unpack(number, task.source); });
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    task.done = true;
    if (failure && !failure_) failure_ = failure;
    changed_.notify_one();
  }

  archive::Extracted unpack(std::size_t number, archive::Decompressor& source) const {
    const auto& layer = image_.layers[number];
    const auto tree = layers_.make_dir(layer.chain_id, kLayerMode).make_dir(layout::kTree, kRootMode);
    auto extracted = archive::extract(source, tree, archive::Meaning::kLayer, budget_, [](std::uint64_t) {});
    if (oci::Digest::sha256(extracted.digest) != layer.diff_id) {
      throw Error(Errc::kVerificationFailed, "what it holds is not what the image says: its digest is sha256:" +
                                                 extracted.digest + " and not " + layer.diff_id.str());
    }
    return extracted;
  }

  void reap() {
    for (auto task = running_.begin(); task != running_.end();) {
      if (!task->done) {
        ++task;
        continue;
      }
      task->thread.join();
      finished_bytes_ += task->source.bytes_read();
      task = running_.erase(task);
    }
  }

  void stop() {
    for (auto& task : running_) task.source.break_off();
    for (auto& task : running_) {
      if (task.thread.joinable()) task.thread.join();
    }
    running_.clear();
  }

  const oci::Image& image_;
  const os::Dir& layers_;
  archive::Budget& budget_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Task> running_;  // the list itself is of the calling thread alone
  std::uint64_t finished_bytes_ = 0;
  std::exception_ptr failure_;
  std::vector<std::optional<archive::Extracted>> extracted_;  // each written by one thread, read when it ended
};

// The places of the layers that are missing, from the bottom.
std::vector<std::size_t> missing(const oci::Image& image, std::set<std::string> have) {
  std::vector<std::size_t> wanted;
  for (std::size_t number = 0; number < image.layers.size(); ++number) {
    if (have.insert(image.layers[number].chain_id).second) wanted.push_back(number);
  }
  return wanted;
}

void receive(LayerSource& source, Crew& crew, const std::vector<std::size_t>& wanted, const UnpackProgress& progress) {
  std::set<std::size_t> awaited(wanted.begin(), wanted.end());
  std::uint64_t total = 0;
  for (const auto number : wanted) total += source.image().layers[number].size;
  while (!awaited.empty() || !crew.is_idle()) {
    crew.throw_failure();
    progress(crew.bytes_read(), total);
    if (awaited.empty() || !crew.has_room()) {
      crew.wait(kGlance);
    } else if (source.ready(kGlance)) {
      auto arriving = source.next();
      if (!arriving || awaited.erase(arriving->layer) == 0) {
        throw Error(Errc::kInternal, "what brings the layers of the image brought others than it was asked for");
      }
      crew.start(arriving->layer, std::move(arriving->bytes));
    }
  }
  crew.throw_failure();
  progress(crew.bytes_read(), total);
}

}  // namespace

std::vector<UnpackedLayer> unpack_layers(LayerSource& source, const os::Dir& staging, const std::set<std::string>& have,
                                         const archive::Limits& limits, const UnpackProgress& progress) {
  const auto& image = source.image();
  if (image.layers.empty()) {
    throw Error(Errc::kUnsupportedFormat, "the image has no layers, so there is no root filesystem in it");
  }
  allow_many_files();
  const auto wanted = missing(image, have);
  source.want(wanted);
  const auto layers = staging.make_dir(layout::kLayers, kLayerMode);
  archive::Budget budget(limits);
  Crew crew(image, layers, budget);
  receive(source, crew, wanted, progress);
  source.finish();

  std::vector<UnpackedLayer> unpacked;
  layer::Stack below({});
  for (std::size_t number = 0; number < image.layers.size(); ++number) {
    const auto& id = image.layers[number].chain_id;
    const bool is_new = std::ranges::binary_search(wanted, number);
    auto tree = is_new ? layers.open_dir(id + "/" + layout::kTree) : os::Dir::open(layout::layer_tree(id));
    unpacked.push_back({.id = id, .diff_id = image.layers[number].diff_id.str(), .is_new = is_new});
    if (is_new) {
      auto extracted = crew.take(number);
      unpacked.back().size = extracted.size;
      unpacked.back().entries = extracted.entries;
      while_doing("unpacking " + named(image, number),
                  [&] { layer::settle(tree, below, std::move(extracted.unsettled), budget); });
    }
    below.put_on_top(std::move(tree));
  }
  return unpacked;
}

}  // namespace sdme::image
