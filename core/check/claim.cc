#include "core/check/claim.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/check/stand_in.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/resolve/resolved.h"

namespace plimsoll {
namespace {

constexpr size_t kLongestClaim = 300;

// "KB/token" is two words, and "Qwen3 32B AWQ: 19 GB" says "takes".
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view word : SplitAt(text, ' ')) {
    const size_t slash = word.find("/tok");
    if (slash != std::string_view::npos && slash > 0) {
      words.emplace_back(word.substr(0, slash));
      word = "per-token";
    }
    const bool says = word.size() > 1 && word.back() == ':';
    if (says) word.remove_suffix(1);
    while (!word.empty() && std::string_view(",;!?\"'()").find(word.back()) != std::string_view::npos)
      word.remove_suffix(1);
    while (!word.empty() && std::string_view("\"'(~≈").find(word.front()) != std::string_view::npos)
      word.remove_prefix(1);
    if (word.size() > 1 && word.back() == '.') word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
    if (says) words.emplace_back(":");
  }
  return words;
}

bool Is(const std::string& word, std::initializer_list<std::string_view> names) {
  const std::string lower = Lower(word);
  return std::find(names.begin(), names.end(), lower) != names.end();
}

// "17GB", or "17" before "GB".
struct Size {
  double number = 0;
  bool binary = false;
  Bytes bytes;
};
std::optional<Size> ReadSize(const std::vector<std::string>& words, size_t at, size_t* used) {
  size_t length = 0;
  const double number = ReadDecimal(words[at], &length);
  if (length == 0 || !(number > 0) || number > 1e6) return std::nullopt;
  std::string unit = words[at].substr(length);
  *used = 1;
  if (unit.empty() && at + 1 < words.size()) {
    unit = words[at + 1];
    *used = 2;
  }
  unit = Lower(unit);
  if (unit.starts_with('-')) unit = unit.substr(1);
  const double binary = unit == "gib"   ? 1073741824.0
                        : unit == "mib" ? 1048576.0
                        : unit == "tib" ? 1099511627776.0
                        : unit == "kib" ? 1024.0
                                        : 0;
  const double decimal = unit == "gb" || unit == "gigs" || unit == "gigabytes" || unit == "g" ? 1e9
                         : unit == "mb"                                                       ? 1e6
                         : unit == "kb"                                                       ? 1e3
                         : unit == "tb"                                                       ? 1e12
                                                                                              : 0;
  if (binary == 0 && decimal == 0) return std::nullopt;
  return Size{number, binary > 0, BytesFromDouble(number * std::max(binary, decimal) + 0.5)};
}

// Whether a word before a size is somebody's name for a model: "Foobar 12B", and not "a 12B", "run 12B".
bool IsName(const std::string& word) {
  const char first = word.empty() ? '\0' : word[0];
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  const bool plain =
      Is(word, {"a",       "an",    "the",   "any",  "is",     "are",  "i",     "it",        "my",
                "our",     "one",   "run",   "runs", "fit",    "fits", "can",   "does",      "do",
                "will",    "would", "of",    "for",  "in",     "on",   "with",  "and",       "or",
                "dense",   "moe",   "model", "llm",  "models", "most", "every", "what",      "that",
                "whether", "load",  "serve", "host", "cache",  "kv",   "full",  "quantized", "quantised",
                "typical", "think", "says",  "said"});
  return letter && word.size() > 2 && !plain && FormatInName(word).empty();
}

// The longest run of words that names a model; its words are taken out.
const Model* TakeModel(std::vector<std::string>* words, const Catalog& catalog, Claim* claim) {
  const size_t most = std::min<size_t>(words->size(), 7);
  for (size_t count = most; count > 0; --count) {
    for (size_t at = 0; at + count <= words->size(); ++at) {
      std::string name;
      for (size_t i = at; i < at + count; ++i) name += (i > at ? " " : "") + (*words)[i];
      const std::optional<NamedModel> named = FindModelNamed(catalog, name);
      if (!named) continue;
      claim->model_text = name;
      claim->config.model = named->model->id;
      if (!named->format.empty()) claim->config.format = Json(named->format);
      if (named->checkpoint != nullptr) claim->config.format = Json(named->checkpoint->repo);
      words->erase(words->begin() + static_cast<std::ptrdiff_t>(at),
                   words->begin() + static_cast<std::ptrdiff_t>(at + count));
      return named->model;
    }
  }
  for (size_t at = 0; at < words->size(); ++at) {
    const double billions = ParametersIn((*words)[at]);
    const Model* model = nullptr;
    std::string said = (*words)[at];
    if (at > 0 && IsName((*words)[at - 1])) {
      model = StandInOfFamily(catalog, (*words)[at - 1], said);
      said = (*words)[at - 1] + " " + said;
      if (model == nullptr && billions > 0) {
        claim->unknown_model = said;
        return nullptr;
      }
    } else {
      model = billions > 0 ? StandInOfSize(catalog, billions) : StandInOfFamily(catalog, "", said);
    }
    if (model == nullptr) continue;
    claim->model_text = said;
    claim->config.model = model->id;
    claim->stand_in = true;
    words->erase(words->begin() + static_cast<std::ptrdiff_t>(at));
    return model;
  }
  return nullptr;
}

void TakeFormat(const std::vector<std::string>& words, const Catalog& catalog, Config* config) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool bits = i + 1 < words.size() && Is(words[i + 1], {"bit", "bits"});
    if (Is(words[i], {"4bit", "4-bit", "int4"}) || (bits && words[i] == "4")) config->format = Json("w4a16");
    if (Is(words[i], {"8bit", "8-bit"}) || (bits && words[i] == "8")) config->format = Json("int8");
    if (Is(words[i], {"16bit", "16-bit", "half"}) || (bits && words[i] == "16"))
      config->format = Json("bf16");
    // "Q4" is what most files of it are.
    constexpr std::pair<std::string_view, std::string_view> kUsual[] = {
        {"q2", "gguf-q2_k"},   {"q3", "gguf-q3_k_m"}, {"q4", "gguf-q4_k_m"},
        {"q5", "gguf-q5_k_m"}, {"q6", "gguf-q6_k"},   {"q8", "gguf-q8_0"}};
    for (const auto& [word, id] : kUsual) {
      if (Lower(words[i]) == word) config->format = Json(id);
    }
    const WeightFormat* format = FindFormatNamed(catalog, words[i]);
    if (format == nullptr && i + 1 < words.size())
      format = FindFormatNamed(catalog, words[i] + "-" + words[i + 1]);
    if (format != nullptr) config->format = Json(format->id);
  }
  if (config->format.AsString().starts_with("gguf-")) config->engine = std::string(GgufEngine().traits().id);
}

// "32k context", "with 32k", "at 8192 tokens".
std::optional<int64_t> TakeContext(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::optional<int64_t> tokens = ReadTokens(words[i]);
    if (!tokens || *tokens < 128) continue;
    const char last = words[i].back();
    const bool told = i + 1 < words.size() && Is(words[i + 1], {"context", "tokens", "ctx", "token"});
    if (told || last == 'k' || last == 'K' || last == 'm' || last == 'M') return tokens;
  }
  return std::nullopt;
}

// "on a 4090", "on 2x RTX 3090": the cards named behind "on".
void TakeCards(std::vector<std::string>* said, const Catalog& catalog, Config* config) {
  std::vector<std::string>& words = *said;
  // Behind "on", or where the sentence begins: "4090 can run 70B".
  for (size_t i = 0; i <= words.size(); ++i) {
    const bool first = i == 0;
    if (!first &&
        !Is(words[i - 1], {"on", "onto", "in", "into", "a", "an", "my", "one", "needs", "need", "requires",
                           "require", "least", "takes", "wants", "is", "can", "will", "does"}))
      continue;
    size_t at = i;
    if (at >= words.size()) break;
    int64_t count = 1;
    if (Is(words[at], {"a", "an", "one", "single", "at", "least", "my", "two", "only"}) &&
        !Is(words[at], {"two"}))
      ++at;
    if (at < words.size() && Is(words[at], {"single"})) ++at;
    constexpr std::pair<std::string_view, int64_t> kNumbers[] = {
        {"two", 2}, {"2", 2},     {"2x", 2}, {"3x", 3}, {"three", 3}, {"four", 4}, {"4", 4},
        {"4x", 4},  {"eight", 8}, {"8", 8},  {"8x", 8}, {"16x", 16},  {"16", 16},  {"6x", 6}};
    for (const auto& [word, number] : kNumbers) {
      if (at < words.size() && Lower(words[at]) == word) {
        count = number;
        ++at;
        break;
      }
    }
    for (size_t length = std::min<size_t>(4, words.size() - std::min(at, words.size())); length > 0;
         --length) {
      std::string name;
      for (size_t k = at; k < at + length; ++k) name += (k > at ? " " : "") + words[k];
      if (name.ends_with('s') && FindGpuNamed(catalog, name) == nullptr) name.pop_back();
      const Gpu* gpu = FindGpuNamed(catalog, name);
      if (gpu == nullptr) continue;
      config->gpu = {gpu->id};
      if (count > 1) config->gpus = count;
      const auto from = words.begin() + static_cast<std::ptrdiff_t>(at);
      words.erase(from, from + static_cast<std::ptrdiff_t>(length));
      return;
    }
  }
}

// A card that is sold with so much memory, for "fits in 24 GB": one that people have at home where there is one, the
// fastest of those with the plainest name.
const Gpu* CardOfSize(const Catalog& catalog, double gigabytes) {
  const auto standing = [](const Gpu& gpu) {
    const bool home = gpu.id.starts_with("rtx-") && gpu.id.size() == 8;
    return std::pair(home, gpu.bandwidth);
  };
  const Gpu* best = nullptr;
  for (const Gpu& gpu : catalog.gpus()) {
    if (gpu.memory_gb != gigabytes || gpu.vendor != Vendor::kNvidia) continue;
    if (best == nullptr || standing(gpu) > standing(*best)) best = &gpu;
  }
  return best;
}

// "56B params", "56 billion parameters", "32 KV heads", "80 layers": taken out of the words.
void TakeFact(std::vector<std::string>* words, Claim* claim) {
  const auto at = [&](size_t i) { return i < words->size() ? Lower((*words)[i]) : std::string(); };
  for (size_t i = 0; i < words->size() && claim->fact == ClaimFact::kNone; ++i) {
    size_t length = 0, used = 1;
    const std::string word = Lower((*words)[i]);
    double number = ReadDecimal(word, &length);
    std::string unit = word.substr(length);
    if (length == 0 || !(number > 0) || number > 1e15) continue;
    if (unit.empty() && Is(at(i + 1), {"b", "billion", "bn", "m", "million", "t", "trillion"}))
      unit = at(i + used++);
    const double scale = unit == "b" || unit == "billion" || unit == "bn" ? 1e9
                         : unit == "m" || unit == "million"               ? 1e6
                         : unit == "t" || unit == "trillion"              ? 1e12
                                                                          : 1;
    const bool active = Is(at(i + used), {"active", "activated"});
    const size_t noun = i + used + (active ? 1 : 0);
    if (Is(at(noun), {"params", "parameters", "param", "parameter"})) {
      claim->fact = active ? ClaimFact::kActiveParameters : ClaimFact::kParameters;
      used = noun + 1 - i;
    } else if (scale == 1 && unit.empty() && Is(at(i + 1), {"kv", "key-value"}) && Is(at(i + 2), {"heads"})) {
      claim->fact = ClaimFact::kKvHeads;
      used = 3;
    } else if (scale == 1 && unit.empty() && Is(at(i + 1), {"layers", "heads", "kv-heads", "blocks"})) {
      const std::string what = at(i + 1);
      claim->fact = what == "heads"      ? ClaimFact::kHeads
                    : what == "kv-heads" ? ClaimFact::kKvHeads
                                         : ClaimFact::kLayers;
      used = 2;
    } else if (scale == 1 && unit.empty() && Is(at(i + 1), {"attention", "query"}) &&
               Is(at(i + 2), {"heads"})) {
      claim->fact = ClaimFact::kHeads;
      used = 3;
    } else {
      continue;
    }
    claim->number = number * scale;
    const auto from = words->begin() + static_cast<std::ptrdiff_t>(i);
    words->erase(from, from + static_cast<std::ptrdiff_t>(std::min(used, words->size() - i)));
  }
}

bool AsksHowMuch(const std::vector<std::string>& words) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (Is(words[i], {"how"}) && Is(words[i + 1], {"much", "many", "big", "large"})) return true;
  }
  return false;
}

// Memory of training is another thing than that of serving.
bool IsOfTraining(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return Is(word, {"qlora", "finetune", "fine-tune", "finetuning", "fine-tuning", "finetuned", "train",
                     "training"});
  });
}

}  // namespace

std::optional<Claim> ReadClaim(std::string_view text, const Catalog& catalog) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '.'))
    text.remove_suffix(1);
  if (text.empty() || text.size() > kLongestClaim || text.find('\n') != std::string_view::npos ||
      !IsUtf8(text))
    return std::nullopt;
  std::vector<std::string> words = WordsOf(text);
  Claim claim;
  claim.question =
      text.back() == '?' || (!words.empty() && Is(words[0], {"can", "does", "will", "could", "would", "is"}));
  for (const std::string& word : words) claim.product = std::max(claim.product, ProductIn(word));
  TakeFact(&words, &claim);
  const size_t words_said = words.size();
  size_t verb = words_said;
  bool negated = false, fits = false;
  for (size_t i = 0; i < words.size(); ++i) {
    negated = negated || Is(words[i], {"not", "doesn't", "don't", "won't", "cannot", "can't", "never",
                                       "doesnt", "wont"});
    if (Is(words[i], {"fits", "fit", "runs", "run", "enough", "load", "loads"})) {
      fits = true;
      verb = std::min(verb, i);
    }
    claim.needed = claim.needed || Is(words[i], {"needs", "need", "requires", "require"});
    if (Is(words[i], {"takes", "take",     "needs", "need",  "requires", "require", "uses",
                      "use",   "weighs",   "is",    "are",   "=",        ":",       "->",
                      "=>",    "occupies", "costs", "wants", "has",      "eats",    "consumes"}))
      verb = std::min(verb, i);
  }
  // "A100 80GB" is a card and no size.
  TakeCards(&words, catalog, &claim.config);
  std::optional<Size> size;
  for (size_t i = 0; i < words.size() && !size; ++i) {
    size_t used = 0;
    size = ReadSize(words, i, &used);
    if (size)
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                  words.begin() + static_cast<std::ptrdiff_t>(i + used));
  }
  for (const std::string& word : words) {
    if (Is(word, {"kv", "cache", "kv-cache"})) claim.kind = ClaimKind::kCache;
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const bool each = i > 0 && Is(words[i], {"token"}) && Is(words[i - 1], {"per", "a", "each", "every"});
    if (each || Is(words[i], {"per-token"})) claim.kind = ClaimKind::kCachePerToken;
  }
  if (const std::optional<int64_t> context = TakeContext(words)) claim.config.max_model_len = *context;
  std::vector<std::string> rest = words;
  const Model* model = TakeModel(&rest, catalog, &claim);
  const bool amount =
      !size && !fits && claim.config.gpu.empty() && claim.fact == ClaimFact::kNone && AsksHowMuch(words);
  if (amount && model != nullptr) {
    claim.kind = ClaimKind::kAmount;
    if (claim.config.format.is_null()) TakeFormat(rest, catalog, &claim.config);
    return claim;
  }
  // "Qwen3 32B Q4 on a 4090": whether it fits is what is meant.
  if (verb == words_said && claim.fact == ClaimFact::kNone) {
    const bool card = std::any_of(words.begin(), words.end(), [](const std::string& word) {
      return Is(word, {"card", "gpu", "vram", "graphics"});
    });
    fits = !claim.config.gpu.empty() || (size && card);
    if (!fits) return std::nullopt;
  }
  // "DeepSeek R1 needs 8 H200".
  fits = fits || (claim.needed && !size && !claim.config.gpu.empty());
  const bool fact = claim.fact != ClaimFact::kNone;
  claim.training = IsOfTraining(words);
  const bool about = size || fact || (fits && !claim.config.gpu.empty());
  if (model == nullptr && !claim.unknown_model.empty() && about) return claim;
  if (model == nullptr || (!size && !fact && !(fits && !claim.config.gpu.empty()))) return std::nullopt;
  claim.other_engine = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    const std::string lower = Lower(word);
    return std::any_of(Engines().begin(), Engines().end(),
                       [&](const Engine* engine) { return lower == Lower(engine->traits().name); });
  });
  if (claim.config.format.is_null()) TakeFormat(rest, catalog, &claim.config);
  // What was trained to be stored in four bits is published as Q4_0.
  const std::string named = Lower(claim.model_text);
  if (claim.config.format.is_null() && (named.ends_with("qat") || named.find("qat ") != std::string::npos))
    claim.config.format = Json("gguf-q4_0");
  if (claim.config.format.AsString().starts_with("gguf-"))
    claim.config.engine = std::string(GgufEngine().traits().id);
  if (size) {
    claim.said = size->bytes;
    claim.binary = size->binary;
  }
  if (fact) {
    claim.kind = ClaimKind::kFact;
    claim.config.gpu.clear();
  } else if (fits) {
    claim.kind = ClaimKind::kFits;
    claim.fits = !negated;
    if (claim.config.gpu.empty()) {
      // A card that is sold as so many GB has somewhat less to give.
      if (const Gpu* gpu = CardOfSize(catalog, size->number)) {
        claim.config.gpu = {gpu->id};
      } else {
        claim.config.gpu_memory_mib = {std::max(1.0, claim.said.mib())};
      }
    }
  } else if (claim.kind == ClaimKind::kWeights && claim.config.max_model_len) {
    claim.kind = ClaimKind::kTotal;
  }
  return claim;
}

}  // namespace plimsoll
