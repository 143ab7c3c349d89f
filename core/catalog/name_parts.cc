#include "core/catalog/name_parts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/formats/format_ids.h"

namespace plimsoll {
namespace {

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

// "671b": parameters in billions; negative: it is no size.
double BillionsIn(const std::string& token) {
  if (token.size() < 2 || token.size() > 7 || token.back() != 'b') return -1;
  double size = 0;
  for (size_t i = 0; i + 1 < token.size(); ++i) {
    if (!IsDigit(token[i])) return -1;
    size = size * 10 + (token[i] - '0');
  }
  return size;
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

// Words of a format anywhere among the tokens: taken out.
void TakeFormatWords(NameParts* parts) {
  std::vector<std::string>& tokens = parts->words;
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

}  // namespace

NameParts SplitName(std::string_view name) {
  const std::string lower = Lower(name);
  const std::string_view plain = WithoutFileEnding(lower);
  const bool gguf = plain.size() < lower.size() || lower.find("gguf") != std::string::npos ||
                    lower.find(':') != std::string::npos;
  NameParts parts;
  FoundFormat found = GgufAtEnd(plain);
  if (found.id.empty() || (!gguf && IsSharedType(found.id))) {
    parts.words = Tokens(plain);
  } else {
    std::string_view before = plain.substr(0, found.cut);
    while (before.ends_with(".")) before.remove_suffix(1);  // "llama-2-13b.Q4_0"
    parts.words = Tokens(before);
    parts.format = std::move(found.id);
    parts.near_format = found.near;
  }
  TakeFormatWords(&parts);
  return parts;
}

NameParts SplitTitle(std::string_view name) {
  NameParts parts;
  parts.words = Tokens(name);
  TakeFormatWords(&parts);
  return parts;
}

NameKeys KeysOf(const NameParts& parts) {
  NameKeys keys;
  for (const std::string& word : parts.words) {
    keys.whole += word;
    if (IsNeutral(word)) continue;
    keys.plain += word;
    if (IsActiveSize(word)) continue;
    keys.core += word;
    keys.sized = keys.sized || BillionsIn(word) >= 0;
  }
  return keys;
}

std::string CoreWithout(int64_t parameters, const NameParts& parts) {
  const double billions = static_cast<double>(parameters) / 1e9;
  std::string core;
  for (const std::string& word : parts.words) {
    const double size = BillionsIn(word);
    const bool own = parameters > 0 && size >= 0 && std::fabs(size - billions) < 0.6;
    if (!IsNeutral(word) && !IsActiveSize(word) && !own) core += word;
  }
  return core;
}

std::string_view LastPart(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

}  // namespace plimsoll
