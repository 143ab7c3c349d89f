#include "core/check/claim.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/arch/kv_cache.h"
#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/resolve/resolved.h"

namespace plimsoll {
namespace {

constexpr size_t kLongestClaim = 300;
constexpr double kRight = 0.05;     // a number that is off by less is right, as people round
constexpr double kMistaken = 0.07;  // how near a mistake's number has to be

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

// "70B", "8x7B": how many parameters a name that says nothing else has, in thousand millions.
double ParametersIn(const std::string& word) {
  size_t length = 0;
  const double number = ReadDecimal(word, &length);
  return length > 0 && Lower(word.substr(length)) == "b" && number > 0 ? number : 0;
}

// The dense model that a bare size stands for: one whose parameters are near.
const Model* StandIn(const Catalog& catalog, double billions) {
  const Model* best = nullptr;
  double nearest = 0.05;
  for (const Model& model : catalog.models()) {
    if (model.refused() || model.parameters().active != model.parameters().total) continue;
    const double off = std::fabs(static_cast<double>(model.parameters().total) / 1e9 / billions - 1);
    // Of those that are as near, the one with the plainest name.
    const bool plainer = best != nullptr && off < nearest + 0.01 && model.id.size() < best->id.size();
    if (off >= nearest && !plainer) continue;
    nearest = std::min(off, nearest);
    best = &model;
  }
  return best;
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

// Models whose names are near to one that nobody has, nearest first.
std::string NearModels(const Catalog& catalog, const std::string& name) {
  const std::string asked = Lower(name);
  std::vector<std::pair<int, const Model*>> near;
  for (const Model& model : catalog.models()) {
    if (!model.refused()) near.emplace_back(EditDistance(asked, Lower(model.name)), &model);
  }
  constexpr size_t kMostNear = 3;
  const size_t count = std::min(kMostNear, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first < b.first : a.second->name < b.second->name;
                    });
  std::vector<std::string_view> names;
  for (size_t i = 0; i < count; ++i) names.push_back(near[i].second->name);
  return ListText(names, "or");
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
    if (billions > 0 && at > 0 && IsName((*words)[at - 1])) {
      claim->unknown_model = (*words)[at - 1] + " " + (*words)[at];
      return nullptr;
    }
    const Model* model = billions > 0 ? StandIn(catalog, billions) : nullptr;
    if (model == nullptr) continue;
    claim->model_text = (*words)[at];
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
void TakeCards(const std::vector<std::string>& words, const Catalog& catalog, Config* config) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (!Is(words[i], {"on", "onto", "in", "into", "a", "an", "my", "one"})) continue;
    size_t at = i + 1;
    int64_t count = 1;
    if (Is(words[at], {"a", "an", "one", "single"})) ++at;
    if (at < words.size() && Is(words[at], {"single"})) ++at;
    constexpr std::pair<std::string_view, int64_t> kNumbers[] = {
        {"two", 2}, {"2", 2},  {"2x", 2},    {"3x", 3}, {"three", 3}, {"four", 4},
        {"4", 4},   {"4x", 4}, {"eight", 8}, {"8", 8},  {"8x", 8}};
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
      return;
    }
  }
}

// A card that is sold with so much memory, for "fits in 24 GB".
const Gpu* CardOfSize(const Catalog& catalog, double gigabytes) {
  const Gpu* best = nullptr;
  for (const Gpu& gpu : catalog.gpus()) {
    if (gpu.memory_gb != gigabytes || gpu.vendor != Vendor::kNvidia) continue;
    if (best == nullptr || gpu.bandwidth > best->bandwidth) best = &gpu;
  }
  return best;
}

// ---- mistakes ---------------------------------------------------------------------------------------------

struct Mistake {
  double bytes;
  std::string code, sentence;
};

bool Near(double said, double number) { return number > 0 && std::fabs(said / number - 1) <= kMistaken; }

// The digit in a format's name: Q4_K_M, AWQ int4, fp8.
double BitsInName(const WeightFormat& format) {
  for (size_t i = 0; i + 1 < format.id.size(); ++i) {
    const char digit = format.id[i + 1];
    const bool named =
        std::string_view("qtpw").find(format.id[i]) != std::string_view::npos && digit >= '1' && digit <= '8';
    if (named) return digit == '1' ? 16 : digit - '0';
  }
  return 0;
}

std::vector<Mistake> WeightMistakes(const Resolved& resolved, const Report& report) {
  std::vector<Mistake> mistakes;
  const double total = static_cast<double>(report.weights.total_params),
               active = static_cast<double>(report.weights.active_params);
  const double bits = report.weights.bits_per_weight;
  const double right = static_cast<double>(report.weights.checkpoint.count());
  const double named = BitsInName(*resolved.format);
  if (active > 0 && active < 0.9 * total) {
    const std::string text = "That is what the " + ParametersText(static_cast<int64_t>(active)) +
                             " active parameters take; all " + ParametersText(static_cast<int64_t>(total)) +
                             " have to be in memory.";
    mistakes.push_back({active * bits / 8, "active_parameters", text});
    if (named > 0) mistakes.push_back({active * named / 8, "active_parameters", text});
  }
  mistakes.push_back(
      {right / 1.073741824, "gb_and_gib",
       "That is the number in GiB: " + SizeText(Bytes(static_cast<int64_t>(right)), SizeUnits::kDecimal) +
           " are " + SizeText(Bytes(static_cast<int64_t>(right))) + "."});
  mistakes.push_back({right * 1.073741824, "gb_and_gib",
                      "That takes the number in GB for GiB: " + SizeText(Bytes(static_cast<int64_t>(right))) +
                          " are " + SizeText(Bytes(static_cast<int64_t>(right)), SizeUnits::kDecimal) + "."});
  if (named > 0 && named < bits * 0.97) {
    mistakes.push_back({total * named / 8, "name_of_the_codebook",
                        "That takes " + resolved.format->id + " for " + DecimalText(named, 0) +
                            " bits per weight; with scales and what stays in more bits it is " +
                            DecimalText(bits, 2) + "."});
  }
  if (bits < 15) {
    mistakes.push_back({total * 2, "sixteen_bits",
                        "That is the size in 16 bits; in " + resolved.format->id + " a weight takes " +
                            DecimalText(bits, 2) + "."});
    if (bits < 6)
      mistakes.push_back({total * 2 / 8, "bits_for_bytes",
                          "That divides the size in 16 bits by eight; four bits are a quarter of it."});
  } else {
    mistakes.push_back({total, "bytes_of_a_weight",
                        "That takes a byte for each weight; in " + resolved.format->id + " each takes " +
                            DecimalText(bits / 8, 1) + "."});
    mistakes.push_back({total * 4, "bytes_of_a_weight",
                        "That takes four bytes for each weight; in " + resolved.format->id + " each takes " +
                            DecimalText(bits / 8, 1) + "."});
  }
  return mistakes;
}

// `right` is what a sequence keeps, or a token.
std::vector<Mistake> CacheMistakes(const Resolved& resolved, const Report& report, bool per_token) {
  std::vector<Mistake> mistakes;
  const double right =
      static_cast<double>((per_token ? report.kv.per_token : report.kv.per_sequence).count());
  const Architecture& architecture = *resolved.architecture;
  if (architecture.groups.empty()) return mistakes;
  const Attention& attention = architecture.groups.front().shape.attention;
  const double heads = static_cast<double>(attention.heads),
               kv_heads = static_cast<double>(attention.kv_heads);
  const double layers = static_cast<double>(architecture.layers);
  if (kv_heads > 0 && heads > kv_heads) {
    mistakes.push_back({right * heads / kv_heads, "heads_for_kv_heads",
                        "That counts all " + CountText(attention.heads) + " heads; keys and values have " +
                            CountText(attention.kv_heads) + "."});
  }
  if (layers > 1)
    mistakes.push_back({right / layers, "one_layer",
                        "That is the cache of one layer; there are " + CountText(architecture.layers) + "."});
  mistakes.push_back({right / 2, "keys_alone", "That is half: keys and values are both kept."});
  mistakes.push_back({right * 2, "twice", "That is twice what 16 bits take."});
  const double everywhere =
      static_cast<double>(report.kv.per_token.count()) * static_cast<double>(resolved.max_model_len);
  if (!per_token && everywhere > 0 && std::fabs(everywhere / right - 1) > 0.1) {
    mistakes.push_back(
        {everywhere, "windows", "That keeps every token in every layer; some have a window or no cache."});
  }
  mistakes.push_back({right / 1.073741824, "gb_and_gib", "That is the number in GiB."});
  return mistakes;
}

// ---- the answer -------------------------------------------------------------------------------------------

std::string In(Bytes bytes, bool binary) {
  return SizeText(bytes, binary ? SizeUnits::kBinary : SizeUnits::kDecimal);
}

void JudgeNumber(const Claim& claim, const Resolved& resolved, const Report& report, CheckResult* result) {
  const bool per_token = claim.kind == ClaimKind::kCachePerToken;
  const bool cache = claim.kind == ClaimKind::kCache || per_token;
  Bytes ours = per_token ? report.kv.per_token : cache ? report.kv.per_sequence : report.weights.checkpoint;
  std::string what = per_token ? "a token keeps "
                     : cache   ? "one sequence of " + CountText(resolved.max_model_len) + " tokens keeps "
                               : "its weights take ";
  if (claim.kind == ClaimKind::kTotal) {
    ours = report.weights.checkpoint + report.kv.per_sequence;
    what = "weights and one sequence of " + CountText(resolved.max_model_len) + " tokens take ";
  }
  const double said = static_cast<double>(claim.said.count()), right = static_cast<double>(ours.count());
  if (claim.kind == ClaimKind::kWeights) {
    result->measured.push_back({"checkpoint_bytes", said});
    result->predicted.push_back({"checkpoint_bytes", right});
  }
  const std::string name = resolved.model ? resolved.model->name : claim.model_text;
  const std::string subject = name + " in " + resolved.format->id + ": " + what + In(ours, claim.binary) +
                              " (" + In(ours, !claim.binary) + ").";
  if (right > 0 && std::fabs(said / right - 1) <= kRight) {
    result->problems.push_back({"claim_right", "", "Right. " + subject, "", Severity::kInfo});
    return;
  }
  const Bytes off = claim.said > ours ? claim.said - ours : ours - claim.said;
  std::string message =
      "Wrong: " + In(off, claim.binary) + (claim.said > ours ? " too much. " : " too little. ") + subject;
  const std::vector<Mistake> mistakes =
      cache ? CacheMistakes(resolved, report, per_token) : WeightMistakes(resolved, report);
  const Mistake* best = nullptr;
  for (const Mistake& mistake : mistakes) {
    if (!Near(said, mistake.bytes)) continue;
    if (best == nullptr || std::fabs(said / mistake.bytes - 1) < std::fabs(said / best->bytes - 1))
      best = &mistake;
  }
  result->problems.push_back({"claim_wrong", "", message, "", Severity::kError});
  if (best != nullptr) result->problems.push_back({best->code, "", best->sentence, "", Severity::kWarning});
}

// Fewer tokens are no use to anybody.
constexpr int64_t kLeastContext = 2048;

// "Runs on one card" says nothing of the context: it is true where some that is of use has room.
bool JudgeWithoutContext(const Claim& claim, const Resolved& resolved, const Report& report,
                         CheckResult* result) {
  const int64_t room = report.kv.max_model_len_that_fits;
  if (claim.config.max_model_len || report.fits() || room < kLeastContext || room >= resolved.max_model_len)
    return false;
  const std::string name = resolved.model ? resolved.model->name : claim.model_text;
  result->problems.push_back({claim.fits ? "claim_right" : "claim_wrong", "",
                              (claim.fits ? "Right" : "Wrong") + std::string(": ") + name + " in " +
                                  resolved.format->id + " fits with up to " + CountText(room) +
                                  " tokens of context; the model's own " + CountText(resolved.max_model_len) +
                                  " have no room.",
                              "Say the context, too: with it the answer is exact.",
                              claim.fits ? Severity::kInfo : Severity::kError});
  result->config.max_model_len = room;
  return true;
}

void JudgeFit(const Claim& claim, const Resolved& resolved, const Report& report, CheckResult* result) {
  if (JudgeWithoutContext(claim, resolved, report, result)) return;
  const bool right = report.fits() == claim.fits;
  result->problems.push_back(
      {right ? "claim_right" : "claim_wrong", "",
       (right ? "Right. " : "Wrong. ") + HeadlineText(resolved, report) + " " + DetailText(resolved, report),
       "", right ? Severity::kInfo : Severity::kError});
  if (right || report.fits()) return;
  // "70B in 4 bits is 35 GB": the number that people had in mind.
  const double total = static_cast<double>(report.weights.total_params),
               active = static_cast<double>(report.weights.active_params);
  const double room = static_cast<double>(claim.said.count());
  if (active < 0.9 * total && active * report.weights.bits_per_weight / 8 < room)
    result->problems.push_back({"active_parameters", "",
                                "Its " + ParametersText(static_cast<int64_t>(active)) +
                                    " active parameters would fit; all " +
                                    ParametersText(static_cast<int64_t>(total)) + " have to be in memory.",
                                "", Severity::kWarning});
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
    if (Is(words[i], {"takes", "take",     "needs", "need",  "requires", "require", "uses",
                      "use",   "weighs",   "is",    "are",   "=",        ":",       "->",
                      "=>",    "occupies", "costs", "wants", "has",      "eats",    "consumes"}))
      verb = std::min(verb, i);
  }
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
  TakeCards(words, catalog, &claim.config);
  std::vector<std::string> rest = words;
  const Model* model = TakeModel(&rest, catalog, &claim);
  // "Qwen3 32B Q4 on a 4090": whether it fits is what is meant.
  if (verb == words_said) {
    const bool card = std::any_of(words.begin(), words.end(), [](const std::string& word) {
      return Is(word, {"card", "gpu", "vram", "graphics"});
    });
    fits = !claim.config.gpu.empty() || (size && card);
    if (!fits) return std::nullopt;
  }
  const bool about = size || (fits && !claim.config.gpu.empty());
  if (model == nullptr && !claim.unknown_model.empty() && about) return claim;
  if (model == nullptr || (!size && !(fits && !claim.config.gpu.empty()))) return std::nullopt;
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
  if (fits) {
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

std::optional<Result<CheckResult>> ReadClaimText(std::string_view text, const Catalog& catalog) {
  const std::optional<Claim> claim = ReadClaim(text, catalog);
  if (!claim) return std::nullopt;
  CheckResult result;
  result.kind = CheckKind::kClaim;
  result.what = "claim";
  if (!claim->unknown_model.empty()) {
    result.not_understood.push_back(claim->unknown_model);
    result.problems.push_back(
        {"model_unknown", "", Quoted(claim->unknown_model) + " is no model that the catalog knows.",
         "Is " + NearModels(catalog, claim->unknown_model) + " meant?", Severity::kError});
    return Result<CheckResult>(std::move(result));
  }
  result.config = claim->config;
  const Result<Resolved> resolved = Settle(result.config, catalog);
  if (!resolved.ok()) return Result<CheckResult>(resolved.error());
  const Report report = EstimateResolved(*resolved);
  // A number of its own needs no card; whether it fits does.
  result.answered = !result.config.gpu.empty() || !result.config.gpu_memory_mib.empty();
  ReadItem item;
  item.text = claim->model_text;
  item.value = claim->config.model;
  item.key = "model";
  item.effect = ReadEffect::kKey;
  if (claim->stand_in) item.note = "No model is named: " + resolved->model->name + " stands for that size.";
  result.understood.push_back(std::move(item));
  if (claim->kind == ClaimKind::kFits) {
    JudgeFit(*claim, *resolved, report, &result);
  } else {
    JudgeNumber(*claim, *resolved, report, &result);
  }
  return result;
}

}  // namespace plimsoll
