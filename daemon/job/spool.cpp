// SPDX-License-Identifier: MIT
#include "job/spool.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/layout.hpp"

namespace sdme::job {

namespace {

constexpr std::size_t kLongestRecord = 64 << 20;
constexpr std::size_t kLongestResult = 16 << 20;  // an image's configuration is in it
constexpr const char* kLastId = "last-id";

}  // namespace

Spool::Spool(const std::string& path) : dir_(os::Dir::make(path, 0700)) {
  if (const auto text = dir_.find_text(kLastId, 64)) last_id_ = text::to_unsigned(*text).value_or(0);
  for (const auto& name : dir_.entries()) last_id_ = std::max(last_id_, text::to_unsigned(name).value_or(0));
}

std::uint64_t Spool::next_id() {
  dir_.write(kLastId, std::to_string(last_id_ + 1), 0600);
  return ++last_id_;
}

void Spool::write(const Record& record) const {
  const auto name = std::to_string(record.id);
  if (!dir_.exists(name)) {
    dir_.make_dir(name, 0700).make_dir(layout::kJobOut, 0700);
  }
  dir_.open_dir(name).write(layout::kRecord, record.to_text(), 0600);
}

std::string Spool::out_path(std::uint64_t id) const {
  return dir_.path() + "/" + std::to_string(id) + "/" + layout::kJobOut;
}

std::optional<json::Value> Spool::result(std::uint64_t id, const std::string& verb) const {
  const auto out = dir_.find_dir(std::to_string(id) + "/" + layout::kJobOut);
  if (!out || !out->exists(layout::kResult)) return std::nullopt;
  auto result = json::parse(out->read(layout::kResult, kLongestResult), "the worker's result");
  if (json::get_or<std::string>(result, "verb", verb) != verb) return std::nullopt;
  return result;
}

void Spool::remove(std::uint64_t id) const { os::tree_remove(dir_, std::to_string(id)); }

std::vector<Record> Spool::load() const {
  std::vector<Record> records;
  for (const auto& name : dir_.entries()) {
    const auto id = text::to_unsigned(name);
    if (!id) continue;
    try {
      records.push_back(Record::from_text(dir_.open_dir(name).read(layout::kRecord, kLongestRecord), "job " + name));
      if (records.back().id != *id) throw Error(Errc::kCorrupt, "it holds the record of another job");
    } catch (const Error& error) {
      log::warning("job " + name + " cannot be read and is dropped: " + error.message());
      os::tree_remove(dir_, name);
    }
  }
  return records;
}

}  // namespace sdme::job
