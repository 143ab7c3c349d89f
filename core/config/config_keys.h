// The one table of what a person can set: a row per key with its spellings, type, bounds, to whom it means
// something and how it is shown. The codecs (JSON, URL, flags), `--help`, the resolved configuration in a
// report, the options of the page and its form, and the remark about keys that an engine does not take all
// read it. A plain key is added in two places: struct Config and here.
//
// What a key comes to once it is resolved is not here: `Resolved` lives in a later room. Where an engine or
// a look-up decides, core/resolve/resolved_keys.cc names the member that holds it; every other key resolves
// to what was given.
//
// Keys are never renamed, reused or given another meaning: saved links and embeds depend on them.
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_KEYS_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_KEYS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"

namespace plimsoll {

constexpr int64_t kMaxCards = 4096;  // gpus x nodes, and the longest list of cards

enum class KeyType : uint8_t {
  kText,
  kInteger,
  kNumber,
  kSwitch,  // true or false
  kModel,   // id or object
  kFormat,  // id or object
  kGpuList,
  kNumberList,
  kKvTypes,
  kSpeculative,
  kSplitMode,
  kLora,
  kWorkload,
  kCalibration,
};

// To which engines a key means something (core/resolve/engine_traits.h says which engine is of which kind).
enum class KeyOwner : uint8_t {
  kEveryEngine,
  kPagedServer,  // servers that fill their share of a card with a paged cache
  kCardShare,    // of these, those whose share is one of the whole card
  kFreeShare,    // and those whose share is one of what is free at start
  kPeakShare,    // servers whose cache is a share of what is free at the peak
  kHostCache,    // of the servers above, those that keep in RAM what their cards forget
  kGgml,         // programs of llama.cpp
  kRanks,        // those that spread a model over ranks by degrees
  kBudgeted,     // those whose whole memory is modelled
};

// Under which heading it stands on the page.
enum class KeyGroup : uint8_t { kModel, kHardware, kLoad, kEngine, kMore };
constexpr std::array<std::string_view, 5> kKeyGroupNames = {"model", "hardware", "load", "engine", "more"};

// How it is asked for.
enum class KeyWidget : uint8_t {
  kNumber,
  kSwitch,
  kChoice,  // one of ConfigKey::choices
  kText,    // as a flag takes it
  kPicker,  // a list that comes from elsewhere: models, formats, cards, engines
  kForm,    // its members have fields of their own
};
constexpr std::array<std::string_view, 6> kKeyWidgetNames = {"number", "switch", "choice",
                                                             "text",   "picker", "form"};

// One of an enumerated key's values. The position is that of the enumerator.
struct KeyChoice {
  std::string_view id, label;
  KeyOwner only = KeyOwner::kEveryEngine;  // to whom it is offered
  KeyOwner but = KeyOwner::kEveryEngine;   // and to whom not; kEveryEngine: nobody is left out
};

inline constexpr std::array<KeyChoice, 17> kKvTypeChoices = {{
    {"auto", "Same as model"},
    {"fp16", "FP16"},
    {"bf16", "BF16"},
    {"fp8", "FP8", KeyOwner::kEveryEngine, KeyOwner::kGgml},
    {"q8_0", "Q8_0", KeyOwner::kGgml},
    {"q5_1", "Q5_1", KeyOwner::kGgml},
    {"q5_0", "Q5_0", KeyOwner::kGgml},
    {"q4_1", "Q4_1", KeyOwner::kGgml},
    {"q4_0", "Q4_0", KeyOwner::kGgml},
    {"fp32", "FP32", KeyOwner::kGgml},
    {"fp8_e4m3", "FP8 E4M3", KeyOwner::kPagedServer},
    {"fp8_e5m2", "FP8 E5M2", KeyOwner::kPagedServer},
    {"int8_per_token_head", "INT8 per token and head", KeyOwner::kCardShare},
    {"fp8_per_token_head", "FP8 per token and head", KeyOwner::kCardShare},
    {"int4_per_token_head", "INT4 per token and head", KeyOwner::kCardShare},
    {"nvfp4", "NVFP4", KeyOwner::kPagedServer},
    {"iq4_nl", "IQ4_NL", KeyOwner::kGgml},
}};
inline constexpr std::array<KeyChoice, 3> kSplitModeChoices = {
    {{"layer", "By layer"}, {"row", "By row"}, {"none", "One card"}}};

// A row of the table.
struct ConfigKey {
  std::string_view json;  // "max_model_len"; the flag is "--max-model-len"
  std::string_view url;   // "ctx"
  KeyOwner owner = KeyOwner::kEveryEngine;
  KeyGroup group = KeyGroup::kMore;
  std::string_view label;  // "Physical batch"
  std::string_view help;   // one sentence

  KeyType type = KeyType::kText;
  KeyWidget widget = KeyWidget::kText;
  double least = 0, most = 0;        // of numbers, both included; of text: `most` characters
  std::string_view minus_one = {};   // what -1 stands for, where it is taken though `least` is more: "all"
  std::string_view minus_word = {};  // what people write for it: "all"
  bool tokens = false;               // of whole numbers: counts tokens, which people write as 32k
  std::string_view accepted = {};  // of what has no bounds: "an engine's id"; of lists: what the numbers are
  std::string_view absent = {};    // what is shown where it resolves to nothing: "by share"
  char also_split_by = 0;          // of a list in text, beside the comma
  bool joins_lists = false;        // of text: a list of texts is read as one, joined by commas
  bool shown_inverted = false;     // of a switch: `label` names what it turns off
  const KeyChoice* choices = nullptr;
  int choice_count = 0;

  std::optional<int64_t> Config::*integer = nullptr;
  std::optional<double> Config::*number = nullptr;
  std::optional<bool> Config::*flag = nullptr;
  std::vector<double> Config::*numbers = nullptr;
  std::string Config::*text = nullptr;
};

// In the order of the contract and of every encoded link.
std::span<const ConfigKey> ConfigKeys();
const ConfigKey* FindConfigKey(std::string_view json_name);
const ConfigKey* FindUrlKey(std::string_view url_name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_KEYS_H_
