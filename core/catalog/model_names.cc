#include "core/catalog/model_names.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/formats/format_ids.h"

namespace plimsoll {
namespace {

constexpr size_t kLongestName = 512;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Parts of a name between "-", "_", " " and "/", in lower case. A "_" between digits is how repositories
// spell a point.
std::vector<std::string> Tokens(std::string_view name) {
  std::vector<std::string> tokens(1);
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool between_digits = i > 0 && i + 1 < name.size() && IsDigit(name[i - 1]) && IsDigit(name[i + 1]);
    if (c == '_' && between_digits) {
      tokens.back() += '.';
    } else if (c == '-' || c == '_' || c == ' ' || c == '/' || c == ':') {
      if (!tokens.back().empty()) tokens.emplace_back();
    } else {
      tokens.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (tokens.back().empty()) tokens.pop_back();
  return tokens;
}

// What publishers call formats, the longest spelling first. Words are separated as Tokens() does.
struct FormatWord {
  std::string_view words, format;
};
constexpr FormatWord kFormatWords[] = {
    {"fp8-block", "fp8-block"},
    {"fp8-dynamic", "fp8"},
    {"fp8-static-pertensor", "fp8"},
    {"gptq-int8", "gptq-int8"},
    {"gptq-8bit", "gptq-int8"},
    {"gptq-int4", "gptq-int4"},
    {"gptq-4bit", "gptq-int4"},
    {"int4-gptq", "gptq-int4"},
    {"gptq", "gptq-int4"},
    {"awq-int4", "awq-int4"},
    {"awq-4bit", "awq-int4"},
    {"int4-awq", "awq-int4"},
    {"awq", "awq-int4"},
    {"bnb-4bit", "bnb-nf4"},
    {"bnb-nf4", "bnb-nf4"},
    {"bnb-8bit", "bnb-int8"},
    {"bnb-int8", "bnb-int8"},
    {"quantized.w4a16", "w4a16"},
    {"w4a16", "w4a16"},
    {"quantized.w8a8", "int8"},
    {"w8a8", "int8"},
    {"int8", "int8"},
    {"nvfp4", "nvfp4"},
    {"fp4", "nvfp4"},
    {"mxfp4", "mxfp4"},
    {"fp8", "fp8"},
    {"bf16", "bf16"},
    {"fp16", "fp16"},
    {"fp32", "fp32"},
};

// What says nothing about a model's shape: stages of training, dates, who packed it.
bool IsNeutral(const std::string& token) {
  constexpr std::string_view kWords[] = {"instruct", "it",   "chat", "hf",  "base",    "thinking", "gguf",
                                         "meta",     "text", "ud",   "qat", "pt",      "preview",  "latest",
                                         "nvidia",   "mtp",  "v1",   "i1",  "imatrix", "original"};
  for (const std::string_view word : kWords) {
    if (token == word) return true;
  }
  // 2507, 0324, 2501: months of release.
  return token.size() == 4 && std::all_of(token.begin(), token.end(), IsDigit);
}

// "a3b": active parameters.
bool IsActiveSize(const std::string& token) {
  return token.size() >= 3 && token[0] == 'a' && token.back() == 'b' &&
         std::all_of(token.begin() + 1, token.end() - 1, [](char c) { return IsDigit(c) || c == '.'; });
}

// "671b" of a model with 671 billion parameters.
bool IsTotalSize(const std::string& token, const Model& model) {
  const int64_t total = model.published_total > 0 ? model.published_total : model.parameters().total;
  if (token.size() < 2 || token.back() != 'b' || total <= 0) return false;
  double size = 0;
  for (size_t i = 0; i + 1 < token.size(); ++i) {
    if (!IsDigit(token[i]) || i > 5) return false;
    size = size * 10 + (token[i] - '0');
  }
  return std::fabs(size - static_cast<double>(total) / 1e9) < 0.6;
}

std::string Joined(const std::vector<std::string>& tokens, bool skip_neutral, bool skip_active,
                   const Model* skip_total = nullptr) {
  std::string key;
  for (const std::string& token : tokens) {
    if (skip_neutral && IsNeutral(token)) continue;
    if (skip_active && IsActiveSize(token)) continue;
    if (skip_total != nullptr && IsTotalSize(token, *skip_total)) continue;
    key += token;
  }
  return key;
}

std::string_view LastPart(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

bool EndsWithWord(std::string_view name, std::string_view word) {
  if (!name.ends_with(word)) return false;
  if (name.size() == word.size()) return true;
  const char before = name[name.size() - word.size() - 1];
  return before == '-' || before == '.' || before == '_' || before == ':' || before == '/';
}

struct FoundFormat {
  std::string id;
  size_t cut = 0;  // characters of the name before it
  bool near = false;
};

// GGUF types beside the ones of llama-quantize: publishers' mixes, read as the nearest type.
struct NearType {
  std::string_view word, type;
};
constexpr NearType kNearTypes[] = {{"q2_k_xl", "q2_k"},   {"q3_k_xl", "q3_k_l"},  {"q4_k_xl", "q4_k_m"},
                                   {"q5_k_xl", "q5_k_m"}, {"q6_k_xl", "q6_k"},    {"q8_k_xl", "q8_0"},
                                   {"q4_k_l", "q4_k_m"},  {"q5_k_l", "q5_k_m"},   {"q6_k_l", "q6_k"},
                                   {"q2_k_l", "q2_k"},    {"q3_k_xxl", "q3_k_l"}, {"mxfp4", "mxfp4_moe"}};
constexpr NearType kSameTypes[] = {{"f16", "f16"},     {"fp16", "f16"},    {"bf16", "bf16"},  {"f32", "f32"},
                                   {"q3_k", "q3_k_m"}, {"q4_k", "q4_k_m"}, {"q5_k", "q5_k_m"}};

// `name` in lower case, without ".gguf" and part numbers. The longest spelling that it ends with wins.
FoundFormat GgufAtEnd(std::string_view name) {
  FoundFormat found;
  size_t longest = 0;
  const auto take = [&](std::string_view word, std::string_view type, bool near) {
    if (word.size() <= longest || !EndsWithWord(name, word)) return;
    longest = word.size();
    found = {"gguf-" + std::string(type), name.size() - word.size(), near};
  };
  constexpr std::string_view kPrefix = "gguf-";
  for (const std::string_view id : FormatIds()) {
    if (id.starts_with(kPrefix)) take(id.substr(kPrefix.size()), id.substr(kPrefix.size()), false);
  }
  for (const NearType& row : kNearTypes) take(row.word, row.type, row.word != "mxfp4");
  for (const NearType& row : kSameTypes) take(row.word, row.type, false);
  if (found.id == "gguf-f16" || found.id == "gguf-bf16" || found.id == "gguf-f32") {
    const bool known = std::find(FormatIds().begin(), FormatIds().end(), found.id) != FormatIds().end();
    if (!known) found.id = found.id == "gguf-f32" ? "fp32" : found.id == "gguf-f16" ? "fp16" : "bf16";
  }
  return found;
}

// Without ".gguf" and "-00001-of-00003".
std::string_view WithoutFileEnding(std::string_view name) {
  for (const std::string_view ending : {".gguf", ".safetensors", ".ggml"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  const size_t of = name.rfind("-of-");
  if (of == std::string_view::npos || of < 6) return name;
  const std::string_view after = name.substr(of + 4);
  const bool numbered = !after.empty() && std::all_of(after.begin(), after.end(), IsDigit) &&
                        IsDigit(name[of - 1]) && name[of - 6] == '-';
  return numbered ? name.substr(0, of - 6) : name;
}

// A model's name without its format, and the format.
struct NameParts {
  std::vector<std::string> tokens;
  std::string format;
  bool near_format = false;
};

// Words of a format anywhere among the tokens: taken out.
void TakeFormatWords(NameParts* parts) {
  std::vector<std::string>& tokens = parts->tokens;
  for (const FormatWord& row : kFormatWords) {
    const std::string_view first = row.words.substr(0, row.words.find('-'));
    if (std::find(tokens.begin(), tokens.end(), first) == tokens.end()) continue;
    const std::vector<std::string> words = Tokens(row.words);
    const auto at = std::search(tokens.begin(), tokens.end(), words.begin(), words.end());
    if (at == tokens.end()) continue;
    tokens.erase(at, at + static_cast<std::ptrdiff_t>(words.size()));
    if (parts->format.empty()) parts->format = std::string(row.format);
  }
}

// Types whose names other formats have, too.
bool IsSharedType(std::string_view id) {
  for (const std::string_view one : {"fp16", "bf16", "fp32", "gguf-f16", "gguf-bf16", "gguf-f32",
                                     "gguf-mxfp4_moe", "gguf-nvfp4", "gguf-mxfp4"}) {
    if (id == one) return true;
  }
  return false;
}

NameParts Split(std::string_view name) {
  const std::string lower = Lower(name);
  const std::string_view plain = WithoutFileEnding(lower);
  const bool gguf = plain.size() < lower.size() || lower.find("gguf") != std::string::npos ||
                    lower.find(':') != std::string::npos;
  NameParts parts;
  FoundFormat found = GgufAtEnd(plain);
  if (found.id.empty() || (!gguf && IsSharedType(found.id))) {
    parts.tokens = Tokens(plain);
  } else {
    std::string_view before = plain.substr(0, found.cut);
    while (before.ends_with(".")) before.remove_suffix(1);  // "llama-2-13b.Q4_0"
    parts.tokens = Tokens(before);
    parts.format = std::move(found.id);
    parts.near_format = found.near;
  }
  TakeFormatWords(&parts);
  return parts;
}

// How well a model's name fits: higher is better; 0: not at all.
int MatchOf(const NameParts& parts, const std::vector<std::string>& own, const Model& model) {
  const std::string whole = Joined(parts.tokens, false, false);
  if (whole.empty()) return 0;
  if (whole == Joined(own, false, false)) return 4;
  const std::string key = Joined(parts.tokens, true, false);
  if (key.empty()) return 0;
  if (key == Joined(own, true, false)) return 3;
  if (key == Joined(own, true, true)) return 2;
  // A size that the model's own name leaves out; one that it has must be the same.
  if (Joined(parts.tokens, true, true, &model) == Joined(own, true, true)) return 1;
  return 0;
}

const Model* BestMatch(const Catalog& catalog, const NameParts& parts) {
  const Model* best = nullptr;
  int best_match = 0;
  for (const Model& model : catalog.models()) {
    int match = 0;
    for (const std::string_view own :
         {std::string_view(model.id), std::string_view(model.name), LastPart(model.hf_repo)}) {
      NameParts own_parts;
      own_parts.tokens = Tokens(own);
      TakeFormatWords(&own_parts);
      match = std::max(match, MatchOf(parts, own_parts.tokens, model));
    }
    for (const Checkpoint& checkpoint : model.checkpoints()) {
      const NameParts own = Split(LastPart(checkpoint.repo));
      // Some list a close relative's repository; a model's own name goes before.
      match = std::max(match, std::min(2, MatchOf(parts, own.tokens, model)));
    }
    if (match > best_match) {
      best = &model;
      best_match = match;
    }
  }
  return best;
}

std::optional<NamedModel> ByCatalog(const Catalog& catalog, std::string_view name) {
  const std::string lower = Lower(name);
  for (const Model& model : catalog.models()) {
    if (model.id == lower || Lower(model.hf_repo) == lower || Lower(model.name) == lower)
      return NamedModel{&model, "", nullptr, true};
  }
  for (const Model& model : catalog.models()) {
    for (const Checkpoint& checkpoint : model.checkpoints()) {
      if (Lower(checkpoint.repo) != lower) continue;
      return NamedModel{&model, checkpoint.format.id, &checkpoint, true};
    }
  }
  return std::nullopt;
}

// "…/models--Org--Name/snapshots/…" of a cache.
std::string CachedRepository(std::string_view name) {
  constexpr std::string_view kMark = "models--";
  const size_t at = name.find(kMark);
  if (at == std::string_view::npos) return {};
  std::string_view folder = name.substr(at + kMark.size());
  folder = folder.substr(0, folder.find('/'));
  const size_t gap = folder.find("--");
  if (gap == std::string_view::npos) return {};
  return std::string(folder.substr(0, gap)) + "/" + std::string(folder.substr(gap + 2));
}

bool IsNamePart(std::string_view part) {
  return !part.empty() && part.size() <= 96 && part != "." && part != ".." &&
         std::all_of(part.begin(), part.end(), [](char c) {
           return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
                  c == '.';
         });
}

// Behind the address of a hub; empty: there is none.
std::string_view BehindHub(std::string_view name) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (name.starts_with(scheme)) name.remove_prefix(scheme.size());
  }
  for (const std::string_view host : {"huggingface.co/", "www.huggingface.co/", "hf.co/", "hf-mirror.com/",
                                      "hf://", "modelscope.cn/models/", "www.modelscope.cn/models/"}) {
    if (name.starts_with(host)) return name.substr(host.size());
  }
  return {};
}

}  // namespace

std::string HubRepository(std::string_view name) {
  if (name.size() > kLongestName) return {};
  std::string cached = CachedRepository(name);
  if (!cached.empty()) return cached;
  const std::string_view behind = BehindHub(name);
  if (behind.empty() && name.find("://") != std::string_view::npos) return {};
  std::string_view path = behind.empty() ? name : behind;
  path = path.substr(0, path.find_first_of("?#:"));
  const std::vector<std::string_view> parts = SplitAt(path, '/');
  const bool long_enough = behind.empty() ? parts.size() == 2 : parts.size() >= 2;
  if (!long_enough || !IsNamePart(parts[0]) || !IsNamePart(parts[1])) return {};
  return std::string(parts[0]) + "/" + std::string(parts[1]);
}

std::string FormatInName(std::string_view name) {
  return name.size() > kLongestName ? std::string() : Split(LastPart(name)).format;
}

std::optional<NamedModel> FindModelNamed(const Catalog& catalog, std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return std::nullopt;
  std::string windows;
  if (name.find('\\') != std::string_view::npos) {
    windows = std::string(name);
    std::replace(windows.begin(), windows.end(), '\\', '/');
    name = windows;
  }
  while (name.size() > 1 && name.back() == '/') name.remove_suffix(1);
  if (std::optional<NamedModel> found = ByCatalog(catalog, name)) return found;
  const std::string repository = HubRepository(name);
  // A file or a tag behind a repository says the format.
  const std::string told = FormatInName(name);
  if (!repository.empty()) {
    if (std::optional<NamedModel> found = ByCatalog(catalog, repository)) {
      if (!told.empty() && told != found->format) {
        found->exact = found->checkpoint == nullptr ? found->exact : false;
        found->format = told;
        found->checkpoint = nullptr;
      }
      return found;
    }
  }
  // The file, and where it does not tell the model, its folders from the innermost out.
  std::vector<std::string_view> parts = SplitAt(name, '/');
  if (!repository.empty()) parts.insert(parts.begin(), LastPart(repository));
  std::string format;
  bool near_format = false;
  for (size_t i = parts.size(); i-- > 0;) {
    const NameParts split = Split(parts[i]);
    if (format.empty()) {
      format = split.format;
      near_format = split.near_format;
    }
    const Model* model = BestMatch(catalog, split);
    if (model == nullptr && i > 0 && parts[i].find(':') != std::string_view::npos) {
      // "Org/Repo:TAG": the tag alone is a format.
      const NameParts base = Split(parts[i].substr(0, parts[i].find(':')));
      model = BestMatch(catalog, base);
    }
    if (model != nullptr) return NamedModel{model, format, nullptr, false, near_format};
  }
  return std::nullopt;
}

Diagnostic ModelByWords(std::string_view name, const NamedModel& named) {
  std::string message =
      Quoted(name) + " is taken for " + named.model->name + " (" + named.model->hf_repo + ")";
  if (!named.format.empty()) message += " in " + named.format;
  message += ", by the words of its name.";
  // 22 of the 27 configurations of theirs that were read ask for one; which do cannot be told from a name.
  const bool may_ask =
      Lower(name).starts_with("nvidia/") && (named.format == "nvfp4" || named.format == "fp8");
  if (may_ask) {
    message +=
        " Whether it asks for an fp8 KV cache (kv_cache_quant_algo), as most of NVIDIA's do, is not known.";
  }
  return {"model_by_name", Severity::kInfo, std::move(message),
          may_ask
              ? "The repository's own config.json says it exactly; kv_cache_dtype fp8 is what most ask for."
              : "The repository's own config.json or GGUF header says it exactly."};
}

const WeightFormat* FindFormatNamed(const Catalog& catalog, std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return nullptr;
  const std::string lower = Lower(name);
  if (const WeightFormat* format = catalog.FindFormat(lower)) return format;
  if (const WeightFormat* format = catalog.FindFormat("gguf-" + lower)) return format;
  const NameParts parts = Split("x-" + lower);
  return parts.tokens.size() == 1 && !parts.near_format ? catalog.FindFormat(parts.format) : nullptr;
}

std::string RepositoryOf(const Model& model, std::string_view format_id) {
  if (format_id.empty() || format_id == model.native_format) return model.hf_repo;
  const Checkpoint* checkpoint = model.FindCheckpoint(format_id);
  return checkpoint != nullptr ? checkpoint->repo : std::string();
}

}  // namespace plimsoll
