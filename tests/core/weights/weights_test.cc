#include "core/weights/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/engines/llama_cpp/llama_gates.h"
#include "core/formats/format_ids.h"
#include "core/formats/format_object.h"
#include "core/weights/format_binding.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {
namespace {

const Catalog& TheCatalog() {
  static const Result<Catalog> catalog = Catalog::Parse(EmbeddedCatalog().models, EmbeddedCatalog().gpus);
  EXPECT_TRUE(catalog.ok()) << (catalog.ok() ? "" : catalog.error().Message());
  return *catalog;
}

// ---- the dumb twin of the safetensors formats: one tensor at a time, formulas written out again
// --------------

int64_t Up(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t DumbBytes(const WeightScheme& s, bool fp32, int64_t n, int64_t k) {
  const int64_t groups = s.group_size == 0 ? 1 : Up(k, s.group_size);
  switch (s.family) {
    case FormatFamily::kPlain:
    case FormatFamily::kGguf:
      return n * k * (fp32 || s.dtype == DType::kFp32 ? 4 : 2);
    case FormatFamily::kFp8:
      return n * k + (s.per_channel ? n : 1) * s.scale_bytes + (s.static_activations ? s.scale_bytes : 0);
    case FormatFamily::kFp8Block:
      return n * k + Up(n, s.block_rows) * Up(k, s.block_columns) * s.scale_bytes;
    case FormatFamily::kInt8:
      return n * k + n * groups * s.scale_bytes + (s.static_activations ? s.scale_bytes : 0);
    case FormatFamily::kGptq:
      return n * Up(k * s.bits, 32) * 4 + groups * n * 2 + groups * Up(n * s.bits, 32) * 4 + k * 4;
    case FormatFamily::kAwq:
      return k * Up(n * s.bits, 32) * 4 + groups * n * 2 + groups * Up(n * s.bits, 32) * 4;
    case FormatFamily::kPacked:
      return n * Up(k * s.bits, 32) * 4 + groups * n * 2 + 16 +
             (s.symmetric ? 0 : groups * Up(n * s.bits, 32) * 4) + (s.desc_act ? 4 * k : 0);
    case FormatFamily::kNvfp4:
      return Up(n * k, 2) + n * Up(k, 16) + 4 + (s.static_activations ? 4 : 0);
    case FormatFamily::kMxfp4:
      return Up(n * k, 2) + n * Up(k, 32);
    case FormatFamily::kBnbNf4: {
      const int64_t blocks = Up(n * k, 64);
      return Up(n * k, 2) + 64 + (s.double_quant ? blocks + Up(blocks, 256) * 4 + 1024 : blocks * 4);
    }
    case FormatFamily::kBnbInt8:
      return n * k + 4 * n;
    case FormatFamily::kScaled:
      return static_cast<int64_t>((static_cast<double>(n * k) * s.value_bits + 7) / 8) +
             groups * n * s.group_bytes + n * s.row_bytes + k * s.column_bytes + s.tensor_bytes;
  }
  return 0;
}

// How many stacks of layers hold this tensor, and which.
std::vector<int32_t> LayersOf(const Architecture& model, const Tensor& tensor) {
  std::vector<int32_t> layers;
  if (tensor.group >= 0) {
    for (size_t i = 0; i < model.layer_group.size(); ++i) {
      if (model.layer_group[i] == tensor.group) layers.push_back(static_cast<int32_t>(i));
    }
    return layers;
  }
  for (int32_t i = 0; i < tensor.times / tensor.copies; ++i) layers.push_back(i);
  return layers;
}

int64_t DumbCheckpoint(const Architecture& model, const WeightFormat& format, const FormatBinding& binding) {
  int64_t total = 0;
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    const Tensor& tensor = model.tensors[i];
    for (const int32_t layer : LayersOf(model, tensor)) {
      size_t scheme = binding.scheme[i];
      for (const FormatBinding::Exception& exception : binding.exceptions) {
        if (exception.tensor == static_cast<int32_t>(i) && exception.layer == layer)
          scheme = exception.scheme;
      }
      total +=
          tensor.copies * DumbBytes(binding.schemes.at(scheme), tensor.fp32, tensor.rows, tensor.columns);
    }
  }
  if (format.stores_tied_head && model.tied_embeddings) total += 2 * model.vocab * model.hidden;
  return total;
}

TEST(Weights, SafetensorsAgreeWithTheDumbTwinForEveryModelAndFormat) {
  int64_t compared = 0;
  for (const Model& model : TheCatalog().models()) {
    if (model.refused()) continue;
    for (const std::string_view id : FormatIds()) {
      if (id.substr(0, 5) == "gguf-") continue;
      const BoundFormat* bound = TheCatalog().Bind(model, id);
      ASSERT_NE(bound, nullptr) << model.id << " " << id;
      EXPECT_EQ(bound->stored.checkpoint.count(),
                DumbCheckpoint(*bound->architecture, *bound->format, *bound->binding))
          << model.id << " " << id;
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000);
}

// ---- the dumb twin of the GGUF recipe: llama-quantize's walk over a list of named tensors, by the names
// alone ----

struct Named {
  std::string name;
  int64_t ne0, ne1, ne2;
};

// What llama-quantize walks over, in its order.
std::vector<Named> NamedTensors(const Architecture& model) {
  std::vector<Named> tensors;
  bool mtp = false;
  for (const GgufTensor& tensor : model.gguf) {
    if (tensor.group < 0 && !tensor.mtp) tensors.push_back({tensor.name, tensor.ne0, tensor.ne1, tensor.ne2});
    mtp |= tensor.mtp;
  }
  for (int64_t layer = 0; layer < model.layers + (mtp ? model.mtp_layers : 0); ++layer) {
    std::map<std::string, Named> sorted;
    for (const GgufTensor& tensor : model.gguf) {
      const bool here = layer < model.layers
                            ? tensor.group == model.layer_group[static_cast<size_t>(layer)] && !tensor.mtp
                            : tensor.mtp;
      if (!here || (tensor.group < 0 && !tensor.mtp)) continue;
      std::string name = tensor.name;
      name.replace(name.find("{}"), 2, std::to_string(layer));
      sorted[name] = {name, tensor.ne0, tensor.ne1, tensor.ne2};
    }
    for (const auto& entry : sorted) tensors.push_back(entry.second);
  }
  return tensors;
}

class DumbQuantizer {
 public:
  DumbQuantizer(const Architecture& model, const std::vector<Named>& tensors, std::string type, bool imatrix,
                bool wide_ends = false)
      : model_(model), tensors_(tensors), type_(std::move(type)), imatrix_(imatrix), wide_ends_(wide_ends) {
    bool mtp = false;
    for (const GgufTensor& tensor : model.gguf) mtp |= tensor.mtp;
    layers_ = model.layers + (mtp ? model.mtp_layers : 0);
    for (const Named& tensor : tensors_) {
      values_ += IsValue(tensor.name) ? 1 : 0;
      untied_ |= tensor.name == "output.weight";
    }
    for (const LayerGroup& group : model.groups) experts_ = std::max(experts_, group.shape.mlp.experts);
  }

  int64_t Total() {
    int64_t total = 0;
    for (const Named& tensor : tensors_) {
      const bool end = tensor.name == "output.weight" || tensor.name == "token_embd.weight";
      total += Size(tensor, end && wide_ends_ ? "q8_0" : TypeOf(tensor));
    }
    return total;
  }

 private:
  static bool Has(const std::string& name, const char* part) { return name.find(part) != std::string::npos; }
  static bool IsValue(const std::string& name) {
    return Has(name, "attn_v.weight") || Has(name, "attn_qkv.weight") || Has(name, "attn_kv_b.weight");
  }
  bool In(std::initializer_list<const char*> types) const {
    for (const char* type : types) {
      if (type_ == type) return true;
    }
    return false;
  }

  static int64_t Size(const Named& t, const std::string& type) {
    static const std::map<std::string, std::pair<int64_t, int64_t>> kBlocks = {
        {"f32", {1, 4}},       {"f16", {1, 2}},        {"bf16", {1, 2}},       {"q4_0", {32, 18}},
        {"q4_1", {32, 20}},    {"q5_0", {32, 22}},     {"q5_1", {32, 24}},     {"q8_0", {32, 34}},
        {"q2_K", {256, 84}},   {"q3_K", {256, 110}},   {"q4_K", {256, 144}},   {"q5_K", {256, 176}},
        {"q6_K", {256, 210}},  {"iq1_s", {256, 50}},   {"iq1_m", {256, 56}},   {"iq2_xxs", {256, 66}},
        {"iq2_xs", {256, 74}}, {"iq2_s", {256, 82}},   {"iq3_xxs", {256, 98}}, {"iq3_s", {256, 110}},
        {"iq4_nl", {32, 18}},  {"iq4_xs", {256, 136}}, {"tq1_0", {256, 54}},   {"tq2_0", {256, 66}},
        {"mxfp4", {32, 17}},   {"nvfp4", {64, 36}},    {"q1_0", {128, 18}}};
    const auto& block = kBlocks.at(type);
    return t.ne1 * t.ne2 * Up(t.ne0, block.first) * block.second;
  }

  std::string Default() const {
    static const std::map<std::string, std::string> kDefaults = {
        {"q2_k", "q2_K"},    {"q2_k_s", "q2_K"}, {"q3_k_s", "q3_K"},    {"q3_k_m", "q3_K"},
        {"q3_k_l", "q3_K"},  {"q4_k_s", "q4_K"}, {"q4_k_m", "q4_K"},    {"q5_k_s", "q5_K"},
        {"q5_k_m", "q5_K"},  {"q6_k", "q6_K"},   {"iq2_s", "iq2_xs"},   {"iq2_m", "iq2_s"},
        {"iq3_xs", "iq3_s"}, {"iq3_m", "iq3_s"}, {"mxfp4_moe", "mxfp4"}};
    const auto found = kDefaults.find(type_);
    return found == kDefaults.end() ? type_ : found->second;
  }

  bool More(int64_t i, int64_t n) const { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

  int64_t Gqa() const {
    for (size_t layer = 0; layer < model_.layer_group.size(); ++layer) {
      const Attention& a = model_.groups[model_.layer_group[layer]].shape.attention;
      if (a.kind == AttentionKind::kLatent) return a.heads;
      if (a.kind != AttentionKind::kNone) return a.heads / a.kv_heads;
      if (model_.name.substr(0, 5) != "Qwen3") return 0;
    }
    return 0;
  }

  bool Is70b() const {
    if (model_.layers != 80) return false;
    if (model_.name == "Qwen2ForCausalLM" || model_.name == "DeciLMForCausalLM") return true;
    const Attention& a = model_.groups[0].shape.attention;
    const bool llama = model_.name.find("Llama") == 0 || model_.name.find("Mistral") == 0 ||
                       model_.name.find("Mixtral") == 0;
    return llama && a.heads != a.kv_heads;
  }

  std::string TypeOf(const Named& t) {
    const std::string& name = t.name;
    const bool weight = name.size() > 6 && name.compare(name.size() - 6, 6, "weight") == 0;
    if ((t.ne1 <= 1 && t.ne2 <= 1) || !weight || Has(name, "_norm.weight") || Has(name, "position_embd") ||
        Has(name, "token_types") || Has(name, "ffn_gate_inp.weight") || Has(name, "ssm_conv1d") ||
        Has(name, "ffn_gate_tid2eid") || Has(name, "indexer.k_proj") || Has(name, "indexer.q_proj")) {
      return "f32";
    }
    // Gemma 3n's: neither the converter nor llama-quantize takes them from 16 bits.
    for (const char* half :
         {"altup_proj", "altup_unembd", "altup_router.", "laurel_l.", "laurel_r.", "per_layer_model_proj"}) {
      if (Has(name, half)) return "f16";
    }
    if (Has(name, "altup_")) return "f32";
    const std::string base = Default();
    if (base == "f32" || base == "f16" || base == "bf16") return base;
    return Fit(Pick(t, base), t.ne0);
  }

  static std::string Fit(const std::string& type, int64_t columns) {
    const auto block = [](const std::string& x) {
      return x == "f16"                                  ? 1
             : x == "nvfp4"                              ? 64
             : x == "q1_0"                               ? 128
             : x.substr(0, 2) == "iq" && x != "iq4_nl"   ? 256
             : x.back() == 'K' || x.substr(0, 2) == "tq" ? 256
                                                         : 32;
    };
    if (columns % block(type) == 0) return type;
    std::string other = "f16";
    if (type.substr(0, 2) == "iq" && type != "iq4_nl") other = "iq4_nl";
    if (type == "q2_K" || type == "q3_K" || type.substr(0, 2) == "tq") other = "q4_0";
    if (type == "q4_K") other = "q5_0";
    if (type == "q5_K") other = "q5_1";
    if (type == "q6_K") other = "q8_0";
    return columns % block(other) == 0 ? other : "f16";
  }

  std::string Pick(const Named& t, const std::string& base) {
    const std::string& name = t.name;
    const bool falcon = model_.name == "FalconForCausalLM";
    const bool tiny = In({"iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m"});
    const bool tiny_large = In({"iq2_s", "iq2_m"});
    const bool embedding = name == "token_embd.weight" || name == "per_layer_token_embd.weight";
    if (name == "output.weight" || (embedding && !untied_)) {
      if (type_ == "mxfp4_moe" || falcon || t.ne0 % (Fit(base, t.ne0) == base ? 1 : t.ne0 + 1) != 0)
        return "q8_0";
      if (tiny || type_ == "iq3_xxs") return "q5_K";
      return base == "q8_0" ? base : "q6_K";
    }
    if (type_ == "mxfp4_moe") return t.ne2 > 1 ? "mxfp4" : "q8_0";
    if (embedding) {
      if (In({"iq2_xxs", "iq2_xs", "iq1_s", "iq1_m"})) return "q2_K";
      if (In({"iq2_s", "iq2_m", "iq3_xxs"})) return "iq3_s";
      return In({"tq1_0", "tq2_0"}) ? "q4_K" : base;
    }
    if (tiny) {
      if (IsValue(name)) return Gqa() >= 4 || experts_ >= 4 ? "q4_K" : tiny_large ? "iq3_s" : "q2_K";
      if (experts_ == 8 && Has(name, "attn_k.weight")) return "q4_K";
      if (Has(name, "attn_output.weight")) {
        return experts_ == 8 ? "q5_K" : In({"iq1_s", "iq1_m"}) ? "iq2_xxs" : tiny_large ? "iq3_s" : base;
      }
      if (Has(name, "ffn_down")) return downs_++ < layers_ / 8 ? (tiny_large ? "iq3_s" : "q2_K") : base;
      return base;
    }
    if (IsValue(name)) return PickValue(base, value_++);
    if (Has(name, "attn_k.weight") || Has(name, "attn_q.weight")) {
      if (experts_ == 8 && Has(name, "attn_k.weight")) return "q8_0";
      return type_ == "iq3_xs" ? "iq3_xxs" : type_ == "iq3_xxs" ? "iq2_s" : base;
    }
    if (Has(name, "attn_output.weight")) return PickOutput(base, falcon);
    if (name.compare(0, 4, "blk.") != 0) return base;
    const int64_t layer = std::stoll(name.substr(4));
    if (Has(name, "ffn_up") || Has(name, "ffn_gate")) {
      int64_t& counter = Has(name, "ffn_up") ? ups_ : gates_;
      const int64_t i = experts_ > 1 ? layer : counter;
      ++counter;
      return type_ == "iq3_xs" && i >= layers_ / 8 && i < 7 * layers_ / 8 ? "iq3_xxs" : base;
    }
    if (!Has(name, "ffn_down")) return base;
    const int64_t i = experts_ > 1 ? layer : downs_;
    ++downs_;
    return PickDown(base, i, falcon);
  }

  std::string PickValue(std::string base, int64_t i) const {
    const bool grouped = Gqa() >= 4;
    if (type_ == "q2_k") base = grouped ? "q4_K" : "q3_K";
    if (type_ == "q2_k_s" && grouped) base = "q4_K";
    if (type_ == "iq3_xxs") base = grouped ? "q4_K" : imatrix_ ? "iq3_xxs" : "iq3_s";
    if (In({"iq3_xs", "iq3_s"}) && grouped) base = "q4_K";
    if (type_ == "iq3_m") base = "q4_K";
    if (type_ == "q3_k_m") base = i < 2 ? "q5_K" : "q4_K";
    if (type_ == "q3_k_l") base = "q5_K";
    if (In({"iq4_nl", "iq4_xs"}) && grouped) base = "q5_K";
    if (In({"q4_k_m", "q5_k_m"}) && More(i, values_)) base = "q6_K";
    if (type_ == "q4_k_s" && i < 4) base = "q5_K";
    if (Is70b() && (base == "q3_K" || base == "q4_K")) base = "q5_K";
    return experts_ == 8 ? "q8_0" : base;
  }

  std::string PickOutput(const std::string& base, bool falcon) const {
    if (falcon) return type_ == "q3_k_l" ? "q4_K" : base;
    if (experts_ == 8) {
      return In({"q2_k", "iq3_xs", "iq3_xxs", "q3_k_s", "q3_k_m", "iq4_nl", "q4_k_s", "q4_k_m", "iq3_s",
                 "iq3_m", "iq4_xs"})
                 ? "q5_K"
                 : base;
    }
    if (type_ == "q2_k") return "q3_K";
    if (type_ == "iq3_xxs") return "iq3_s";
    if (In({"q3_k_m", "iq3_m"})) return "q4_K";
    return type_ == "q3_k_l" ? "q5_K" : base;
  }

  std::string PickDown(const std::string& base, int64_t i, bool falcon) const {
    const bool first = i < layers_ / 8;
    const bool more = More(i, layers_);
    if (type_ == "q2_k") return "q3_K";
    if (type_ == "q2_k_s") return first ? "q4_K" : base;
    if (type_ == "iq3_xxs" && !imatrix_) return first ? "q4_K" : "q3_K";
    if (type_ == "q3_k_m") return i < layers_ / 16 ? "q5_K" : !falcon || more ? "q4_K" : "q3_K";
    if (type_ == "iq3_m" && (first || (experts_ == 8 && more))) return "q4_K";
    if (type_ == "q3_k_l") return falcon ? "q4_K" : "q5_K";
    if (type_ == "q4_k_m") {
      if (falcon) return i < layers_ / 16 ? "q6_K" : more ? "q5_K" : "q4_K";
      return more ? "q6_K" : base;
    }
    if (In({"iq4_nl", "iq4_xs"}) && first && !imatrix_) return "q5_K";
    if (type_ == "q5_k_m" && more) return "q6_K";
    if (type_ == "q4_k_s" && !falcon && first) return "q5_K";
    if (type_ == "q4_0" && imatrix_ && first) return "q4_1";
    if (type_ == "q5_0" && imatrix_ && first) return "q5_1";
    return base;
  }

  const Architecture& model_;
  const std::vector<Named>& tensors_;
  std::string type_;
  bool imatrix_;
  bool wide_ends_;
  bool untied_ = false;
  int64_t layers_ = 0, experts_ = 0;
  int64_t values_ = 0, value_ = 0, downs_ = 0, ups_ = 0, gates_ = 0;
};

TEST(Weights, GgufAgreesWithTheDumbTwinForEveryModelAndFileType) {
  int64_t compared = 0;
  for (const Model& model : TheCatalog().models()) {
    if (model.refused() || !LlamaKnows(model.architecture())) continue;
    const std::vector<Named> tensors = NamedTensors(model.architecture());
    for (int i = 0; i < kGgufFileTypes; ++i) {
      const std::string id(Info(static_cast<GgufFileType>(i)).id);
      for (const bool imatrix : {false, true}) {
        // A matrix matters to these only; for the others one comparison is enough.
        if (imatrix && id != "q4_0" && id != "q5_0" && id != "iq3_xxs" && id.substr(0, 3) != "iq4") continue;
        WeightFormat format;
        format.family = FormatFamily::kGguf;
        format.gguf_type = i;
        format.importance_matrix = imatrix;
        EXPECT_EQ(LayOutGguf(model.architecture(), format).tensors.count(),
                  DumbQuantizer(model.architecture(), tensors, id, imatrix).Total())
            << model.id << " " << id << (imatrix ? " with imatrix" : "");
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 4000);
}

// A GGUF holds the text model: what it drops or adds against the safetensors' text part is small, and known.
TEST(Weights, GgufHoldsTheTextModel) {
  for (const Model& model : TheCatalog().models()) {
    if (model.refused() || !LlamaKnows(model.architecture())) continue;
    WeightFormat format;
    format.family = FormatFamily::kGguf;
    format.gguf_type = static_cast<int>(GgufFileType::kF16);
    const auto elements = static_cast<double>(LayOutGguf(model.architecture(), format).elements);
    double text = static_cast<double>(model.parameters().text);
    bool keeps_mtp = false;
    for (const GgufTensor& tensor : model.architecture().gguf) keeps_mtp |= tensor.mtp;
    for (const Tensor& tensor : model.architecture().tensors) {
      // The converter drops what stands behind an encoder's last layer.
      if (tensor.part == TensorPart::kText && tensor.name.find("pooler.") == 0) {
        text -= static_cast<double>(tensor.elements());
      }
      if (!keeps_mtp || tensor.part != TensorPart::kMtp) continue;
      text += static_cast<double>(tensor.elements()) * static_cast<double>(tensor.times);
    }
    EXPECT_NEAR(elements / text, 1.0, 1e-4) << model.id << ": " << elements << " against " << text;
  }
}

TEST(Weights, InventoryAddsUpToTheCheckpoint) {
  for (const Model& model : TheCatalog().models()) {
    if (model.refused()) continue;
    for (const char* id : {"bf16", "fp8-block", "awq-int4", "nvfp4", "gguf-q4_k_m", "gguf-iq2_m"}) {
      const BoundFormat* bound = TheCatalog().Bind(model, id);
      Bytes total;
      for (const InventoryRow& row : ListInventory(*bound->architecture, *bound->format, *bound->binding)) {
        EXPECT_GT(row.count, 0) << row.name;
        EXPECT_FALSE(row.type.empty()) << row.name;
        total += row.bytes;
      }
      Bytes expected = bound->stored.checkpoint;
      if (bound->format->stores_tied_head)
        expected -= Bytes(2 * model.architecture().vocab * model.architecture().hidden);
      EXPECT_EQ(total, expected) << model.id << " " << id;
    }
  }
}

// ---- buffers that llama.cpp printed: everything in layers, and the output ---------------------------------

struct Printed {
  const char* model;
  const char* format;
  double mib;  // "CUDA0 model buffer size" and the like, all layers on GPUs
};

// Startup logs quoted in public issues (llama.cpp 11861, 14075, 14740, 6122; ik_llama.cpp 334, 344, 562; and
// others).
constexpr Printed kPrinted[] = {
    {"glm-4-32b-0414", "gguf-iq4_xs", 16303.48}, {"llama-3.1-8b", "gguf-q4_0", 4155.99},
    {"gemma-3-27b", "gguf-q4_k_m", 15773.97},    {"deepseek-r1-distill-qwen-32b", "gguf-q4_k_m", 18508.35},
    {"llama-3.1-70b", "gguf-q6_k", 54376.99},    {"command-r-35b", "gguf-q4_k_s", 19423.91},
    {"phi-4-mini", "gguf-bf16", 7317.01},        {"qwen3.6-27b", "gguf-q4_k_m", 15339.44},
    {"qwen3.6-27b", "gguf-q8_0", 26402.70},      {"llama-3.1-8b", "gguf-q4_k_m", 4403.49},
    {"qwen3-30b-a3b", "gguf-q8_0", 30658.12},    {"gemma-3-1b", "gguf-q8_0", 1013.54},
    {"qwen2.5-14b", "gguf-q4_k_m", 8148.38},     {"llama-3.1-70b", "gguf-q4_0", 37546.98},
    {"llama-3.1-70b", "gguf-q4_k_s", 37907.02},
};

TEST(Weights, BuffersThatLlamaCppPrinted) {
  for (const Printed& printed : kPrinted) {
    const Model* model = TheCatalog().FindModel(printed.model);
    ASSERT_NE(model, nullptr);
    const BoundFormat* bound = TheCatalog().Bind(*model, printed.format);
    const GgufLayout layout = LayOutGguf(*bound->architecture, *bound->format);
    Bytes bytes = layout.output + layout.output_norm;
    for (const GgufLayout::Layer& layer : layout.layers) bytes += layer.dense + layer.experts;
    // The last digits: a buffer's padding per card.
    EXPECT_NEAR(bytes.mib(), printed.mib, 0.1) << printed.model << " " << printed.format;
  }
}

// ---- published checkpoints --------------------------------------------------------------------------------

struct Published {
  const char* model;
  const char* format;
  int64_t bytes;     // as published
  bool file;         // of the file, with header and metadata
  double tolerance;  // relative: how precisely it was published
};

// Sizes that repositories or tools state; GiB with two digits are good to 0.005 GiB.
constexpr Published kPublished[] = {
    {"deepseek-r1-distill-llama-70b", "fp8", 72669806592, false, 0},
    {"qwen3-30b-a3b", "fp8-block", 31170895872, false, 0},
    {"gpt-oss-120b", "mxfp4", 65248815744, false, 0},
    {"gpt-oss-20b", "mxfp4", 13761264768, false, 0},
    {"qwen3-30b-a3b", "nvfp4", 18087309312, false, 2e-5},  // counted without global scales
    {"qwen2.5-72b", "bf16", 145412518888, true, 5e-5},
    {"qwen3-30b-a3b", "bf16", 61066575648, true, 5e-5},
    {"qwen3-235b-a22b", "bf16", 470191875096, true, 5e-5},
    {"kimi-k2", "fp8-block", 1029190981272, true, 5e-5},
    {"qwen3-0.6b", "fp8-block", 1062916608, false, 0},
    {"qwen3-4b", "fp8-block", 5189976192, false, 0},  // the head is stored although it is tied
    {"llama-3.1-8b", "gguf-iq4_nl", 4670776934, false, 1.2e-3},
    {"llama-3.1-70b", "gguf-q8_0", 74980000000, true, 1e-4},
    {"llama-3.1-70b", "gguf-q6_k", 57890000000, true, 1e-4},
    {"llama-3.1-70b", "gguf-q5_k_m", 49950000000, true, 1e-4},
    {"llama-3.1-70b", "gguf-q4_k_m", 42520000000, true, 1e-4},
    {"llama-3.1-70b", "gguf-q4_k_s", 40350000000, true, 1e-4},
    {"llama-3.1-70b", "gguf-iq3_m", 31940000000, true, 2e-4},
    {"llama-3.1-70b", "gguf-q3_k_s", 30910000000, true, 2e-4},
    {"deepseek-r1", "gguf-q4_k_m", 404424858009, false, 2e-4},
    {"gpt-oss-120b", "gguf-mxfp4_moe", 63372242452, false, 2e-4},
    {"gpt-oss-20b", "gguf-mxfp4_moe", 12101070356, false, 5e-4},
    {"deepseek-v2-lite", "gguf-q4_k_m", 10361608601, false, 6e-4},
    {"llama-2-7b", "gguf-q4_0", 3822520893, false, 1.5e-3},
    {"qwen2.5-7b", "gguf-q8_0", 8096013352, false, 7e-4},
    {"qwen3-30b-a3b", "gguf-q8_0", 32480690176, false, 2e-4},
    {"kimi-k2.5", "w4a16", 595000000000, false, 2e-3},
    {"llama-2-70b", "awq-int4", 36500000000, false, 4e-3},
};

// Files whose types their publisher chose by hand: an average, and every one of them within its band. Sizes
// are llama-bench's "size" or the page's.
struct Dynamic {
  const char* model;
  const char* format;
  double gib;
};
constexpr double kGb = 1e9 / (1024.0 * 1024 * 1024);
constexpr Dynamic kDynamic[] = {
    {"gemma-4-26b-a4b", "gguf-ud-q4_k_xl", 15.9},
    {"nemotron-3-super-120b-a12b", "gguf-ud-q4_k_xl", 78.02},
    {"glm-4.5-air", "gguf-ud-q4_k_xl", 68.013},
    {"qwen3.6-35b-a3b", "gguf-ud-q4_k_xl", 21.27},
    {"qwen3.5-0.8b", "gguf-ud-q4_k_xl", 0.559 * kGb},
    {"qwen3.5-2b", "gguf-ud-q4_k_xl", 1.34 * kGb},
    {"qwen3.5-4b", "gguf-ud-q4_k_xl", 2.9 * kGb},
    {"qwen3.5-9b", "gguf-ud-q4_k_xl", 5.956382816 * kGb},
    {"qwen3.5-27b", "gguf-ud-q4_k_xl", 17.6 * kGb},
    {"qwen3.5-122b-a10b", "gguf-ud-q4_k_xl", 68.4 * kGb},
    {"qwen3.5-397b-a17b", "gguf-ud-q4_k_xl", 219.2 * kGb},
    {"qwen3.6-27b", "gguf-ud-q4_k_xl", 17.912397824 * kGb},
    {"glm-4.6", "gguf-ud-q4_k_xl", 203.678086594 * kGb},
    {"gemma-4-26b-a4b", "gguf-ud-q8_k_xl", 25.94},
    {"glm-4.7-flash", "gguf-ud-q8_k_xl", 32.7},
    {"qwen3.6-27b", "gguf-ud-q8_k_xl", 33.31},
    {"qwen3.6-35b-a3b", "gguf-ud-q8_k_xl", 35.8},
    {"gemma-4-31b", "gguf-ud-q8_k_xl", 32.6},
    {"qwen3-235b-a22b", "gguf-ud-q3_k_xl", 96.994},
    {"deepseek-v3.1", "gguf-ud-q3_k_xl", 279.43},
    {"minimax-m2", "gguf-ud-q3_k_s", 87.2},
    {"qwen3.5-122b-a10b", "gguf-ud-q5_k_xl", 85.6},
    {"minimax-m2", "gguf-ud-q6_k_xl", 194.282845634 * kGb},
    {"deepseek-r1", "gguf-ud-iq1_s", 130.6},
    {"deepseek-r1", "gguf-ud-iq1_m", 158},
    {"deepseek-r1", "gguf-ud-iq2_xxs", 183},
    {"deepseek-r1", "gguf-ud-q2_k_xl", 212},
    {"kimi-k2", "gguf-ud-q2_k_xl", 381 * kGb},
    {"kimi-k2", "gguf-ud-tq1_0", 245 * kGb},
    // Sizes of files less their metadata.
    {"gemma-4-e4b", "gguf-ud-q4_k_xl", 5.120492584 * kGb},
    {"gemma-4-12b", "gguf-ud-q4_k_xl", 7.360612224 * kGb},
    {"llama-3.2-1b", "gguf-ud-q4_k_xl", 0.826167 * kGb},
    {"llama-3.2-3b", "gguf-ud-q4_k_xl", 2.05216 * kGb},
    {"smollm3-3b", "gguf-ud-q4_k_xl", 1.932156 * kGb},
    {"qwen3-next-80b-a3b", "gguf-ud-q4_k_xl", 46.094021 * kGb},
    {"nemotron-3-nano-30b-a3b", "gguf-ud-q4_k_xl", 22.794863 * kGb},
    {"gemma-4-26b-a4b", "gguf-ud-iq2_xxs", 9.9166724 * kGb},
    {"qwen2.5-vl-7b", "gguf-ud-iq2_xxs", 2.392492224 * kGb},
    {"qwen3.6-35b-a3b", "gguf-ud-iq1_m", 10.038016416 * kGb},
};

TEST(Weights, DynamicFilesLieInTheirBands) {
  std::vector<double> errors;
  for (const Dynamic& dynamic : kDynamic) {
    const Model* model = TheCatalog().FindModel(dynamic.model);
    ASSERT_NE(model, nullptr) << dynamic.model;
    // The average itself, whatever the catalog knows of this file.
    const WeightFormat* format = TheCatalog().FindFormat(dynamic.format);
    ASSERT_NE(format, nullptr) << dynamic.format;
    const FormatBinding binding = BindFormat(model->architecture(), *format);
    const StoredWeights stored = StoreWeights(model->architecture(), *format, binding);
    EXPECT_TRUE(stored.approximate);
    EXPECT_GE(dynamic.gib, stored.low.gib()) << dynamic.model << " " << dynamic.format;
    EXPECT_LE(dynamic.gib, stored.high.gib()) << dynamic.model << " " << dynamic.format;
    errors.push_back(std::fabs(stored.checkpoint.gib() / dynamic.gib - 1));
    Bytes rows;
    for (const InventoryRow& row : ListInventory(model->architecture(), *format, binding)) {
      rows += row.bytes;
      EXPECT_EQ(row.type.substr(0, 6), "about ") << row.name;
    }
    EXPECT_EQ(rows, stored.checkpoint);
    const GgufLayout layout = LayOutGguf(model->architecture(), *format);
    Bytes parts = layout.token_embedding + layout.output_norm;
    if (!layout.tied) parts += layout.output;
    for (const GgufLayout::Layer& layer : layout.layers) parts += layer.dense + layer.experts;
    EXPECT_EQ(parts, layout.tensors);
  }
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[errors.size() / 2], 0.04);
}

// Where the catalog knows a file's size, a plain id means that file.
TEST(Weights, KnownDynamicFilesHaveTheirOwnSize) {
  int known = 0;
  for (const Dynamic& dynamic : kDynamic) {
    const Model* model = TheCatalog().FindModel(dynamic.model);
    const BoundFormat* bound = TheCatalog().Bind(*model, dynamic.format);
    if (bound->checkpoint == nullptr) continue;
    ++known;
    EXPECT_NEAR(bound->stored.checkpoint.gib() / dynamic.gib, 1, 0.001) << dynamic.model << dynamic.format;
    EXPECT_NEAR(bound->stored.high.gib() / bound->stored.low.gib(), 1.01, 1e-3);
  }
  EXPECT_GE(known, 20);
}

// Both ends in Q8_0, else the usual mixture. Sizes as their publisher lists them.
TEST(Weights, FilesWithWideEnds) {
  struct Listed {
    const char* model;
    const char* format;
    double gb;
    double tolerance;
  };
  for (const Listed& listed : std::initializer_list<Listed>{{"llama-3.1-70b", "gguf-q6_k_l", 58.40, 2e-4},
                                                            {"llama-3.1-70b", "gguf-q5_k_l", 50.60, 2e-4},
                                                            {"llama-3.1-70b", "gguf-q4_k_l", 43.30, 2e-4},
                                                            {"llama-3.1-70b", "gguf-q3_k_xl", 38.06, 2e-4},
                                                            {"qwen2.5-3b", "gguf-q5_k_l", 2.2978, 2e-3}}) {
    const Model* model = TheCatalog().FindModel(listed.model);
    ASSERT_NE(model, nullptr);
    const BoundFormat* bound = TheCatalog().Bind(*model, listed.format);
    EXPECT_FALSE(bound->stored.approximate);
    const double gb = static_cast<double>(bound->stored.file.count()) / 1e9;
    EXPECT_NEAR(gb / listed.gb, 1, listed.tolerance) << listed.model << " " << listed.format;
    const std::string id(Info(static_cast<GgufFileType>(bound->format->gguf_type)).id);
    const std::vector<Named> tensors = NamedTensors(*bound->architecture);
    EXPECT_EQ(bound->stored.checkpoint.count(),
              DumbQuantizer(*bound->architecture, tensors, id, true, true).Total());
  }
}

// A publisher's own figure makes the whole; how it is spread stays the mixture's.
TEST(Weights, GivenBitsPerWeight) {
  const Model* model = TheCatalog().FindModel("qwen3.6-27b");
  const Result<WeightFormat> format = ReadWeightFormat(
      *Json::Parse(R"({"id":"gguf-ud-q4_k_xl","bits_per_weight":5.25})", "format"), "format");
  ASSERT_TRUE(format.ok()) << format.error().Message();
  const FormatBinding binding = BindFormat(model->architecture(), *format);
  const StoredWeights stored = StoreWeights(model->architecture(), *format, binding);
  EXPECT_NEAR(stored.bits_per_weight, 5.25, 1e-6);
  EXPECT_TRUE(stored.approximate);
  EXPECT_NEAR(stored.high.gib() / stored.low.gib(), 1.01, 1e-3);
}

TEST(Weights, PublishedCheckpoints) {
  for (const Published& published : kPublished) {
    const Model* model = TheCatalog().FindModel(published.model);
    ASSERT_NE(model, nullptr);
    const BoundFormat* bound = TheCatalog().Bind(*model, published.format);
    ASSERT_NE(bound, nullptr);
    const Bytes bytes = published.file ? bound->stored.file : bound->stored.checkpoint;
    const double error = static_cast<double>(bytes.count()) / static_cast<double>(published.bytes) - 1;
    EXPECT_LE(std::fabs(error), published.tolerance + 1e-12)
        << published.model << " " << published.format << ": " << bytes.count() << " against "
        << published.bytes;
  }
}

}  // namespace
}  // namespace plimsoll
