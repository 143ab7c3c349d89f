#include "core/weights/gguf_tensors.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace plimsoll {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}
bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// tensor_get_category of src/llama-quant.cpp; the order of the questions is llama.cpp's.
GgufCategory CategoryOf(std::string_view name) {
  if (name == "output.weight") return GgufCategory::kOutput;
  if (name == "token_embd.weight" || name == "per_layer_token_embd.weight")
    return GgufCategory::kTokenEmbedding;
  if (Contains(name, "attn_")) {
    if (Contains(name, "attn_qkv.weight") || Contains(name, "attn_kv_b.weight") ||
        Contains(name, "attn_v.weight")) {
      return GgufCategory::kAttentionV;
    }
    if (Contains(name, "attn_k.weight")) return GgufCategory::kAttentionK;
    if (Contains(name, "attn_q.weight")) return GgufCategory::kAttentionQ;
    if (Contains(name, "attn_output.weight")) return GgufCategory::kAttentionOutput;
  }
  if (!Contains(name, "ffn_")) return GgufCategory::kOther;
  if (Contains(name, "ffn_up")) return GgufCategory::kFfnUp;
  if (Contains(name, "ffn_gate")) return GgufCategory::kFfnGate;
  if (Contains(name, "ffn_down")) return GgufCategory::kFfnDown;
  return GgufCategory::kOther;
}

// tensor_allows_quantization, as far as language models hold such tensors.
bool AllowsQuantization(const GgufTensor& tensor) {
  const int dimensions = tensor.ne2 > 1 ? 3 : tensor.ne1 > 1 ? 2 : 1;
  if (dimensions < 2) return false;
  constexpr std::string_view kWeight = "weight";
  const std::string_view name = tensor.name;
  if (name.size() < kWeight.size() || name.substr(name.size() - kWeight.size()) != kWeight) return false;
  constexpr std::string_view kKept[] = {
      "_norm.weight",     "ffn_gate_inp.weight",   "ffn_gate_tid2eid.weight", "altup",
      "laurel",           "per_layer_model_proj",  "position_embd.weight",    "token_types.weight",
      "ssm_conv1d",       "shortconv.conv.weight", "indexer.k_proj.weight",   "indexer.q_proj.weight",
      "attn_rel_b.weight"};
  for (const std::string_view part : kKept) {
    if (Contains(name, part)) return false;
  }
  return true;
}

// Collects the tensors of one model. Shapes are (input, output[, experts or heads]) as ggml writes them.
class Lister {
 public:
  explicit Lister(const Architecture& architecture) : a_(architecture) {}

  std::vector<GgufTensor> List() {
    tensors_.reserve(24 * (a_.groups.size() + 1));
    AddGlobals();
    for (size_t group = 0; group < a_.groups.size(); ++group) {
      group_ = static_cast<int32_t>(group);
      AddLayer(a_.groups[group].shape);
    }
    if (a_.traits.gguf_keeps_mtp && a_.mtp_layers > 0) AddMtp();
    Sort();
    return std::move(tensors_);
  }

 private:
  void Add(std::string_view name, int64_t ne0, int64_t ne1 = 1, int64_t ne2 = 1) {
    if (ne0 <= 0 || ne1 <= 0 || ne2 <= 0) return;
    GgufTensor tensor;
    if (group_ >= 0 || mtp_) tensor.name = "blk.{}.";
    tensor.name.append(name);
    tensor.group = group_;
    tensor.mtp = mtp_;
    tensor.ne0 = ne0;
    tensor.ne1 = ne1;
    tensor.ne2 = ne2;
    if (ne1 > 1 || ne2 > 1) {  // vectors are never quantised, nor counted
      tensor.category = CategoryOf(tensor.name);
      tensor.quantizable = AllowsQuantization(tensor);
    }
    tensor.expert = Contains(tensor.name, "_exps.") || Contains(tensor.name, "_chexps.");
    tensors_.push_back(std::move(tensor));
  }

  void AddIf(bool present, std::string_view name, int64_t ne0, int64_t ne1 = 1, int64_t ne2 = 1) {
    if (present) Add(name, ne0, ne1, ne2);
  }

  void AddGlobals() {
    group_ = -1;
    Add("token_embd.weight", a_.hidden, a_.vocab);
    AddIf(!a_.tied_embeddings, "output.weight", a_.hidden, a_.vocab);
    const bool normed = std::any_of(a_.tensors.begin(), a_.tensors.end(),
                                    [](const Tensor& tensor) { return tensor.ggml == "output_norm"; });
    AddIf(normed, "output_norm.weight", a_.hidden);
    const bool norm_bias = !a_.groups.empty() && a_.groups[0].shape.norm_bias;
    AddIf(norm_bias && normed, "output_norm.bias", a_.hidden);
    AddByGgmlName({"position_embd", "token_embd_norm", "token_types", "cls", "per_layer_", "altup_", "hc_",
                   "attn_rel_b", "enc.output_norm"});
    if (!a_.rope_factors || a_.rotary_dim < 2) return;
    if (a_.traits.gguf_long_rope_factors) {
      Add("rope_factors_long.weight", a_.rotary_dim / 2);
      Add("rope_factors_short.weight", a_.rotary_dim / 2);
    } else {
      Add("rope_freqs.weight", a_.rotary_dim / 2);
    }
  }

  // The converter's names for the norms of one layer, by how many there are; only their count matters for
  // bytes.
  void AddNorms(const LayerShape& shape) {
    constexpr std::string_view kNames[] = {"attn_norm",      "ffn_norm",       "post_attention_norm",
                                           "post_ffw_norm",  "pre_ffw_norm_2", "post_ffw_norm_1",
                                           "post_ffw_norm_2"};
    const int count = std::clamp(static_cast<int>(shape.norms), 0, 7);
    for (int i = 0; i < count; ++i) {
      Add(std::string(kNames[i]) + ".weight", a_.hidden);
      AddIf(shape.norm_bias, std::string(kNames[i]) + ".bias", a_.hidden);
    }
  }

  void AddLayer(const LayerShape& shape) {
    AddNorms(shape);
    if (shape.attention.kind == AttentionKind::kLatent) {
      AddLatentAttention(shape.attention);
    } else if (shape.attention.kind == AttentionKind::kCompressed) {
      AddCompressedAttention();
    } else if (shape.attention.kind != AttentionKind::kNone) {
      AddAttention(shape.attention);
    }
    const bool indexed = shape.attention.index_heads > 0 && !shape.attention.index_shared;
    if (indexed && shape.attention.index_pool > 0) {
      AddFromInventory(TensorRole::kIndexer);
    } else if (indexed && shape.attention.kind != AttentionKind::kCompressed) {
      AddIndexer(shape.attention);
    }
    AddRecurrent(shape.recurrent);
    AddMlp(shape.mlp);
    if (!mtp_)
      AddByGgmlName(
          {"inp_gate", "proj", "post_norm", "layer_output_scale", "altup_", "laurel_", "hc_", "cross_attn_"});
  }

  // Tensors that the converter takes over as they are, under ggml's name.
  void AddByGgmlName(std::initializer_list<std::string_view> prefixes) {
    for (const Tensor& tensor : a_.tensors) {
      if (tensor.group != group_ || tensor.part != TensorPart::kText) continue;
      const bool wanted = std::any_of(prefixes.begin(), prefixes.end(), [&tensor](std::string_view prefix) {
        return StartsWith(tensor.ggml, prefix);
      });
      if (!wanted) continue;
      const bool bias = tensor.name.size() > 5 && tensor.name.substr(tensor.name.size() - 5) == ".bias";
      const std::string name = std::string(tensor.ggml) + (bias ? ".bias" : ".weight");
      if (tensor.columns == 1) {
        Add(name, tensor.rows);
        continue;
      }
      Add(name, tensor.columns, tensor.rows, tensor.copies);
      // Neither the converter nor llama-quantize changes their 16 bits.
      const bool half = Contains(name, "altup_proj") || Contains(name, "altup_unembd") ||
                        Contains(name, "altup_router") || Contains(name, "laurel_") ||
                        Contains(name, "per_layer_model_proj");
      tensors_.back().half = half && !tensors_.back().quantizable;
    }
  }

  void AddAttention(const Attention& x) {
    const int64_t q = x.heads * x.key_dim * (x.query_gate ? 2 : 1);
    const int64_t k = x.kv_heads * x.key_dim;
    const int64_t v = x.key_is_value ? 0 : x.kv_heads * x.value_dim;
    if (x.fused_qkv && !a_.traits.gguf_splits_qkv) {
      Add("attn_qkv.weight", a_.hidden, q + k + v);
      AddIf(x.qkv_bias, "attn_qkv.bias", q + k + v);
    } else {
      const bool own = !x.shares_kv || x.stores_kv;
      Add("attn_q.weight", a_.hidden, q);
      AddIf(own, "attn_k.weight", a_.hidden, k);
      AddIf(own, "attn_v.weight", a_.hidden, v);
      AddIf(x.qkv_bias, "attn_q.bias", q);
      AddIf(x.qkv_bias, "attn_k.bias", k);
      AddIf(x.qkv_bias && v > 0, "attn_v.bias", v);
    }
    Add("attn_output.weight", x.heads * x.value_dim, a_.hidden);
    AddIf(x.o_bias, "attn_output.bias", a_.hidden);
    if (x.qk_norm == QkNorm::kPerHead) {
      Add("attn_q_norm.weight", x.key_dim);
      AddIf(!x.shares_kv || x.stores_kv, "attn_k_norm.weight", x.key_dim);
    } else if (x.qk_norm == QkNorm::kFullWidth) {
      Add("attn_q_norm.weight", x.heads * x.key_dim);
      Add("attn_k_norm.weight", x.kv_heads * x.key_dim);
    }
    AddIf(x.sinks, "attn_sinks.weight", x.heads);
    AddIf(x.gate_rows > 0, "attn_gate.weight", a_.hidden, x.gate_rows);
  }

  // kv_b is split so that the latent can be absorbed: k_b transposed per head, v_b as it is.
  void AddLatentAttention(const Attention& x) {
    if (x.q_lora_rank > 0) {
      Add("attn_q_a.weight", a_.hidden, x.q_lora_rank);
      Add("attn_q_a_norm.weight", x.q_lora_rank);
      Add("attn_q_b.weight", x.q_lora_rank, x.heads * x.key_dim);
    } else {
      Add("attn_q.weight", a_.hidden, x.heads * x.key_dim);
    }
    Add("attn_kv_a_mqa.weight", a_.hidden, x.kv_lora_rank + x.rope_dim);
    Add("attn_kv_a_norm.weight", x.kv_lora_rank);
    Add("attn_k_b.weight", x.nope_dim, x.kv_lora_rank, x.heads);
    Add("attn_v_b.weight", x.kv_lora_rank, x.value_dim, x.heads);
    Add("attn_output.weight", x.heads * x.value_dim, a_.hidden);
    AddIf(x.gate_rows > 0, "attn_gate.weight", a_.hidden, x.gate_rows);
  }

  void AddIndexer(const Attention& x) {
    const int64_t from = x.q_lora_rank > 0 ? x.q_lora_rank : a_.hidden;
    Add("indexer.attn_q_b.weight", from, x.index_heads * x.index_dim);
    Add("indexer.attn_k.weight", a_.hidden, x.index_dim);
    Add("indexer.k_norm.weight", x.index_dim);
    Add("indexer.k_norm.bias", x.index_dim);
    Add("indexer.proj.weight", a_.hidden, x.index_heads);
  }

  void AddRecurrent(const Recurrent& x) {
    switch (x.kind) {
      case RecurrentKind::kNone:
        return;
      case RecurrentKind::kGatedDeltaNet:
        return AddGatedDeltaNet(x);
      case RecurrentKind::kMamba1:
        return AddMamba1(x);
      case RecurrentKind::kMamba2:
        return AddMamba2(x);
      case RecurrentKind::kKimiDelta:
      case RecurrentKind::kLightning:
      case RecurrentKind::kShortConvolution:
      case RecurrentKind::kRwkv:
        return AddFromInventory(TensorRole::kRecurrent);
    }
  }

  void AddGatedDeltaNet(const Recurrent& x) {
    Add("attn_qkv.weight", a_.hidden, x.conv_channels);
    Add("attn_gate.weight", a_.hidden, x.inner);
    Add("ssm_conv1d.weight", x.conv_kernel, x.conv_channels);
    Add("ssm_dt.bias", x.heads);
    Add("ssm_a", x.heads);
    if (x.fused_in_proj) {
      Add("ssm_ba.weight", a_.hidden, 2 * x.heads);
    } else {
      Add("ssm_alpha.weight", a_.hidden, x.heads);
      Add("ssm_beta.weight", a_.hidden, x.heads);
    }
    Add("ssm_norm.weight", x.head_dim);
    Add("ssm_out.weight", x.inner, a_.hidden);
  }

  void AddMamba1(const Recurrent& x) {
    Add("ssm_in.weight", a_.hidden, 2 * x.inner);
    Add("ssm_conv1d.weight", x.conv_kernel, x.inner);
    AddIf(x.conv_bias, "ssm_conv1d.bias", x.inner);
    Add("ssm_x.weight", x.inner, x.dt_rank + 2 * x.state_dim);
    Add("ssm_dt.weight", x.dt_rank, x.inner);
    Add("ssm_dt.bias", x.inner);
    AddIf(x.input_norms, "ssm_dt_norm.weight", x.dt_rank);
    AddIf(x.input_norms, "ssm_b_norm.weight", x.state_dim);
    AddIf(x.input_norms, "ssm_c_norm.weight", x.state_dim);
    Add("ssm_a", x.state_dim, x.inner);
    Add("ssm_d", x.inner);
    Add("ssm_out.weight", x.inner, a_.hidden);
  }

  // PLaMo 2 (gguf-py/gguf/tensor_mapping.py, MODEL_ARCH.PLAMO2).
  void AddLowRankMamba2(const Recurrent& x) {
    Add("ssm_in.weight", a_.hidden, 2 * x.inner);
    Add("ssm_conv1d.weight", x.conv_kernel, x.inner);
    Add("ssm_x.weight", x.inner, x.dt_rank + 2 * x.state_dim);
    Add("ssm_dt.weight", x.dt_rank, x.heads);
    Add("ssm_dt.bias", x.heads);
    Add("ssm_dt_norm.weight", x.dt_rank);
    Add("ssm_b_norm.weight", x.state_dim);
    Add("ssm_c_norm.weight", x.state_dim);
    Add("ssm_a", 1, x.heads);
    Add("ssm_d", 1, x.heads);
    Add("ssm_out.weight", x.inner, a_.hidden);
  }

  void AddMamba2(const Recurrent& x) {
    if (x.dt_rank > 0) return AddLowRankMamba2(x);
    Add("ssm_in.weight", a_.hidden, 2 * x.inner + 2 * x.groups * x.state_dim + x.heads);
    Add("ssm_conv1d.weight", x.conv_kernel, x.conv_channels);
    AddIf(x.conv_bias, "ssm_conv1d.bias", x.conv_channels);
    Add("ssm_dt.bias", x.heads);
    Add("ssm_a", 1, x.heads);
    Add("ssm_d", 1, x.heads);
    AddIf(x.gated_norm, "ssm_norm.weight", x.inner / std::max<int64_t>(x.groups, 1),
          std::max<int64_t>(x.groups, 1));
    Add("ssm_out.weight", x.inner, a_.hidden);
  }

  void AddMlp(const Mlp& x) {
    if (x.kind == MlpKind::kDense || x.dense_beside) AddDenseMlp(x, x.intermediate, "");
    if (x.kind != MlpKind::kMoe) return;
    Add("ffn_gate_inp.weight", a_.hidden, x.experts);
    AddIf(x.router_bias, "ffn_gate_inp.bias", x.experts);
    AddIf(x.selection_bias, "exp_probs_b.bias", x.experts);
    AddIf(x.gated, "ffn_gate_exps.weight", x.expert_hidden, x.expert_intermediate, x.experts);
    Add("ffn_up_exps.weight", x.expert_hidden, x.expert_intermediate, x.experts);
    Add("ffn_down_exps.weight", x.expert_intermediate, x.expert_hidden, x.experts);
    if (x.bias) {
      AddIf(x.gated, "ffn_gate_exps.bias", x.expert_intermediate, x.experts);
      Add("ffn_up_exps.bias", x.expert_intermediate, x.experts);
      Add("ffn_down_exps.bias", x.expert_hidden, x.experts);
    }
    if (x.expert_hidden != a_.hidden) {
      Add("ffn_latent_down.weight", a_.hidden, x.expert_hidden);
      Add("ffn_latent_up.weight", x.expert_hidden, a_.hidden);
      AddIf(x.latent_norm, "ffn_latent_norm.weight", x.expert_hidden);
    }
    if (x.shared_intermediate > 0) {
      Mlp shared = x;
      shared.fused_gate_up = false;
      shared.bias = false;
      AddDenseMlp(shared, x.shared_intermediate, "_shexp");
      AddIf(x.shared_gate, "ffn_gate_inp_shexp.weight", a_.hidden);
    }
  }

  void AddDenseMlp(const Mlp& x, int64_t width, const std::string& suffix) {
    const bool fused = x.gated && x.fused_gate_up && x.kind == MlpKind::kDense;
    AddIf(x.gated && !fused, "ffn_gate" + suffix + ".weight", a_.hidden, width);
    Add("ffn_up" + suffix + ".weight", a_.hidden, fused ? 2 * width : width);
    Add("ffn_down" + suffix + ".weight", width, a_.hidden);
    if (!x.bias) return;
    AddIf(x.gated && !fused, "ffn_gate" + suffix + ".bias", width);
    Add("ffn_up" + suffix + ".bias", fused ? 2 * width : width);
    Add("ffn_down" + suffix + ".bias", a_.hidden);
  }

  // Mixers whose GGUF tensors are the safetensors' own, one for one.
  void AddFromInventory(TensorRole role) {
    for (const Tensor& tensor : a_.tensors) {
      if (tensor.role == role) AddSame(tensor);
    }
  }

  // DeepSeek-V4: attention, compressor, indexer and hyper-connections; a table of the vocabulary routes the
  // first layers.
  void AddCompressedAttention() {
    for (const Tensor& tensor : a_.tensors) {
      const bool hidden_norm = Contains(tensor.name, ".attn_norm.") || Contains(tensor.name, ".ffn_norm.");
      const bool wanted = tensor.role == TensorRole::kAttention || tensor.role == TensorRole::kIndexer ||
                          tensor.role == TensorRole::kOther || Contains(tensor.name, "tid2eid") ||
                          (tensor.role == TensorRole::kNorm && !hidden_norm);
      if (wanted) AddSame(tensor);
    }
  }

  void AddSame(const Tensor& tensor) {
    if (tensor.group != group_ || tensor.part != TensorPart::kText) return;
    const size_t dot = tensor.name.find("{}.");
    if (dot == std::string::npos) return;
    const std::string_view rest = std::string_view(tensor.name).substr(dot + 3);
    if (tensor.columns > 1) {
      Add(rest, tensor.columns, tensor.rows, tensor.copies);
    } else {
      Add(rest, tensor.rows);
    }
  }

  void AddMtp() {
    group_ = -1;
    mtp_ = true;
    AddLayer(a_.mtp_shape);
    Add("nextn.eh_proj.weight", 2 * a_.hidden, a_.hidden);
    Add("nextn.enorm.weight", a_.hidden);
    Add("nextn.hnorm.weight", a_.hidden);
    Add("nextn.shared_head_norm.weight", a_.hidden);
    const bool copies = std::any_of(a_.tensors.begin(), a_.tensors.end(), [](const Tensor& tensor) {
      return tensor.part == TensorPart::kMtp && tensor.role == TensorRole::kEmbedding;
    });
    AddIf(copies, "nextn.embed_tokens.weight", a_.hidden, a_.vocab);
    AddIf(copies, "nextn.shared_head_head.weight", a_.hidden, a_.vocab);
    mtp_ = false;
  }

  void Sort() {
    std::stable_sort(tensors_.begin(), tensors_.end(), [](const GgufTensor& x, const GgufTensor& y) {
      if (x.mtp != y.mtp) return y.mtp;
      if (x.group != y.group) return x.group < y.group;
      return x.name < y.name;
    });
  }

  const Architecture& a_;
  std::vector<GgufTensor> tensors_;
  int32_t group_ = -1;
  bool mtp_ = false;
};

}  // namespace

std::vector<GgufTensor> ListGgufTensors(const Architecture& architecture) {
  return Lister(architecture).List();
}

}  // namespace plimsoll
