// SPDX-License-Identifier: MIT
#include "store/generated_name.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace sdme::store {

namespace {

// Birds, trees, flowers, waters and the like: easy to read out, and none of them a word of this trade.
constexpr auto kWords = std::to_array<std::string_view>({
    "acorn",     "alder",     "almond",    "amber",       "anemone",   "apple",     "apricot",       "ash",
    "aspen",     "aster",     "auk",       "avocet",      "azalea",    "badger",    "balsam",        "bamboo",
    "barley",    "basil",     "bass",      "bay",         "beaver",    "beech",     "begonia",       "birch",
    "bison",     "bittern",   "blackbird", "blossom",     "bluebell",  "bramble",   "breeze",        "brook",
    "bullfinch", "bunting",   "buttercup", "buzzard",     "camellia",  "canyon",    "cardinal",      "carp",
    "cedar",     "celandine", "cherry",    "chestnut",    "chickadee", "cloud",     "clover",        "comet",
    "condor",    "coral",     "cormorant", "cove",        "cowslip",   "crane",     "creek",         "cricket",
    "crocus",    "curlew",    "cypress",   "daffodil",    "dahlia",    "daisy",     "dawn",          "delta",
    "dipper",    "dove",      "dune",      "dunlin",      "eagle",     "egret",     "eider",         "elder",
    "elk",       "elm",       "ember",     "estuary",     "falcon",    "fern",      "fieldfare",     "fig",
    "finch",     "fir",       "firecrest", "fjord",       "flax",      "flint",     "fox",           "foxglove",
    "gannet",    "garnet",    "gentian",   "ginger",      "glacier",   "goldfinch", "goose",         "gorse",
    "grebe",     "grouse",    "grove",     "gull",        "harbour",   "hare",      "harrier",       "hawk",
    "hawthorn",  "hazel",     "heath",     "heather",     "hedgehog",  "heron",     "hickory",       "hill",
    "holly",     "honey",     "hornbeam",  "ibis",        "inlet",     "iris",      "island",        "ivy",
    "jackdaw",   "jade",      "jasmine",   "jay",         "juniper",   "kestrel",   "kingfisher",    "kite",
    "kiwi",      "knot",      "lagoon",    "lake",        "lapwing",   "larch",     "lark",          "laurel",
    "lavender",  "lemon",     "lichen",    "lilac",       "lily",      "linden",    "linnet",        "lotus",
    "lupin",     "lynx",      "magnolia",  "magpie",      "mallow",    "maple",     "marigold",      "marten",
    "martin",    "meadow",    "merlin",    "mimosa",      "mint",      "mistral",   "moor",          "moss",
    "mulberry",  "myrtle",    "nettle",    "nightingale", "nuthatch",  "oak",       "oasis",         "olive",
    "opal",      "orchid",    "oriole",    "osprey",      "otter",     "owl",       "oystercatcher", "pansy",
    "partridge", "peach",     "pear",      "pebble",      "pelican",   "penguin",   "peony",         "petal",
    "petrel",    "pheasant",  "pine",      "pipit",       "plover",    "plum",      "pond",          "poplar",
    "poppy",     "primrose",  "puffin",    "quail",       "quartz",    "quince",    "rain",          "rapids",
    "raven",     "redstart",  "redwing",   "reed",        "reef",      "ridge",     "river",         "robin",
    "rook",      "rosemary",  "rowan",     "ruby",        "saffron",   "sage",      "sandpiper",     "sequoia",
    "shore",     "shrike",    "siskin",    "skylark",     "sloe",      "snipe",     "snowdrop",      "sorrel",
    "sparrow",   "spring",    "spruce",    "squirrel",    "starling",  "stoat",     "stork",         "stream",
    "sunflower", "swallow",   "swan",      "swift",       "sycamore",  "tamarisk",  "teal",          "tern",
    "thistle",   "thrush",    "thyme",     "tide",        "toucan",    "tulip",     "tundra",        "turnstone",
    "valley",    "verbena",   "violet",    "vole",        "wagtail",   "walnut",    "warbler",       "waterfall",
    "wave",      "waxwing",   "wheatear",  "whimbrel",    "willow",    "wisteria",  "woodcock",      "woodlark",
    "wren",      "yarrow",    "yew",       "zephyr",
});

// Any number below `bound`, each as likely as the other.
std::uint64_t random_below(std::uint64_t bound) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  while (true) {
    std::uint64_t drawn = 0;
    if (getrandom(&drawn, sizeof drawn, 0) != static_cast<ssize_t>(sizeof drawn))
      throw_errno("drawing a random number");
    if (drawn < kMost - kMost % bound) return drawn % bound;
  }
}

}  // namespace

model::ContainerName generate_name(const std::function<bool(const model::ContainerName&)>& is_free) {
  std::vector<model::ContainerName> free;
  for (const auto word : kWords) {
    auto name = model::ContainerName::parse(word);
    if (is_free(name)) free.push_back(std::move(name));
  }
  if (!free.empty()) return free[random_below(free.size())];

  // The range grows, so that a free name is found soon, however many are taken.
  constexpr std::uint64_t kLargest = 1'000'000'000;
  for (std::uint64_t range = 100; range <= kLargest; range *= 10) {
    for (int attempt = 0; attempt < 10; ++attempt) {
      const std::string word(kWords[random_below(kWords.size())]);
      auto name = model::ContainerName::parse(word + "-" + std::to_string(2 + random_below(range)));
      if (is_free(name)) return name;
    }
  }
  throw Error(Errc::kLimitExceeded, "no free name was found for the container; give it one");
}

std::span<const std::string_view> name_words() { return kWords; }

}  // namespace sdme::store
