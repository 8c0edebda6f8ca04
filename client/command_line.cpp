// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "commands/create.hpp"
#include "commands/doctor.hpp"
#include "commands/edit.hpp"
#include "commands/enable.hpp"
#include "commands/events.hpp"
#include "commands/exec.hpp"
#include "commands/fs_cache.hpp"
#include "commands/fs_gc.hpp"
#include "commands/fs_import.hpp"
#include "commands/fs_list.hpp"
#include "commands/fs_remove.hpp"
#include "commands/fs_show.hpp"
#include "commands/jobs.hpp"
#include "commands/join.hpp"
#include "commands/list.hpp"
#include "commands/logs.hpp"
#include "commands/mount.hpp"
#include "commands/new.hpp"
#include "commands/pause.hpp"
#include "commands/pod.hpp"
#include "commands/port.hpp"
#include "commands/remove.hpp"
#include "commands/rename.hpp"
#include "commands/restart.hpp"
#include "commands/set.hpp"
#include "commands/show.hpp"
#include "commands/start.hpp"
#include "commands/stats.hpp"
#include "commands/stop.hpp"
#include "commands/volume.hpp"
#include "commands/wait.hpp"
#include "errors.hpp"
#include "terminal.hpp"
#include "text.hpp"

namespace sdme::client {

CommandLine::CommandLine() : app_("Run containers that boot, without being root.", "sdmectl") {
  app_.set_version_flag("--version", "sdmectl " SDMED_VERSION, "show the version");
  app_.set_help_flag("-h,--help", "show help, also for each verb");
  app_.require_subcommand(1);
  app_.get_formatter()->column_width(34);
  app_.footer("'sdmectl VERB --help' has examples; sdmectl(1) has everything.");
  define_globals();
  define_verbs();
}

void CommandLine::define_globals() {
  app_.add_option("--address", globals_.address, "talk to sdmed there, not by the system bus")->type_name("ADDRESS");
  app_.add_flag_callback("--no-ask-password", [this] { globals_.ask_password = false; }, "never ask for a password");
  app_.add_flag_callback("--no-legend", [this] { globals_.legend = false; }, "print no headings");
  app_.add_flag("-v,--verbose", globals_.verbose, "say more on standard error");
  static const std::map<std::string, Json> kJson = {
      {"pretty", Json::kPretty}, {"short", Json::kShort}, {"off", Json::kOff}};
  app_.add_flag("--json{pretty}", globals_.json, "print results as JSON: =pretty, =short or =off")
      ->transform(CLI::CheckedTransformer(kJson).description("{pretty,short,off}"));
  app_.add_flag_callback(
      "-j", [this] { globals_.json = is_terminal(STDOUT_FILENO) ? Json::kPretty : Json::kShort; },
      "--json=pretty on a terminal, else --json=short");
  static const std::map<std::string, Progress> kProgress = {
      {"auto", Progress::kAuto}, {"bar", Progress::kBar}, {"plain", Progress::kPlain}, {"none", Progress::kNone}};
  app_.add_option("--progress", globals_.progress, "how to show it: auto, bar, plain or none")
      ->transform(CLI::CheckedTransformer(kProgress).description("{auto,bar,plain,none}"))
      ->type_name("HOW");
}

template <Verb T>
CLI::App* CommandLine::add_verb(CLI::App& parent) {
  auto* app = parent.add_subcommand(T::kName, T::kSummary);
  app->fallthrough();
  app->footer(std::string("Examples:\n") + T::kExamples);
  auto verb = std::make_shared<T>();
  verb->define(*app);
  if constexpr (CommandVerb<T>) command_verbs_.emplace_back(app, T::kCommandAfterName);
  // The innermost verb is called back first.
  app->callback([this, verb] {
    if (request_.run) return;
    if constexpr (CommandVerb<T>) verb->command = command_;
    request_ = {.verb = verb, .run = [verb](Client& client) { return verb->run(client); }};
  });
  return app;
}

CLI::App* CommandLine::add_group(CLI::App& parent, const std::string& name, const std::string& summary) {
  auto* group = parent.add_subcommand(name, summary);
  group->fallthrough();
  group->require_subcommand(1);
  return group;
}

void CommandLine::define_verbs() {
  auto* fs = add_group(app_, "fs", "root filesystems: import, ls, show, rm, gc, cache");
  add_verb<FsImport>(*fs);
  add_verb<FsList>(*fs);
  add_verb<FsShow>(*fs);
  add_verb<FsRemove>(*fs);
  add_verb<FsGc>(*fs);
  auto* cache = add_group(*fs, "cache", "what was fetched from registries: info, ls, clean");
  add_verb<CacheInspect>(*cache);
  add_verb<CacheList>(*cache);
  add_verb<CacheClean>(*cache);

  add_verb<New>(app_);
  add_verb<Create>(app_);
  add_verb<Start>(app_);
  add_verb<Stop>(app_);
  add_verb<Restart>(app_);
  add_verb<Pause>(app_);
  add_verb<Resume>(app_);
  add_verb<Wait>(app_);
  add_verb<Rename>(app_);
  add_verb<Remove>(app_);
  add_verb<Set>(app_);
  add_verb<Edit>(app_);
  add_verb<Mount>(app_);
  add_verb<Unmount>(app_);
  auto* volume = add_group(app_, "volume", "directories that outlive containers: create, ls, show, rm");
  add_verb<VolumeCreate>(*volume);
  add_verb<VolumeList>(*volume);
  add_verb<VolumeShow>(*volume);
  add_verb<VolumeRemove>(*volume);
  auto* port = add_group(app_, "port", "published ports: ls, add, rm");
  add_verb<PortList>(*port);
  add_verb<PortAdd>(*port);
  add_verb<PortRemove>(*port);
  define_pod_verbs();
  add_verb<Enable>(app_);
  add_verb<Disable>(app_);
  add_verb<List>(app_);
  add_verb<Show>(app_);
  add_verb<Exec>(app_);
  add_verb<Join>(app_);
  add_verb<Logs>(app_);
  add_verb<Stats>(app_);
  add_verb<Events>(app_);
  add_verb<Doctor>(app_);

  auto* jobs = add_verb<Jobs>(app_);
  jobs->require_subcommand(0, 1);
  add_verb<JobsWait>(*jobs);
  add_verb<JobsCancel>(*jobs);
  add_verb<JobsShow>(*jobs);
}

void CommandLine::define_pod_verbs() {
  auto* pod = add_group(app_, "pod", "networks that containers share: new, ls, show, rm, net, port");
  add_verb<PodNew>(*pod);
  add_verb<PodList>(*pod);
  add_verb<PodShow>(*pod);
  add_verb<PodRemove>(*pod);
  auto* net = add_group(*pod, "net", "a pod's link: attach, detach");
  add_verb<PodAttach>(*net);
  add_verb<PodDetach>(*net);
  auto* port = add_group(*pod, "port", "published ports of a pod: add, rm");
  add_verb<PodPortAdd>(*port);
  add_verb<PodPortRemove>(*port);
}

// Whether the word after this option belongs to it.
bool CommandLine::takes_value(const CLI::App* app, const std::string& word) const {
  const auto find = [&](const std::string& name) {
    const auto* option = app->get_option_no_throw(name);
    return option ? option : app_.get_option_no_throw(name);
  };
  if (word.starts_with("--")) {
    const auto* option = find(word);
    return option && option->get_items_expected_max() > 0;
  }
  // Of several letters, the first that takes a value takes the rest as one.
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto* option = find(std::string("-") + word[i]);
    if (option && option->get_items_expected_max() > 0) return i + 1 == word.size();
  }
  return false;
}

std::vector<std::string> CommandLine::split_command(const std::vector<std::string>& words) {
  const CLI::App* verb = &app_;
  std::size_t names = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    const auto taker = std::ranges::find(command_verbs_, verb, &std::pair<const CLI::App*, bool>::first);
    const bool takes_command = taker != command_verbs_.end();
    const bool dashes = word == "--";
    const bool option = word.starts_with("-") && word != "-";
    if (takes_command && (dashes || (!option && taker->second && names == 1))) {
      command_.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + dashes, words.end());
      return {words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i)};
    }
    if (option) {
      if (takes_value(verb, word)) ++i;
    } else if (verb == &app_) {
      const auto verbs = app_.get_subcommands([&](const CLI::App* app) { return app->get_name() == word; });
      if (verbs.empty()) break;
      verb = verbs.front();
    } else {
      ++names;
    }
  }
  return words;
}

void CommandLine::parse(std::vector<std::string> words) {
  std::vector<std::string> ours;
  for (auto& word : split_command(words)) {
    // The parser takes "--option=" for an option without its value.
    const bool empty_value = word.starts_with("--") && word.ends_with("=") && word.find('=') + 1 == word.size();
    if (empty_value) word.pop_back();
    ours.push_back(std::move(word));
    if (empty_value) ours.emplace_back();
  }
  std::ranges::reverse(ours);  // as the parser wants them
  app_.parse(std::move(ours));
}

int CommandLine::explain(const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app_.exit(error);
  std::string verb;
  const CLI::App* innermost = &app_;
  for (auto chosen = app_.get_subcommands(); !chosen.empty(); chosen = chosen.front()->get_subcommands()) {
    innermost = chosen.front();
    verb += " " + innermost->get_name();
  }
  std::string what = error.what();
  const auto extra = app_.remaining(true);
  const auto unknown = std::ranges::find_if(extra, [](const std::string& word) { return !word.starts_with('-'); });
  const bool wants_verb = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
                          innermost->get_require_subcommand_min() > 0;
  if (wants_verb) what = unknown == extra.end() ? "a verb is missing" : fmt::format("there is no verb '{}'", *unknown);
  const auto text = fmt::format("sdmectl: {} (see 'sdmectl{} --help')\n", printable(what), verb);
  std::fputs(text.c_str(), stderr);
  return exit_code::kUsage;
}

}  // namespace sdme::client
