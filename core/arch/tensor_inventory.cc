// The tensor inventory of the text model and its MTP layers, from the layer groups and the family's names.
//
// Sharding follows vLLM (vllm/model_executor/models/<model>.py and layers/); names of GGUF tensors follow
// llama.cpp's gguf-py/gguf/constants.py.
#include "core/arch/tensor_inventory.h"

#include <utility>

#include "core/arch/stored_parts.h"
#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

using Names = TensorList::Names;

class InventoryBuilder {
 public:
  InventoryBuilder(ArchitectureBuilder& builder, const StoredParts& stored)
      : a_(builder.architecture), n_(builder.names), builder_(builder), stored_(stored), list_(&a_.tensors) {}

  void Build() {
    size_t expected = 4;
    for (const LayerGroup& group : a_.groups) expected += group.shape.norms > 2 ? 16 : 14;
    a_.tensors.reserve(expected + (stored_.vision ? 32 : 0) + (a_.mtp_layers > 0 ? 24 : 0));
    AddEmbedding();
    for (size_t i = 0; i < a_.groups.size(); ++i) {
      const LayerGroup& group = a_.groups[i];
      const bool apart =
          !n_.encoder_layer.empty() && group.shape.attention.kind == AttentionKind::kBidirectional;
      list_.Enter(TensorPart::kText, static_cast<int32_t>(i), group.count,
                  n_.model + std::string(apart ? n_.encoder_layer : n_.layer));
      AddLayer(group.shape);
    }
    AddHead();
    if (a_.mtp_layers > 0) AddMtp();
  }

 private:
  int64_t TableWidth() const { return builder_.embedding_width > 0 ? builder_.embedding_width : a_.hidden; }

  void AddEmbedding() {
    list_.Enter(TensorPart::kText, -1, 1, n_.model);
    list_.Weight({"", n_.embedding, "token_embd"}, TensorRole::kEmbedding, Sharding::kVocab, a_.vocab,
                 TableWidth());
    const TensorRole role = TensorRole::kOther;
    if (!n_.positions.empty()) {
      list_.Weight({"", n_.positions, "position_embd"}, role, Sharding::kReplicated, n_.position_rows,
                   a_.hidden);
    }
    if (!n_.embedding_norm.empty()) {
      const Names names{"", n_.embedding_norm, "token_embd_norm"};
      list_.Weight(names, role, Sharding::kReplicated, a_.hidden);
      if (n_.embedding_norm_bias) list_.Bias(names, role, Sharding::kReplicated, a_.hidden);
    }
  }

  void AddHead() {
    list_.Enter(TensorPart::kText, -1, 1, n_.model);
    const bool norm_bias = !a_.groups.empty() && a_.groups[0].shape.norm_bias;
    if (!n_.final_norm.empty()) {
      list_.Weight({"", n_.final_norm, "output_norm"}, TensorRole::kNorm, Sharding::kReplicated, a_.hidden);
      if (norm_bias) {
        list_.Bias({"", n_.final_norm, "output_norm"}, TensorRole::kNorm, Sharding::kReplicated, a_.hidden);
      }
    }
    AddOutsideLayers();
    if (builder_.model_extras != nullptr) builder_.model_extras(builder_, &list_);
    list_.Enter(TensorPart::kText, -1, 1, "");
    for (const auto& [name, elements] : builder_.extras) {
      list_.Parameter({"", name, ""}, TensorRole::kOther, Sharding::kReplicated, elements);
    }
    if (builder_.labels > 0) {
      list_.Linear({"", "score", ""}, TensorRole::kOther, Sharding::kReplicated, builder_.labels, a_.hidden);
    }
    if (builder_.headless) return;
    if (a_.tied_embeddings && !stored_.tied_lm_head) return;
    list_.Enter(TensorPart::kText, -1, 1, "");
    Tensor& head =
        list_.Weight({"", n_.head, "output"}, TensorRole::kHead, Sharding::kVocab, a_.vocab, TableWidth());
    head.linear = true;
    head.duplicate = a_.tied_embeddings;
    if (n_.head_bias) list_.Bias({"", n_.head, "output"}, TensorRole::kHead, Sharding::kVocab, a_.vocab);
  }

  void AddOutsideLayers() {
    if (a_.groups.empty()) return;
    const LayerShape& shape = a_.groups[0].shape;
    const Sharding whole = Sharding::kReplicated;
    if (shape.hyper_connections > 0 && builder_.stream_head) AddStreamHead(shape.hyper_connections);
    if (shape.attention_residuals) {
      list_.Weight({"", "output_attn_res_norm", ""}, TensorRole::kNorm, whole, a_.hidden);
      list_.Linear({"", "output_attn_res_proj", ""}, TensorRole::kOther, whole, 1, a_.hidden);
    }
    if (const int64_t streams = shape.altup; streams > 1) {
      for (const auto& [name, ggml] : {std::pair("altup_projections.{e}", "altup_proj"),
                                       std::pair("altup_unembed_projections.{e}", "altup_unembd_proj")}) {
        list_.Weight({"", name, ggml}, TensorRole::kOther, Sharding::kRows, a_.hidden, a_.hidden, streams - 1)
            .linear = true;
      }
    }
    if (const int64_t width = shape.per_layer_input; width > 0) {
      const int64_t all = a_.layers * width;
      list_.Weight({"", "embed_tokens_per_layer", "per_layer_token_embd"}, TensorRole::kEmbedding,
                   Sharding::kVocab, builder_.per_layer_vocab, all);
      list_.Linear({"", "per_layer_model_projection", "per_layer_model_proj"}, TensorRole::kOther,
                   Sharding::kRows, all, a_.hidden);
      list_.Weight({"", "per_layer_projection_norm", "per_layer_proj_norm"}, TensorRole::kNorm, whole, width);
    }
  }

  void AddLayer(const LayerShape& shape) {
    AddNorms(shape);
    AddAttention(shape.attention);
    AddRecurrent(shape.recurrent);
    AddMlp(shape.mlp);
    AddResiduals(shape);
    if (builder_.layer_extras != nullptr) builder_.layer_extras(builder_, shape, &list_);
  }

  // What a layer holds for mixing residual streams, for a second embedding and for scaling.
  void AddResiduals(const LayerShape& shape) {
    const TensorRole role = TensorRole::kOther;
    const Sharding whole = Sharding::kReplicated;
    if (const int64_t streams = shape.hyper_connections; streams > 0) {
      const int64_t mixes = (2 + streams) * streams;
      for (const std::string_view place : {"hc_attn_", "hc_ffn_"}) {
        list_.Parameter({place, "fn", ""}, role, whole, mixes, streams * a_.hidden).fp32 = true;
        list_.Parameter({place, "base", ""}, role, whole, mixes).fp32 = true;
        list_.Parameter({place, "scale", ""}, role, whole, 3).fp32 = true;
      }
    }
    if (shape.attention_residuals) {
      for (const std::string_view place : {"self_attention_res_", "mlp_res_"}) {
        list_.Weight({place, "norm", ""}, TensorRole::kNorm, whole, a_.hidden);
        list_.Linear({place, "proj", ""}, role, whole, 1, a_.hidden);
      }
    }
    if (const int64_t width = shape.per_layer_input; width > 0) {
      list_.Linear({"", "per_layer_input_gate", "inp_gate"}, role, whole, width, a_.hidden);
      list_.Linear({"", "per_layer_projection", "proj"}, role, whole, a_.hidden, width);
      list_.Weight({"", "post_per_layer_input_norm", "post_norm"}, TensorRole::kNorm, whole, a_.hidden);
    }
    if (shape.altup > 0) AddAltUp(shape.altup);
    if (shape.laurel_rank > 0) {
      list_.Linear({"laurel.", "linear_left", "laurel_l"}, role, Sharding::kRows, shape.laurel_rank,
                   a_.hidden);
      list_.Linear({"laurel.", "linear_right", "laurel_r"}, role, Sharding::kColumns, a_.hidden,
                   shape.laurel_rank);
      list_.Weight({"laurel.", "post_laurel_norm", "laurel_post_norm"}, TensorRole::kNorm, whole, a_.hidden);
    }
    if (shape.layer_scalar) list_.Parameter({"", "layer_scalar", "layer_output_scale"}, role, whole, 1);
  }

  // transformers modeling_gemma3n.py Gemma3nTextAltUp.
  void AddAltUp(int64_t streams) {
    const TensorRole role = TensorRole::kOther;
    const Sharding whole = Sharding::kReplicated;
    const std::string_view scope = "altup.";
    list_.Parameter({scope, "correct_output_scale", "altup_correct_scale"}, role, whole, a_.hidden);
    list_.Weight({scope, "correction_coefs", "altup_correct_coef"}, role, whole, streams, streams);
    list_.Weight({scope, "prediction_coefs", "altup_predict_coef"}, role, whole, streams * streams, streams);
    list_.Weight({scope, "modality_router", "altup_router"}, role, whole, streams, a_.hidden);
    list_.Weight({scope, "router_norm", "altup_router_norm"}, TensorRole::kNorm, whole, a_.hidden);
  }

  void AddNorms(const LayerShape& shape) {
    const bool mixer =
        shape.attention.kind != AttentionKind::kNone || shape.recurrent.kind != RecurrentKind::kNone;
    const int32_t first = mixer || shape.norms > 2 ? 0 : 1;
    for (int32_t i = first; i < first + shape.norms && i < kMaxNorms; ++i) {
      const Names names{"", n_.norms[i], n_.ggml_norms[i]};
      list_.Weight(names, TensorRole::kNorm, Sharding::kReplicated, a_.hidden);
      if (shape.norm_bias) list_.Bias(names, TensorRole::kNorm, Sharding::kReplicated, a_.hidden);
    }
  }

  void AddAttention(const Attention& attention) {
    if (attention.listed_apart) return;
    switch (attention.kind) {
      case AttentionKind::kNone:
        return;
      case AttentionKind::kLatent:
        return AddLatentAttention(attention);
      case AttentionKind::kCompressed:
        return AddCompressedAttention(attention);
      case AttentionKind::kFull:
      case AttentionKind::kSliding:
      case AttentionKind::kChunked:
      case AttentionKind::kBidirectional:
        return AddPlainAttention(attention);
    }
  }

  void AddPlainAttention(const Attention& t) {
    const TensorRole role = TensorRole::kAttention;
    const int64_t query_rows = t.heads * t.key_dim;
    const int64_t key_rows = t.kv_heads * t.key_dim;
    const int64_t value_rows = t.kv_heads * t.value_dim;
    const int64_t gate = t.query_gate ? 2 : 1;
    if (t.fused_qkv) {
      const int64_t kv_rows = key_rows + value_rows;
      list_.KvLinear({n_.attention, n_.qkv, "attn_qkv"}, role, query_rows + kv_rows, kv_rows, t.kv_heads,
                     a_.hidden, t.qkv_bias);
    } else {
      list_.Linear({n_.attention, n_.q, "attn_q"}, role, Sharding::kRows, gate * query_rows, a_.hidden,
                   t.qkv_bias);
      if (!t.shares_kv || t.stores_kv) {
        list_.KvLinear({n_.attention, n_.k, "attn_k"}, role, key_rows, key_rows, t.kv_heads, a_.hidden,
                       t.qkv_bias);
        if (!t.key_is_value) {
          list_.KvLinear({n_.attention, n_.v, "attn_v"}, role, value_rows, value_rows, t.kv_heads, a_.hidden,
                         t.qkv_bias);
        }
      }
    }
    list_.Linear({n_.attention, n_.o, "attn_output"}, role, Sharding::kColumns, a_.hidden,
                 t.heads * t.value_dim, t.o_bias);
    AddQkNorms(t);
    if (t.index_heads > 0 && t.index_block > 0) AddBlockIndexer(t);
    if (t.gate_rows > 0) {
      list_.Linear({n_.attention, n_.gate_of_attention, "attn_gate"}, role, Sharding::kRows, t.gate_rows,
                   a_.hidden);
    }
    if (t.sinks) {
      list_.Parameter({n_.attention, n_.sinks, "attn_sinks"}, role, Sharding::kRows, t.heads);
    }
  }

  void AddQkNorms(const Attention& t) {
    if (t.qk_norm == QkNorm::kNone) return;
    const bool wide = t.qk_norm == QkNorm::kFullWidth;
    const bool cut = wide && !n_.whole_qk_norms;
    const Names q{n_.attention, n_.q_norm, "attn_q_norm"};
    const Names k{n_.attention, n_.k_norm, "attn_k_norm"};
    list_.Weight(q, TensorRole::kNorm, cut ? Sharding::kRows : Sharding::kReplicated,
                 wide ? t.heads * t.key_dim : t.key_dim);
    if (t.shares_kv && !t.stores_kv) return;
    const int64_t rows = wide ? t.kv_heads * t.key_dim : t.key_dim;
    Tensor& k_norm =
        list_.Weight(k, TensorRole::kNorm, cut ? Sharding::kKvRows : Sharding::kReplicated, rows);
    if (cut) TensorList::SetKv(k_norm, rows, t.kv_heads);
  }

  // vLLM keeps the two down projections whole on every rank and cuts the others by heads
  // (vllm/model_executor/models/deepseek_v2.py).
  void AddLatentAttention(const Attention& t) {
    const TensorRole role = TensorRole::kAttention;
    const std::string_view scope = n_.attention;
    const int64_t query_rows = t.heads * t.key_dim;
    if (t.q_lora_rank > 0) {
      list_.Linear({scope, "q_a_proj", "attn_q_a"}, role, Sharding::kReplicated, t.q_lora_rank, a_.hidden,
                   t.qkv_bias);
      list_.Weight({scope, "q_a_layernorm", "attn_q_a_norm"}, TensorRole::kNorm, Sharding::kReplicated,
                   t.q_lora_rank);
      list_.Linear({scope, "q_b_proj", "attn_q_b"}, role, Sharding::kRows, query_rows, t.q_lora_rank);
    } else {
      list_.Linear({scope, "q_proj", "attn_q"}, role, Sharding::kRows, query_rows, a_.hidden);
    }
    list_.Linear({scope, "kv_a_proj_with_mqa", "attn_kv_a_mqa"}, role, Sharding::kReplicated,
                 t.kv_lora_rank + t.rope_dim, a_.hidden, t.qkv_bias);
    list_.Weight({scope, "kv_a_layernorm", "attn_kv_a_norm"}, TensorRole::kNorm, Sharding::kReplicated,
                 t.kv_lora_rank);
    list_.Linear({scope, "kv_b_proj", "attn_kv_b"}, role, Sharding::kRows,
                 t.heads * (t.nope_dim + t.value_dim), t.kv_lora_rank);
    list_.Linear({scope, "o_proj", "attn_output"}, role, Sharding::kColumns, a_.hidden, t.heads * t.value_dim,
                 t.o_bias);
    if (t.gate_rows > 0) {
      list_.Linear({scope, n_.gate_of_attention, "attn_gate"}, role, Sharding::kRows, t.gate_rows, a_.hidden);
    }
    if (t.index_heads > 0 && !t.index_shared) AddIndexer(t);
  }

  // MiniMax-M3: as many index queries as KV heads, sharded with them, and one index key
  // (vllm/models/minimax_m3/nvidia/model.py).
  void AddBlockIndexer(const Attention& t) {
    const TensorRole role = TensorRole::kIndexer;
    const int64_t rows = t.index_heads * t.index_dim;
    list_.KvLinear({n_.attention, "index_q_proj", "indexer.attn_q_b"}, role, rows, rows, t.index_heads,
                   a_.hidden);
    list_.Linear({n_.attention, "index_k_proj", "indexer.attn_k"}, role, Sharding::kReplicated, t.index_dim,
                 a_.hidden);
    list_.Weight({n_.attention, "index_q_norm", "indexer.q_norm"}, role, Sharding::kReplicated, t.index_dim);
    list_.Weight({n_.attention, "index_k_norm", "indexer.k_norm"}, role, Sharding::kReplicated, t.index_dim);
  }

  // DeepSeek-V4: one key that is also the value, queries and outputs through low ranks, and from ratio 4 on a
  // compressor; ratio 4 chooses among compressed keys with an indexer (vllm/model_executor/models/
  // deepseek_v4.py, vllm/model_executor/layers/deepseek_compressor.py).
  void AddCompressedAttention(const Attention& t) {
    const TensorRole role = TensorRole::kAttention;
    const Sharding whole = Sharding::kReplicated;
    const std::string_view scope = n_.attention;
    list_.Linear({scope, "wq_a", "attn_q_a"}, role, whole, t.q_lora_rank, a_.hidden);
    list_.Weight({scope, "q_norm", "attn_q_a_norm"}, TensorRole::kNorm, whole, t.q_lora_rank);
    list_.Linear({scope, "wq_b", "attn_q_b"}, role, Sharding::kRows, t.heads * t.key_dim, t.q_lora_rank);
    list_.Linear({scope, "wkv", "attn_kv"}, role, whole, t.key_dim, a_.hidden);
    list_.Weight({scope, "kv_norm", "attn_kv_norm"}, TensorRole::kNorm, whole, t.key_dim);
    list_.Linear({scope, "wo_a", "attn_output_a"}, role, Sharding::kRows, t.o_groups * t.o_lora_rank,
                 t.heads * t.value_dim / t.o_groups);
    list_.Linear({scope, "wo_b", "attn_output_b"}, role, Sharding::kColumns, a_.hidden,
                 t.o_groups * t.o_lora_rank);
    list_.Parameter({scope, "attn_sink", "attn_sinks"}, role, Sharding::kRows, t.heads).fp32 = true;
    if (t.compress_ratio > 0) {
      AddCompressor(std::string(scope) + "compressor.", role, t.compress_ratio, t.key_dim);
    }
    if (t.index_heads == 0) return;
    const std::string indexer = std::string(scope) + "indexer.";
    list_.Linear({indexer, "wq_b", "indexer.attn_q_b"}, TensorRole::kIndexer, whole,
                 t.index_heads * t.index_dim, t.q_lora_rank);
    list_.Linear({indexer, "weights_proj", "indexer.proj"}, TensorRole::kIndexer, whole, t.index_heads,
                 a_.hidden);
    AddCompressor(indexer + "compressor.", TensorRole::kIndexer, t.compress_ratio, t.index_dim);
  }

  // Ratio 4 compresses overlapping windows and therefore keeps two halves.
  void AddCompressor(const std::string& scope, TensorRole role, int64_t ratio, int64_t width) {
    const Sharding whole = Sharding::kReplicated;
    const int64_t rows = ratio == 4 ? 2 * width : width;
    const bool index = role == TensorRole::kIndexer;
    const auto ggml = [index](std::string_view attention, std::string_view indexer) {
      return index ? indexer : attention;
    };
    list_
        .Parameter({scope, "ape", ggml("attn_compressor_ape", "indexer_compressor_ape")}, role, whole, ratio,
                   rows)
        .fp32 = true;
    list_.Linear({scope, "wkv", ggml("attn_compressor_kv", "indexer_compressor_kv")}, role, whole, rows,
                 a_.hidden);
    list_.Linear({scope, "wgate", ggml("attn_compressor_gate", "indexer_compressor_gate")}, role, whole, rows,
                 a_.hidden);
    list_.Weight({scope, "norm", ggml("attn_compressor_norm", "indexer_compressor_norm")}, TensorRole::kNorm,
                 whole, width);
  }

  void AddIndexer(const Attention& t) {
    const TensorRole role = TensorRole::kIndexer;
    const Sharding whole = Sharding::kReplicated;
    const std::string scope = std::string(n_.attention) + "indexer.";
    list_.Linear({scope, "wq_b", "indexer.attn_q_b"}, role, whole, t.index_heads * t.index_dim,
                 t.q_lora_rank);
    list_.Linear({scope, "wk", "indexer.attn_k"}, role, whole, t.index_dim, a_.hidden);
    list_.Weight({scope, "k_norm", "indexer.k_norm"}, role, whole, t.index_dim);
    list_.Bias({scope, "k_norm", "indexer.k_norm"}, role, whole, t.index_dim);
    list_.Linear({scope, "weights_proj", "indexer.proj"}, role, whole, t.index_heads, a_.hidden);
  }

  void AddRecurrent(const Recurrent& recurrent) {
    switch (recurrent.kind) {
      case RecurrentKind::kNone:
      case RecurrentKind::kRwkv:  // the family lists it
        return;
      case RecurrentKind::kKimiDelta:
        return AddKimiDelta(recurrent);
      case RecurrentKind::kGatedDeltaNet:
        return AddDeltaNet(recurrent);
      case RecurrentKind::kMamba1:
        return AddMamba1(recurrent);
      case RecurrentKind::kMamba2:
        return AddMamba2(recurrent);
      case RecurrentKind::kLightning:
        return AddLightning(recurrent);
      case RecurrentKind::kShortConvolution:
        return AddShortConvolution(recurrent);
    }
  }

  void AddDeltaNet(const Recurrent& r) {
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    const int64_t keys = r.key_heads * r.key_dim;
    if (r.fused_in_proj) {
      list_.Linear({scope, "in_proj_qkvz", "attn_qkv"}, role, Sharding::kRows, 2 * keys + 2 * r.inner,
                   a_.hidden);
      list_.Linear({scope, "in_proj_ba", "ssm_ba"}, role, Sharding::kRows, 2 * r.heads, a_.hidden);
    } else {
      list_.Linear({scope, "in_proj_qkv", "attn_qkv"}, role, Sharding::kRows, 2 * keys + r.inner, a_.hidden);
      list_.Linear({scope, "in_proj_z", "attn_gate"}, role, Sharding::kRows, r.inner, a_.hidden);
      list_.Linear({scope, "in_proj_b", "ssm_beta"}, role, Sharding::kRows, r.heads, a_.hidden);
      list_.Linear({scope, "in_proj_a", "ssm_alpha"}, role, Sharding::kRows, r.heads, a_.hidden);
    }
    list_.Weight({scope, "conv1d", "ssm_conv1d"}, role, Sharding::kRows, r.conv_channels, r.conv_kernel);
    list_.Parameter({scope, "dt_bias", "ssm_dt"}, role, Sharding::kRows, r.heads);
    list_.Parameter({scope, "A_log", "ssm_a"}, role, Sharding::kRows, r.heads);
    list_.Weight({scope, "norm", "ssm_norm"}, TensorRole::kNorm, Sharding::kReplicated, r.head_dim);
    list_.Linear({scope, "out_proj", "ssm_out"}, role, Sharding::kColumns, a_.hidden, r.inner);
  }

  // vllm/models/kimi_k3/nvidia/kda.py; without the full-rank gate, vllm/model_executor/layers/kda.py.
  void AddKimiDelta(const Recurrent& r) {
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    for (const std::string_view name : {"q_proj", "k_proj", "v_proj"}) {
      list_.Linear({scope, name, ""}, role, Sharding::kRows, r.inner, a_.hidden);
    }
    for (const std::string_view name : {"q_conv1d", "k_conv1d", "v_conv1d"}) {
      list_.Weight({scope, name, ""}, role, Sharding::kRows, r.inner, r.conv_kernel);
    }
    list_.Parameter({scope, "A_log", ""}, role, Sharding::kRows, r.heads).fp32 = true;
    list_.Parameter({scope, "dt_bias", ""}, role, Sharding::kRows, r.inner).fp32 = true;
    list_.Linear({scope, "f_a_proj", ""}, role, Sharding::kReplicated, r.head_dim, a_.hidden);
    list_.Linear({scope, "f_b_proj", ""}, role, Sharding::kRows, r.inner, r.head_dim);
    list_.Linear({scope, "b_proj", ""}, role, Sharding::kRows, r.heads, a_.hidden);
    if (r.full_rank_gate) {
      list_.Linear({scope, "g_proj", ""}, role, Sharding::kRows, r.inner, a_.hidden);
    } else {
      list_.Linear({scope, "g_a_proj", ""}, role, Sharding::kReplicated, r.head_dim, a_.hidden);
      list_.Linear({scope, "g_b_proj", ""}, role, Sharding::kRows, r.inner, r.head_dim);
    }
    list_.Weight({scope, "o_norm", ""}, TensorRole::kNorm, Sharding::kReplicated, r.head_dim);
    list_.Linear({scope, "o_proj", ""}, role, Sharding::kColumns, a_.hidden, r.inner);
  }

  void AddMambaInputNorms(const Recurrent& r) {
    const Sharding whole = Sharding::kReplicated;
    const std::string_view scope = n_.recurrent;
    list_.Weight({scope, "dt_layernorm", "ssm_dt_norm"}, TensorRole::kNorm, whole, r.dt_rank);
    list_.Weight({scope, "b_layernorm", "ssm_b_norm"}, TensorRole::kNorm, whole, r.state_dim);
    list_.Weight({scope, "c_layernorm", "ssm_c_norm"}, TensorRole::kNorm, whole, r.state_dim);
  }

  void AddMamba1(const Recurrent& r) {
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    list_.Linear({scope, "in_proj", "ssm_in"}, role, Sharding::kRows, 2 * r.inner, a_.hidden, r.proj_bias);
    list_.Weight({scope, "conv1d", "ssm_conv1d"}, role, Sharding::kRows, r.conv_channels, r.conv_kernel);
    if (r.conv_bias) list_.Bias({scope, "conv1d", "ssm_conv1d"}, role, Sharding::kRows, r.conv_channels);
    list_.Linear({scope, "x_proj", "ssm_x"}, role, Sharding::kColumns, r.dt_rank + 2 * r.state_dim, r.inner);
    list_.Linear({scope, "dt_proj", "ssm_dt"}, role, Sharding::kRows, r.inner, r.dt_rank, true);
    list_.Parameter({scope, "A_log", "ssm_a"}, role, Sharding::kRows, r.inner, r.state_dim);
    list_.Parameter({scope, "D", "ssm_d"}, role, Sharding::kRows, r.inner);
    if (r.input_norms) AddMambaInputNorms(r);
    list_.Linear({scope, "out_proj", "ssm_out"}, role, Sharding::kColumns, a_.hidden, r.inner, r.proj_bias);
  }

  // B and C go by group, which vLLM replicates when tp exceeds the groups, as it does with KV heads
  // (vllm/model_executor/layers/mamba/mamba_mixer2.py).
  // transformers modeling_lfm2.py; vllm/model_executor/layers/mamba/short_conv.py.
  void AddShortConvolution(const Recurrent& r) {
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    list_.Linear({scope, "in_proj", "shortconv.in_proj"}, role, Sharding::kRows, 3 * r.inner, a_.hidden,
                 r.proj_bias);
    list_.Weight({scope, "conv", "shortconv.conv"}, role, Sharding::kRows, r.conv_channels, r.conv_kernel);
    if (r.conv_bias) list_.Bias({scope, "conv", "shortconv.conv"}, role, Sharding::kRows, r.conv_channels);
    list_.Linear({scope, "out_proj", "shortconv.out_proj"}, role, Sharding::kColumns, a_.hidden, r.inner,
                 r.proj_bias);
  }

  // PLaMo 2: dt, B and C come out of the inner width (modeling_plamo.py of pfnet/plamo-2-1b;
  // vllm/model_executor/models/plamo2.py).
  void AddLowRankMamba2(const Recurrent& r) {
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    list_.Linear({scope, "in_proj", "ssm_in"}, role, Sharding::kRows, 2 * r.inner, a_.hidden);
    list_.Weight({scope, "conv1d", "ssm_conv1d"}, role, Sharding::kRows, r.conv_channels, r.conv_kernel);
    list_.Linear({scope, "bcdt_proj", "ssm_x"}, role, Sharding::kColumns, r.dt_rank + 2 * r.state_dim,
                 r.inner);
    list_.Linear({scope, "dt_proj", "ssm_dt"}, role, Sharding::kRows, r.heads, r.dt_rank);
    list_.Parameter({scope, "dt_bias", "ssm_dt"}, role, Sharding::kRows, r.heads);
    list_.Parameter({scope, "A_log", "ssm_a"}, role, Sharding::kRows, r.heads);
    list_.Parameter({scope, "D", "ssm_d"}, role, Sharding::kRows, r.heads);
    if (r.input_norms) AddMambaInputNorms(r);
    list_.Linear({scope, "out_proj", "ssm_out"}, role, Sharding::kColumns, a_.hidden, r.inner);
  }

  void AddMamba2(const Recurrent& r) {
    if (r.dt_rank > 0) return AddLowRankMamba2(r);
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    const int64_t grouped = 2 * r.groups * r.state_dim;
    list_.KvLinear({scope, "in_proj", "ssm_in"}, role, 2 * r.inner + grouped + r.heads, grouped, r.groups,
                   a_.hidden, r.proj_bias);
    const Names conv{scope, "conv1d", "ssm_conv1d"};
    TensorList::SetKv(list_.Weight(conv, role, Sharding::kKvRows, r.conv_channels, r.conv_kernel), grouped,
                      r.groups);
    if (r.conv_bias) {
      TensorList::SetKv(list_.Bias(conv, role, Sharding::kKvRows, r.conv_channels), grouped, r.groups);
    }
    list_.Parameter({scope, "dt_bias", "ssm_dt"}, role, Sharding::kRows, r.heads);
    list_.Parameter({scope, "A_log", "ssm_a"}, role, Sharding::kRows, r.heads);
    list_.Parameter({scope, "D", "ssm_d"}, role, Sharding::kRows, r.heads);
    if (r.gated_norm) list_.Weight({scope, "norm", "ssm_norm"}, TensorRole::kNorm, Sharding::kRows, r.inner);
    list_.Linear({scope, "out_proj", "ssm_out"}, role, Sharding::kColumns, a_.hidden, r.inner, r.proj_bias);
  }

  void AddLightning(const Recurrent& r) {
    const TensorRole role = TensorRole::kRecurrent;
    const std::string_view scope = n_.recurrent;
    list_.Linear({scope, "qkv_proj", ""}, role, Sharding::kRows, 3 * r.inner, a_.hidden);
    list_.Linear({scope, "output_gate", ""}, role, Sharding::kRows, r.inner, a_.hidden);
    list_.Weight({scope, "norm", ""}, TensorRole::kNorm, Sharding::kRows, r.inner);
    if (r.qk_norm) {
      list_.Weight({scope, "q_norm", ""}, TensorRole::kNorm, Sharding::kReplicated, r.head_dim);
      list_.Weight({scope, "k_norm", ""}, TensorRole::kNorm, Sharding::kReplicated, r.head_dim);
    }
    list_.Linear({scope, "out_proj", ""}, role, Sharding::kColumns, a_.hidden, r.inner);
  }

  void AddMlp(const Mlp& mlp) {
    if (mlp.listed_apart) return;
    if (mlp.kind == MlpKind::kDense || mlp.dense_beside) AddDense(mlp);
    if (mlp.kind == MlpKind::kMoe) AddExperts(mlp);
  }

  void AddDense(const Mlp& mlp) {
    const TensorRole role = TensorRole::kMlp;
    const int64_t width = mlp.intermediate;
    if (mlp.gated && mlp.fused_gate_up && mlp.kind == MlpKind::kDense) {
      list_.Linear({n_.mlp, n_.gate_up, "ffn_up"}, role, Sharding::kRows, 2 * width, a_.hidden, mlp.bias);
    } else {
      if (mlp.gated) {
        list_.Linear({n_.mlp, n_.gate, "ffn_gate"}, role, Sharding::kRows, width, a_.hidden, mlp.bias);
      }
      list_.Linear({n_.mlp, n_.up, "ffn_up"}, role, Sharding::kRows, width, a_.hidden, mlp.bias);
    }
    list_.Linear({n_.mlp, n_.down, "ffn_down"}, role, Sharding::kColumns, a_.hidden, width,
                 mlp.bias || mlp.down_bias);
    if (mlp.activation_scalars > 0) {
      list_.Parameter({n_.mlp, "act_fn.alpha", ""}, role, Sharding::kReplicated, mlp.activation_scalars);
    }
  }

  void AddExperts(const Mlp& mlp) {
    list_.Linear({n_.moe, n_.router, "ffn_gate_inp"}, TensorRole::kRouter, Sharding::kReplicated,
                 mlp.experts + mlp.zero_experts, a_.hidden, mlp.router_bias);
    if (mlp.selection_bias) {
      list_
          .Parameter({n_.moe, n_.selection_bias, "exp_probs_b"}, TensorRole::kRouter, Sharding::kReplicated,
                     mlp.experts + mlp.zero_experts)
          .fp32 = true;
    }
    if (mlp.hashed_router) {
      // Expert numbers by token; 32-bit integers.
      list_
          .Parameter({n_.moe, "gate.tid2eid", "ffn_gate_tid2eid"}, TensorRole::kRouter, Sharding::kReplicated,
                     a_.vocab, mlp.experts_per_token)
          .fp32 = true;
    }
    if (mlp.scaled_router) AddGemmaRouter(mlp);
    if (mlp.expert_hidden != a_.hidden) {
      const TensorRole role = TensorRole::kSharedExpert;
      list_.Linear({n_.moe, n_.latent_in, "ffn_latent_in"}, role, Sharding::kReplicated, mlp.expert_hidden,
                   a_.hidden);
      list_.Linear({n_.moe, n_.latent_out, "ffn_latent_out"}, role, Sharding::kReplicated, a_.hidden,
                   mlp.expert_hidden);
      if (mlp.latent_norm) {
        list_.Weight({n_.moe, n_.latent_norm, ""}, TensorRole::kNorm, Sharding::kReplicated,
                     mlp.expert_hidden);
      }
    }
    if (n_.stacked_experts) {
      AddStackedExperts(mlp);
    } else {
      AddSeparateExperts(mlp);
    }
    if (mlp.shared_intermediate > 0) AddSharedExpert(mlp);
  }

  // A scale of the router's input and one number per expert (transformers modeling_gemma4.py).
  void AddGemmaRouter(const Mlp& mlp) {
    list_.Parameter({"router.", "scale", "ffn_gate_inp_scale"}, TensorRole::kRouter, Sharding::kReplicated,
                    a_.hidden);
    list_.Parameter({"router.", "per_expert_scale", "ffn_down_exps_scale"}, TensorRole::kRouter,
                    Sharding::kReplicated, mlp.experts);
  }

  void AddSeparateExperts(const Mlp& mlp) {
    const std::string scope = std::string(n_.moe) + std::string(n_.experts);
    const int64_t width = mlp.expert_intermediate;
    if (mlp.gated) Expert({scope, n_.expert_gate, "ffn_gate_exps"}, width, mlp.expert_hidden, mlp, false);
    Expert({scope, n_.expert_up, "ffn_up_exps"}, width, mlp.expert_hidden, mlp, false);
    Expert({scope, n_.expert_down, "ffn_down_exps"}, mlp.expert_hidden, width, mlp, true);
  }

  void Expert(const Names& names, int64_t rows, int64_t columns, const Mlp& mlp, bool by_columns) {
    Tensor& weight = list_.Weight(names, TensorRole::kExpert, Sharding::kExpert, rows, columns, mlp.experts);
    weight.linear = true;
    weight.expert_by_columns = by_columns;
    if (!mlp.bias) return;
    list_.Bias(names, TensorRole::kExpert, Sharding::kExpert, rows, mlp.experts).expert_by_columns =
        by_columns;
  }

  // One parameter holds all experts of the layer, so names carry no expert and biases stand beside the
  // weight.
  void AddStackedExperts(const Mlp& mlp) {
    const bool granite = n_.experts.empty();
    const std::string scope = std::string(n_.moe) + (granite ? "" : "experts.");
    const std::string_view up = n_.gate_up;
    const std::string_view down = granite ? n_.expert_down : n_.down;
    const int64_t width = 2 * mlp.expert_intermediate;
    Stacked({scope, up, "ffn_gate_up_exps"}, width, mlp.expert_hidden, mlp, false, granite);
    Stacked({scope, down, "ffn_down_exps"}, mlp.expert_hidden, mlp.expert_intermediate, mlp, true, granite);
  }

  void Stacked(const Names& names, int64_t rows, int64_t columns, const Mlp& mlp, bool by_columns,
               bool suffix) {
    Tensor& weight = list_.Weight(names, TensorRole::kExpert, Sharding::kExpert, rows, columns, mlp.experts);
    if (!suffix) weight.name.resize(weight.name.size() - 7);  // a plain parameter: no ".weight"
    weight.linear = true;
    weight.expert_by_columns = by_columns;
    if (!mlp.bias) return;
    Tensor& bias = list_.Bias(names, TensorRole::kExpert, Sharding::kExpert, rows, mlp.experts);
    bias.name[bias.name.size() - 5] = '_';  // gate_up_proj_bias
    bias.expert_by_columns = by_columns;
  }

  void AddSharedExpert(const Mlp& mlp) {
    const TensorRole role = TensorRole::kSharedExpert;
    const std::string scope =
        (n_.shared_beside_moe ? std::string() : std::string(n_.moe)) + std::string(n_.shared);
    const int64_t width = mlp.shared_intermediate;
    if (!n_.shared_gate_up.empty()) {
      list_.Linear({scope, n_.shared_gate_up, "ffn_up_shexp"}, role, Sharding::kRows, 2 * width, a_.hidden,
                   mlp.bias);
    } else {
      if (mlp.gated) {
        list_.Linear({scope, n_.shared_gate_proj, "ffn_gate_shexp"}, role, Sharding::kRows, width, a_.hidden,
                     mlp.bias);
      }
      list_.Linear({scope, n_.shared_up, "ffn_up_shexp"}, role, Sharding::kRows, width, a_.hidden, mlp.bias);
    }
    list_.Linear({scope, n_.shared_down, "ffn_down_shexp"}, role, Sharding::kColumns, a_.hidden, width,
                 mlp.bias);
    if (mlp.shared_gate) {
      list_.Linear({n_.moe, n_.shared_gate, "ffn_gate_inp_shexp"}, TensorRole::kRouter, Sharding::kReplicated,
                   1, a_.hidden);
    }
  }

  void AddMtp() {
    switch (builder_.mtp_style) {
      case MtpStyle::kDeepseek:
        return AddDeepseekMtp();
      case MtpStyle::kQwen:
        return AddQwenMtp();
      case MtpStyle::kErnie:
        return AddErnieMtp();
      case MtpStyle::kDeepseekV4:
        return AddDeepseekV4Mtp();
      case MtpStyle::kNemotron:
        return AddNemotronMtp();
      case MtpStyle::kStages:
        EnterMtp(n_.model + "mtp.{}.");
        AddLayer(a_.mtp_shape);
        list_.Enter(TensorPart::kMtp, -1, 1, n_.model + "mtp.");
        if (builder_.mtp_extras != nullptr) builder_.mtp_extras(builder_, &list_);
        return;
    }
  }

  void EnterMtp(std::string prefix) { list_.Enter(TensorPart::kMtp, -1, a_.mtp_layers, std::move(prefix)); }

  void MtpNorm(std::string_view scope, std::string_view name, std::string_view ggml) {
    list_.Weight({scope, name, ggml}, TensorRole::kNorm, Sharding::kReplicated, a_.hidden);
  }

  void MtpProjection(std::string_view scope, std::string_view name,
                     Sharding sharding = Sharding::kReplicated) {
    list_.Linear({scope, name, "nextn.eh_proj"}, TensorRole::kOther, sharding, a_.hidden, 2 * a_.hidden);
  }

  void AddDeepseekMtp() {
    EnterMtp(n_.model + std::string(n_.layer));
    MtpNorm("", "enorm", "nextn.enorm");
    MtpNorm("", "hnorm", "nextn.hnorm");
    MtpProjection("", "eh_proj");
    MtpNorm("shared_head.", "norm", "nextn.shared_head_norm");
    if (builder_.mtp_own_head) {
      list_.Weight({"shared_head.", "output", "nextn.shared_head_head"}, TensorRole::kOther, Sharding::kVocab,
                   a_.vocab, a_.hidden);
    }
    if (stored_.mtp_embeddings) {
      list_
          .Weight({"", n_.embedding, "nextn.embed_tokens"}, TensorRole::kEmbedding, Sharding::kVocab,
                  a_.vocab, a_.hidden)
          .duplicate = true;
    }
    if (stored_.mtp_embeddings && builder_.mtp_head) {
      Tensor& head = list_.Weight({"shared_head.", "head", "nextn.shared_head_head"}, TensorRole::kHead,
                                  Sharding::kVocab, a_.vocab, a_.hidden);
      head.linear = true;
      head.duplicate = true;
    }
    AddLayer(a_.mtp_shape);
  }

  void AddDeepseekV4Mtp() {
    EnterMtp(n_.model + "mtp.{}.");
    MtpNorm("", "enorm", "nextn.enorm");
    MtpNorm("", "hnorm", "nextn.hnorm");
    MtpNorm("", "norm", "nextn.shared_head_norm");
    for (const std::string_view name : {"e_proj", "h_proj"}) {
      list_.Linear({"", name, "nextn.eh_proj"}, TensorRole::kOther, Sharding::kReplicated, a_.hidden,
                   a_.hidden);
    }
    AddStreamHead(a_.mtp_shape.hyper_connections);
    AddLayer(a_.mtp_shape);
  }

  // Collapses the residual streams before the head.
  void AddStreamHead(int64_t streams) {
    const TensorRole role = TensorRole::kOther;
    list_
        .Parameter({"", "hc_head_fn", "output_hc_fn"}, role, Sharding::kReplicated, streams,
                   streams * a_.hidden)
        .fp32 = true;
    list_.Parameter({"", "hc_head_base", "output_hc_base"}, role, Sharding::kReplicated, streams).fp32 = true;
    list_.Parameter({"", "hc_head_scale", "output_hc_scale"}, role, Sharding::kReplicated, 1).fp32 = true;
  }

  void AddQwenMtp() {
    list_.Enter(TensorPart::kMtp, -1, 1, "mtp.");
    // A ColumnParallelLinear that gathers its output (vllm/model_executor/models/qwen3_next_mtp.py).
    MtpProjection("", "fc", Sharding::kRows);
    MtpNorm("", "norm", "nextn.shared_head_norm");
    MtpNorm("", "pre_fc_norm_embedding", "nextn.enorm");
    MtpNorm("", "pre_fc_norm_hidden", "nextn.hnorm");
    EnterMtp("mtp.layers.{}.");
    AddLayer(a_.mtp_shape);
  }

  void AddErnieMtp() {
    EnterMtp(n_.model);
    MtpProjection("", "mtp_linear_proj.{}");
    MtpNorm("", "mtp_emb_norm.{}", "nextn.enorm");
    MtpNorm("", "mtp_hidden_norm.{}", "nextn.hnorm");
    EnterMtp(n_.model + "mtp_block.{}.");
    AddLayer(a_.mtp_shape);
  }

  void AddNemotronMtp() {
    EnterMtp("mtp.layers.{}.");
    MtpProjection("", "eh_proj");
    MtpNorm("", "enorm", "nextn.enorm");
    MtpNorm("", "hnorm", "nextn.hnorm");
    MtpNorm("", "final_layernorm", "nextn.shared_head_norm");
    AddLayer(a_.mtp_shape);
  }

  Architecture& a_;
  const TensorNames& n_;
  ArchitectureBuilder& builder_;
  const StoredParts& stored_;
  TensorList list_;
};

}  // namespace

void BuildTensors(ArchitectureBuilder& builder, const StoredParts& stored) {
  InventoryBuilder(builder, stored).Build();
}

}  // namespace plimsoll
