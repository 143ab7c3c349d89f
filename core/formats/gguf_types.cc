#include "core/formats/gguf_types.h"

namespace plimsoll {
namespace {

// ggml_type ids: ggml/include/ggml.h. Block sizes: the static_asserts of ggml/src/ggml-common.h.
constexpr GgmlTypeInfo kTypes[kGgmlTypes] = {
    {"F32", 0, 1, 4},        {"F16", 1, 1, 2},         {"BF16", 30, 1, 2},       {"Q4_0", 2, 32, 18},
    {"Q4_1", 3, 32, 20},     {"Q5_0", 6, 32, 22},      {"Q5_1", 7, 32, 24},      {"Q8_0", 8, 32, 34},
    {"Q2_K", 10, 256, 84},   {"Q3_K", 11, 256, 110},   {"Q4_K", 12, 256, 144},   {"Q5_K", 13, 256, 176},
    {"Q6_K", 14, 256, 210},  {"IQ1_S", 19, 256, 50},   {"IQ1_M", 29, 256, 56},   {"IQ2_XXS", 16, 256, 66},
    {"IQ2_XS", 17, 256, 74}, {"IQ2_S", 22, 256, 82},   {"IQ3_XXS", 18, 256, 98}, {"IQ3_S", 21, 256, 110},
    {"IQ4_NL", 20, 32, 18},  {"IQ4_XS", 23, 256, 136}, {"TQ1_0", 34, 256, 54},   {"TQ2_0", 35, 256, 66},
    {"MXFP4", 39, 32, 17},   {"NVFP4", 40, 64, 36},    {"Q1_0", 41, 128, 18},    {"Q8_1", 9, 32, 36},
    {"Q8_K", 15, 256, 292},  {"I8", 24, 1, 1},         {"I16", 25, 1, 2},        {"I32", 26, 1, 4},
    {"I64", 27, 1, 8},       {"F64", 28, 1, 8},
};

// llama_ftype values: include/llama.h. Default types: llama_ftype_get_default_type. Which files need an
// importance matrix: tensor_requires_imatrix (their usual tensor types are among those that do).
constexpr GgufFileTypeInfo kFileTypes[kGgufFileTypes] = {
    {"f32", 0, GgmlType::kF32, false},
    {"f16", 1, GgmlType::kF16, false},
    {"bf16", 32, GgmlType::kBf16, false},
    {"q4_0", 2, GgmlType::kQ4_0, false},
    {"q4_1", 3, GgmlType::kQ4_1, false},
    {"q5_0", 8, GgmlType::kQ5_0, false},
    {"q5_1", 9, GgmlType::kQ5_1, false},
    {"q8_0", 7, GgmlType::kQ8_0, false},
    {"q2_k", 10, GgmlType::kQ2K, false},
    {"q2_k_s", 21, GgmlType::kQ2K, true},
    {"q3_k_s", 11, GgmlType::kQ3K, false},
    {"q3_k_m", 12, GgmlType::kQ3K, false},
    {"q3_k_l", 13, GgmlType::kQ3K, false},
    {"q4_k_s", 14, GgmlType::kQ4K, false},
    {"q4_k_m", 15, GgmlType::kQ4K, false},
    {"q5_k_s", 16, GgmlType::kQ5K, false},
    {"q5_k_m", 17, GgmlType::kQ5K, false},
    {"q6_k", 18, GgmlType::kQ6K, false},
    {"iq1_s", 24, GgmlType::kIq1S, true},
    {"iq1_m", 31, GgmlType::kIq1M, true},
    {"iq2_xxs", 19, GgmlType::kIq2Xxs, true},
    {"iq2_xs", 20, GgmlType::kIq2Xs, true},
    {"iq2_s", 28, GgmlType::kIq2Xs, true},
    {"iq2_m", 29, GgmlType::kIq2S, true},
    {"iq3_xxs", 23, GgmlType::kIq3Xxs, true},
    {"iq3_xs", 22, GgmlType::kIq3S, true},
    {"iq3_s", 26, GgmlType::kIq3S, false},
    {"iq3_m", 27, GgmlType::kIq3S, false},
    {"iq4_nl", 25, GgmlType::kIq4Nl, false},
    {"iq4_xs", 30, GgmlType::kIq4Xs, false},
    {"tq1_0", 36, GgmlType::kTq1_0, false, 3673, 20240906},
    {"tq2_0", 37, GgmlType::kTq2_0, false, 3673, 20240906},
    {"mxfp4_moe", 38, GgmlType::kMxfp4, false, 6096, 20250805},
    {"nvfp4", 39, GgmlType::kNvfp4, false, 8297, 20260311},
    {"q1_0", 40, GgmlType::kQ1_0, false, 8680, 20260406},
};

// Names that llama-quantize accepts for the same mixture (tools/quantize/quantize.cpp), and how people write
// them.
struct Alias {
  std::string_view name;
  GgufFileType type;
};
constexpr Alias kAliases[] = {
    {"q3_k", GgufFileType::kQ3KM},      {"q4_k", GgufFileType::kQ4KM}, {"q5_k", GgufFileType::kQ5KM},
    {"mxfp4", GgufFileType::kMxfp4Moe}, {"fp16", GgufFileType::kF16},  {"fp32", GgufFileType::kF32},
};

// Bytes of published files over the bytes of `base` for the same model, and how far the files lie apart.
// Sources of the sizes: kyuz0/amd-strix-halo-toolboxes and lhl/strix-halo-testing (llama-bench "size" of
// Unsloth's files: Gemma 4, Nemotron 3 Super, GLM-4.5-Air, Qwen3.5, Qwen3.6, MiniMax-M2, Qwen3-235B),
// ggml-org/Llama-macOS#63 (Qwen3.5, eight sizes), unsloth.ai/blog/deepseekr1-dynamic, Unsloth's pages of
// Kimi-K2 and DeepSeek-V3.1, unslothai/unsloth#2699; lemonade-sdk/lemonade's and zhongkaifu/TensorSharp's
// lists of models. Unsloth changed its recipes between generations and
// between models, which is what the bands hold.
constexpr GgufMixture kMixtures[kGgufMixtures] = {
    // bartowski's "_L" and "Q3_K_XL" files: a usual mixture with both ends in Q8_0 (said on every model
    // card).
    {"q2_k_l", GgufFileType::kQ2K, true, 1, 1, 1},
    {"q3_k_xl", GgufFileType::kQ3KL, true, 1, 1, 1},
    {"q4_k_l", GgufFileType::kQ4KM, true, 1, 1, 1},
    {"q5_k_l", GgufFileType::kQ5KM, true, 1, 1, 1},
    {"q6_k_l", GgufFileType::kQ6K, true, 1, 1, 1},
    {"ud-tq1_0", GgufFileType::kIq1S, false, 1.22, 1.18, 1.29},     // 2 files; named so, made of IQ1
    {"ud-iq1_s", GgufFileType::kIq1S, false, 1.22, 1.04, 1.39},     // 2 files of two generations
    {"ud-iq1_m", GgufFileType::kIq1M, false, 1.17, 1.07, 1.25},     // 2 files; band as of its neighbours
    {"ud-iq2_xxs", GgufFileType::kIq2Xxs, false, 1.06, 0.84, 1.2},  // 4 files; the least is Qwen3.8 27B
    {"ud-iq2_m", GgufFileType::kIq2M, false, 1.04, 0.95, 1.13},     // from its neighbours
    {"ud-iq3_xxs", GgufFileType::kIq3Xxs, false, 1.02, 0.93, 1.1},  // from its neighbours
    {"ud-q2_k_xl", GgufFileType::kQ2K, false, 0.98, 0.92, 1.04},    // 2 files
    {"ud-q3_k_s", GgufFileType::kQ3KS, false, 0.95, 0.9, 1},        // 1 file; band as of its neighbours
    {"ud-q3_k_xl", GgufFileType::kQ3KM, false, 0.93, 0.9, 1},       // 3 files
    {"ud-q4_k_xl", GgufFileType::kQ4KM, false, 1, 0.89, 1.07},      // 24 files, median 1.01
    {"ud-q5_k_xl", GgufFileType::kQ5KM, false, 1.03, 0.97, 1.07},   // 1 file; band as of its neighbours
    {"ud-q6_k_xl", GgufFileType::kQ6K, false, 1.04, 1, 1.12},       // 1 file; band as of its neighbours
    // 6 files; the largest share is that of Llama-3.2-1B, whose embedding stays in 16 bits.
    {"ud-q8_k_xl", GgufFileType::kQ8_0, false, 1.09, 1.01, 1.4},
};

}  // namespace

const GgufMixture& Mixture(int index) { return kMixtures[index]; }

int FindGgufMixture(std::string_view id) {
  for (int i = 0; i < kGgufMixtures; ++i) {
    if (kMixtures[i].id == id) return i;
  }
  return -1;
}

const GgmlTypeInfo& Info(GgmlType type) { return kTypes[static_cast<int>(type)]; }

bool FindGgmlType(uint32_t ggml_id, GgmlType* type) {
  for (int i = 0; i < kGgmlTypes; ++i) {
    if (static_cast<uint32_t>(kTypes[i].ggml_id) != ggml_id) continue;
    *type = static_cast<GgmlType>(i);
    return true;
  }
  return false;
}

bool FindGgmlTypeName(std::string_view name, GgmlType* type) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (int i = 0; i < kGgmlTypes; ++i) {
    const std::string_view known = kTypes[i].name;
    if (known.size() != name.size()) continue;
    bool same = true;
    for (size_t c = 0; c < name.size(); ++c) same = same && lower(known[c]) == name[c];
    if (!same) continue;
    *type = static_cast<GgmlType>(i);
    return true;
  }
  return false;
}

Bytes GgmlBytes(GgmlType type, int64_t ne0, int64_t rows) {
  const GgmlTypeInfo& info = Info(type);
  return Bytes(internal::SaturatingMultiply(CeilDiv(ne0, info.block), info.bytes)) * rows;
}

const GgufFileTypeInfo& Info(GgufFileType type) { return kFileTypes[static_cast<int>(type)]; }

bool UsuallyWithImatrix(GgufFileType type) { return Info(type).id.substr(0, 2) == "iq"; }

int FindGgufFileType(std::string_view id) {
  for (int i = 0; i < kGgufFileTypes; ++i) {
    if (kFileTypes[i].id == id) return i;
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == id) return static_cast<int>(alias.type);
  }
  return -1;
}

}  // namespace plimsoll
