// What one rank of vLLM holds, counted a second time and without any cleverness: every tensor of every layer
// and every expert by its name, cut by the loader class that vLLM gives its module. Shapes come from the
// inventory; how a tensor is cut is decided here by name alone, formulas are written out again.
//
// Sources: vllm/model_executor/layers/linear.py (ColumnParallelLinear, RowParallelLinear, QKVParallelLinear,
// ReplicatedLinear), vocab_parallel_embedding.py, fused_moe/layer.py, mamba/mamba_mixer{,2}.py and the
// modules' declarations in vllm/model_executor/models/.
#ifndef PLIMSOLL_TESTS_CORE_ENGINES_VLLM_VLLM_WEIGHTS_TWIN_H_
#define PLIMSOLL_TESTS_CORE_ENGINES_VLLM_VLLM_WEIGHTS_TWIN_H_

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arch/architecture.h"
#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"

namespace plimsoll {

class VllmWeightsTwin {
 public:
  struct Setting {
    int64_t tp = 1, pp = 1, stage = 0;
    int64_t ep = 0, ep_rank = 0;  // ep 0: experts are cut
    bool vision = false, mtp = false;
    int64_t pad_width = 1, pad_hidden = 1;  // MXFP4 experts
  };

  VllmWeightsTwin(const Architecture& model, const FormatBinding& binding)
      : model_(model), binding_(binding) {
    for (const Tensor& tensor : model.tensors) classes_.push_back(ClassOf(tensor));
    schemes_.resize(model.tensors.size());
    for (const FormatBinding::Exception& exception : binding.exceptions)
      schemes_[static_cast<size_t>(exception.tensor)][exception.layer] = exception.scheme;
    for (const LayerGroup& group : model.groups)
      expert_width_ = std::max(expert_width_, group.shape.mlp.expert_intermediate);
  }

  int64_t Count(const Setting& setting) const {
    int64_t total = 0;
    for (size_t i = 0; i < model_.tensors.size(); ++i) {
      const Tensor& tensor = model_.tensors[i];
      if (tensor.duplicate) continue;
      for (const int32_t layer : LayersHere(tensor, setting)) total += OneLayer(i, layer, setting);
    }
    return total;
  }

 private:
  enum class Class {
    kReplicated,
    kColumn,  // ColumnParallelLinear and per-head vectors
    kRow,
    kKeys,       // k and v of QKVParallelLinear
    kFusedQkv,   // q, k and v in one tensor
    kMambaIn,    // z, x, B, C and dt in one tensor
    kMambaConv,  // x, B and C
    kVocabulary,
    kExpertIn,
    kExpertOut,
    kExpertPlain,  // a vector of the expert's output: whole on every rank that has the expert
    kNotLoaded,
  };

  static int64_t Up(int64_t a, int64_t b) { return (a + b - 1) / b; }

  static bool Is(std::string_view name, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  }

  static std::vector<std::string> Split(std::string_view name) {
    std::vector<std::string> parts = {""};
    for (const char c : name) {
      if (c == '.') {
        parts.emplace_back();
      } else {
        parts.back() += c;
      }
    }
    return parts;
  }

  bool IsRecurrent(const Tensor& tensor, RecurrentKind kind) const {
    return tensor.group >= 0 && model_.groups[static_cast<size_t>(tensor.group)].shape.recurrent.kind == kind;
  }
  bool Attends(const Tensor& tensor) const {
    const LayerShape& shape = ShapeOf(tensor);
    return shape.attention.kind != AttentionKind::kNone;
  }
  const LayerShape& ShapeOf(const Tensor& tensor) const {
    return tensor.group >= 0 ? model_.groups[static_cast<size_t>(tensor.group)].shape : model_.mtp_shape;
  }

  Class ClassOf(const Tensor& tensor) const {
    std::vector<std::string> path = Split(tensor.name);
    bool bias = false;
    if (path.back() == "weight" || path.back() == "bias") {
      bias = path.back() == "bias";
      path.pop_back();
    }
    const std::string leaf = path.empty() ? "" : path.back();
    const std::string parent = path.size() > 1 ? path[path.size() - 2] : "";
    const auto inside = [&path](std::string_view part) {
      return std::find(path.begin(), path.end(), part) != path.end();
    };
    const Class cut = tensor.part == TensorPart::kVision ? VisionClass(path, leaf, parent)
                                                         : TextClass(tensor, path, leaf, parent, inside);
    // A row-parallel layer adds its bias once, on every rank the whole of it.
    return cut == Class::kRow && bias ? Class::kReplicated : cut;
  }

  bool Named(std::string_view begin) const { return model_.name.substr(0, begin.size()) == begin; }

  // Towers and projectors that vLLM takes whole from transformers or builds of plain nn.Linear.
  bool IsWhole(const std::vector<std::string>& path) const {
    for (const std::string& part : path) {
      if (Is(part, {"embed_audio", "embed_vision", "vision_embedder", "resampler", "connector", "sam_model",
                    "audio_embed", "timm_model", "cross_attn", "qwen2_model"}))
        return true;  // aria.py's attention and deepencoder2.py's Qwen2 are transformers' own
    }
    const bool projector = std::find(path.begin(), path.end(), "multi_modal_projector") != path.end();
    if (projector && (Named("KimiVL") || Named("PaliGemma") || Named("Lfm2Vl") || Named("Voxtral")))
      return true;
    return path[0] == "model" && path.size() > 1 && path[1] == "audio_tower";  // Gemma's
  }

  // Modules that count their layers instead of naming them: an activation stands between.
  static Class CountedClass(const std::vector<std::string>& path, const std::string& leaf,
                            const std::string& parent) {
    const bool merger = std::find(path.begin(), path.end(), "merger") != path.end() && parent == "mlp";
    if (parent == "mlp1")
      return leaf == "1" ? Class::kColumn : leaf == "3" ? Class::kRow : Class::kReplicated;
    if (!merger && !Is(parent, {"img_projection", "layers"})) return Class::kReplicated;
    return leaf == "0" ? Class::kColumn : leaf == "2" ? Class::kRow : Class::kReplicated;
  }

  Class VisionClass(const std::vector<std::string>& path, const std::string& leaf,
                    const std::string& parent) const {
    if (IsWhole(path)) return Class::kReplicated;
    // aria.py, hunyuan_vision.py, isaac.py, ernie45_vl.py (whose resampler gathers every layer's output).
    if (Is(leaf, {"linear_in", "dense_h_to_4h"})) return Class::kColumn;
    if (Is(leaf, {"linear_out", "dense_4h_to_h"})) return Class::kRow;
    if (parent == "vision_embedding")
      return leaf == "1" ? Class::kColumn : leaf == "3" ? Class::kRow : Class::kReplicated;
    const bool resampler = std::find(path.begin(), path.end(), "resampler_model") != path.end();
    if (resampler) return leaf == "mlp" || Is(leaf, {"0", "2"}) ? Class::kColumn : Class::kReplicated;
    const bool projector =
        path[0] == "multi_modal_projector" || path[0] == "mlp_AR" || Named("Cohere2Vision");
    if (projector && path.size() == 1) return Class::kColumn;  // Llama 3.2's, which gathers
    // SigLIP's pooling head attends with one learnt query.
    if (leaf == "out_proj" && parent == "attention") return Class::kReplicated;
    if (Is(parent, {"mlp1", "img_projection", "layers"}) || (parent == "mlp" && Is(leaf, {"0", "2"})))
      return CountedClass(path, leaf, parent);
    if (Is(leaf, {"wq", "wk", "wv", "w1", "w3", "fc3", "proj1"})) return Class::kColumn;
    if (Is(leaf, {"w2", "proj2"})) return Class::kRow;
    if (leaf == "proj" && Is(parent, {"merger", "audio_tower"})) return Class::kColumn;
    if (leaf == "linear" && parent != "patch_embedding") return VisionClass(path, parent, "");
    if (leaf == "linear") return Class::kColumn;  // Llama 4's unfolded convolution
    if (Is(leaf, {"qkv", "wqkv", "q_proj", "k_proj", "v_proj", "linear_fc1", "gate_proj", "up_proj", "fc0"}))
      return Class::kColumn;
    if (Is(leaf, {"o_proj", "out_proj", "wo", "linear_fc2", "down_proj", "fc2"})) return Class::kRow;
    // Kimi counts its two layers from 0, SigLIP and Llama 4 from 1.
    if (leaf == "fc1") {
      const bool blocks = std::find(path.begin(), path.end(), "blocks") != path.end();
      return blocks && Named("Kimi") ? Class::kRow : Class::kColumn;
    }
    if (leaf == "proj" && parent == "attn") return Class::kRow;
    if (path[0] == "mm_projector" && parent == "proj") return leaf == "0" ? Class::kColumn : Class::kRow;
    if (projector && leaf == "linear_1") return Class::kColumn;
    if (projector && leaf == "linear_2") return Class::kRow;
    return Class::kReplicated;
  }

  template <typename Inside>
  Class TextClass(const Tensor& tensor, const std::vector<std::string>& path, const std::string& leaf,
                  const std::string& parent, const Inside& inside) const {
    const bool shared_block = inside("blocks") && Named("Zamba2");
    const bool outside = tensor.group < 0 && tensor.part == TensorPart::kText && !shared_block;
    if (outside) {
      if (Named("Whisper") && leaf == "embed_tokens") return Class::kReplicated;  // nn.Embedding
      if (leaf == "per_layer_model_projection") return Class::kColumn;            // gathers
      if (Is(parent, {"altup_projections", "altup_unembed_projections"})) return Class::kColumn;
      if (leaf == "ff_out" || (leaf == "embedding" && parent == "wte")) return Class::kVocabulary;
      return Is(leaf, {"embed_tokens", "embed", "embeddings", "word_embeddings", "wte", "lm_head", "head",
                       "embed_out", "tok_embeddings", "output", "embed_in", "embed_tokens_per_layer",
                       "ngram_embedding", "output_layer"})
                 ? Class::kVocabulary
                 : Class::kReplicated;
    }
    if (tensor.part == TensorPart::kMtp &&
        (leaf == "embed_tokens" || (parent == "shared_head" && leaf == "head")))
      return Class::kNotLoaded;
    // step3p5_mtp.py's head, and the tables of DeepSeek-V4.1's drafts.
    if (parent == "shared_head" && leaf == "output") return Class::kVocabulary;
    if (parent == "markov_head") return Class::kVocabulary;
    if (path[0] == "mtp" && leaf == "fc") return Class::kColumn;  // gathers its output
    if (inside("indexer")) return Class::kReplicated;
    if (Is(leaf, {"index_k_proj", "index_q_norm", "index_k_norm"})) return Class::kReplicated;
    if (leaf == "index_q_proj") return Class::kKeys;

    // step3_text.py: one key head, queries of low rank; all that is shared stands on every rank.
    if (Named("Step3VL") && Is(leaf, {"q_proj", "k_proj", "v_proj"})) return Class::kReplicated;
    if (leaf == "wq") return Class::kColumn;
    const bool routed = inside("experts") || inside("vision_experts") || parent == "moe" ||
                        (inside("block_sparse_moe") && Is(leaf, {"input_linear", "output_linear"}));
    if (routed && leaf == "experts") return Class::kReplicated;  // Nomic's one bias for all
    if (routed && leaf != "gate" && leaf != "router_bias") {
      if (Is(leaf, {"w2", "down_proj", "output_linear"})) return Class::kExpertOut;
      if (leaf == "down_proj_bias") return Class::kExpertPlain;
      return Class::kExpertIn;
    }
    if (inside("mamba") || inside("mixer")) {
      if (IsRecurrent(tensor, RecurrentKind::kMamba2)) {
        if (leaf == "in_proj") return Class::kMambaIn;
        if (leaf == "conv1d") return Class::kMambaConv;
      } else if (Is(leaf, {"in_proj", "conv1d"})) {
        return Class::kColumn;
      }
      if (leaf == "x_proj") return Class::kRow;
      if (Is(leaf, {"A_log", "D", "dt_bias", "norm", "dt_proj"})) return Class::kColumn;
    }
    if (parent == "conv" && Is(leaf, {"in_proj", "conv"})) return Class::kColumn;
    if (Is(leaf, {"query", "fc11", "fc12", "up_gate_proj", "ff_proj"})) return Class::kColumn;
    if (Is(leaf, {"key", "value"})) return Class::kKeys;
    if (leaf == "dense" && parent == "intermediate") return Class::kColumn;
    if (Is(leaf, {"Wo", "attn_out", "ff_out", "linear_right"})) return Class::kRow;
    if (leaf == "linear_left") return Class::kColumn;
    if (leaf == "1" && parent == "gate_up_proj_adapter") return Class::kColumn;
    // Kimi's delta attention and MiniMax's lightning attention have no KV heads to share.
    const bool keys = Attends(tensor) && !shared_block;
    if (Is(leaf, {"k_proj", "v_proj"})) return keys ? Class::kKeys : Class::kColumn;
    if (Is(leaf, {"qkv_proj", "query_key_value", "Wqkv", "W_pack", "wqkv", "c_attn", "qkv", "att_proj"})) {
      return keys ? Class::kFusedQkv : Class::kColumn;
    }
    if (Is(leaf, {"q_norm", "k_norm"})) return NormClass(tensor, leaf);
    if (leaf == "norm" && IsRecurrent(tensor, RecurrentKind::kLightning) && parent == "self_attn")
      return Class::kColumn;
    if (Is(leaf, {"q_proj",
                  "q_b_proj",
                  "kv_b_proj",
                  "wq_b",
                  "wo_a",
                  "gate_proj",
                  "up_proj",
                  "gate_up_proj",
                  "w1",
                  "w3",
                  "c_fc",
                  "dense_h_to_4h",
                  "input_linear",
                  "b_proj",
                  "f_b_proj",
                  "g_b_proj",
                  "g_proj",
                  "output_gate",
                  "A_log",
                  "dt_bias",
                  "sinks",
                  "attn_sink",
                  "attention_sink_bias",
                  "in_proj_qkvz",
                  "in_proj_qkv",
                  "in_proj_z",
                  "in_proj_ba",
                  "in_proj_a",
                  "in_proj_b",
                  "conv1d",
                  "q_conv1d",
                  "k_conv1d",
                  "v_conv1d",
                  "fc1",
                  "gate_up"})) {
      return Class::kColumn;
    }
    if (Is(leaf, {"o_proj", "out_proj", "down_proj", "w2", "wo_b", "c_proj", "dense", "dense_4h_to_h",
                  "output_linear", "fc2"})) {
      return Class::kRow;
    }
    return Class::kReplicated;
  }

  // Norms over a head are whole. Norms over all heads are cut with them (MiniMax, Cohere), but OLMo gathers
  // the heads first.
  Class NormClass(const Tensor& tensor, const std::string& leaf) const {
    const Attention& attention = ShapeOf(tensor).attention;
    if (attention.qk_norm != QkNorm::kFullWidth) return Class::kReplicated;
    if (model_.name.substr(0, 4) == "Olmo") return Class::kReplicated;
    return leaf == "q_norm" ? Class::kColumn : Class::kKeys;
  }

  // The layers of this tensor that stand on this stage, numbered within its own stack.
  std::vector<int32_t> LayersHere(const Tensor& tensor, const Setting& s) const {
    std::vector<int32_t> here;
    const bool first = s.stage == 0, last = s.stage == s.pp - 1;
    if (tensor.part == TensorPart::kVision) {
      if (s.vision) here.resize(static_cast<size_t>(tensor.times / tensor.copies));
    } else if (tensor.part == TensorPart::kMtp) {
      if (s.mtp && last) here.resize(static_cast<size_t>(tensor.times / tensor.copies));
    } else if (tensor.group < 0) {
      const bool embedding = tensor.role == TensorRole::kEmbedding;
      if (!(embedding ? first || (last && model_.tied_embeddings) : last)) return here;
      here.resize(static_cast<size_t>(tensor.times / tensor.copies));
    } else {
      // get_pp_indices: the remainder goes to the stages before the last one.
      std::vector<int64_t> sizes(static_cast<size_t>(s.pp), model_.layers / s.pp);
      for (int64_t i = 2; i < model_.layers % s.pp + 2; ++i) ++sizes[static_cast<size_t>(s.pp - i)];
      int64_t begin = 0;
      for (int64_t i = 0; i < s.stage; ++i) begin += sizes[static_cast<size_t>(i)];
      const int64_t end = begin + sizes[static_cast<size_t>(s.stage)];
      for (int64_t layer = begin; layer < end; ++layer) {
        if (model_.layer_group[static_cast<size_t>(layer)] == tensor.group)
          here.push_back(static_cast<int32_t>(layer));
      }
      return here;
    }
    for (size_t i = 0; i < here.size(); ++i) here[i] = static_cast<int32_t>(i);
    return here;
  }

  int64_t OneLayer(size_t index, int32_t layer, const Setting& s) const {
    const Tensor& tensor = model_.tensors[index];
    const auto own = schemes_[index].find(layer);
    const WeightScheme& scheme =
        binding_.schemes[own == schemes_[index].end() ? binding_.scheme[index] : own->second];
    int64_t rows = tensor.rows, columns = tensor.columns;
    const LayerShape& shape = ShapeOf(tensor);
    const Attention& a = shape.attention;
    const int64_t tp = s.tp;
    // A KV head that several ranks need is held by each of them.
    const auto keys = [tp](int64_t of_all, int64_t heads) {
      return of_all / heads * std::max<int64_t>(1, heads / tp);
    };
    switch (classes_[index]) {
      case Class::kNotLoaded:
        return 0;
      case Class::kReplicated:
      case Class::kExpertPlain:
        break;
      case Class::kColumn:
        rows = Up(rows, tp);
        break;
      case Class::kRow:
        columns = Up(columns, tp);
        break;
      case Class::kKeys:
        rows = keys(rows, tensor.name.find("index_q") != std::string::npos ? a.index_heads : a.kv_heads);
        break;
      case Class::kFusedQkv: {
        const int64_t kv = a.kv_heads * (a.key_dim + a.value_dim);
        rows = Up(rows - kv, tp) + keys(kv, a.kv_heads);
        break;
      }
      case Class::kMambaIn: {
        const Recurrent& r = shape.recurrent;
        rows = (2 * r.inner + r.heads) / tp + 2 * keys(r.groups * r.state_dim, r.groups);
        break;
      }
      case Class::kMambaConv: {
        const Recurrent& r = shape.recurrent;
        rows = r.inner / tp + 2 * keys(r.groups * r.state_dim, r.groups);
        break;
      }
      case Class::kVocabulary:
        rows = Up(Up(rows, 64) * 64, tp);
        break;
      case Class::kExpertIn:
        if (s.ep == 0) rows = Up(rows, tp);
        break;
      case Class::kExpertOut:
        if (s.ep == 0) columns = Up(columns, tp);
        break;
    }
    const bool expert = classes_[index] == Class::kExpertIn || classes_[index] == Class::kExpertOut ||
                        classes_[index] == Class::kExpertPlain;
    int64_t group = scheme.group_size;
    if (expert && s.ep == 0) group = SmallerGroup(scheme, tp);
    if (expert && scheme.family == FormatFamily::kMxfp4 && columns > 1) {
      // w13 is padded by halves where gate and up are one tensor.
      const bool out = classes_[index] == Class::kExpertOut;
      const int64_t halves = !out && tensor.rows == 2 * expert_width_ ? 2 : 1;
      const int64_t width = out ? columns : rows / halves;
      const int64_t padded = Up(width, s.pad_width) * s.pad_width;
      const int64_t hidden = Up(out ? rows : columns, s.pad_hidden) * s.pad_hidden;
      rows = out ? hidden : padded * halves;
      columns = out ? padded : hidden;
    }
    int64_t copies = 0;
    for (int64_t e = 0; e < tensor.copies; ++e) copies += !expert || Mine(e, tensor.copies, s) ? 1 : 0;
    return copies * Loaded(scheme, group, tensor.fp32, rows, columns);
  }

  // determine_expert_map: ranks in order, the first ones hold one more if they do not divide.
  static bool Mine(int64_t expert, int64_t experts, const Setting& s) {
    if (s.ep == 0) return true;
    int64_t begin = 0;
    for (int64_t rank = 0; rank < s.ep; ++rank) {
      const int64_t size = experts / s.ep + (rank < experts % s.ep ? 1 : 0);
      if (expert >= begin && expert < begin + size) return rank == s.ep_rank;
      begin += size;
    }
    return false;
  }

  // moe_wna16.py: groups that the cut would break are halved.
  int64_t SmallerGroup(const WeightScheme& scheme, int64_t tp) const {
    int64_t group = scheme.group_size;
    const bool integer = scheme.family == FormatFamily::kGptq || scheme.family == FormatFamily::kAwq ||
                         scheme.family == FormatFamily::kPacked;
    if (!integer || group == 0) return group;
    const int64_t width = Up(expert_width_, tp);
    while (group >= 32 && (width % group != 0 || model_.hidden % group != 0)) group /= 2;
    return group >= 32 ? group : scheme.group_size;
  }

  // In memory on a card with Marlin: integer formats lose zero points they do not need and group indices.
  static int64_t Loaded(const WeightScheme& s, int64_t group, bool fp32, int64_t n, int64_t k) {
    const int64_t groups = group == 0 ? 1 : Up(k, group);
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
      case FormatFamily::kPacked:
        return n * k * s.bits / 8 + groups * n * 2 + (s.symmetric ? 0 : groups * n * s.bits / 8) +
               (s.desc_act ? 8 * k : 0);
      case FormatFamily::kAwq:
        return k * Up(n * s.bits, 32) * 4 + groups * n * 2 + groups * Up(n * s.bits, 32) * 4;
      case FormatFamily::kNvfp4:
        return Up(n * k, 2) + n * Up(k, 16) + 4 + (s.static_activations ? 4 : 0);
      case FormatFamily::kMxfp4:
        return Up(n * k, 2) + n * Up(k, 32);
      case FormatFamily::kBnbNf4:
        // vLLM multiplies the double quantisation out: a float for each block of 64.
        return Up(n * k, 2) + 64 + Up(n * k, 64) * 4;
      case FormatFamily::kBnbInt8:
        return n * k + 4 * n;
      case FormatFamily::kScaled:
        return static_cast<int64_t>((static_cast<double>(n * k) * s.value_bits + 7) / 8) +
               groups * n * s.group_bytes + n * s.row_bytes + k * s.column_bytes + s.tensor_bytes;
    }
    return 0;
  }

  const Architecture& model_;
  const FormatBinding& binding_;
  std::vector<Class> classes_;
  std::vector<std::map<int32_t, uint8_t>> schemes_;
  int64_t expert_width_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_CORE_ENGINES_VLLM_VLLM_WEIGHTS_TWIN_H_
