#include "core/files/gguf_config.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr uint64_t kMaxKeptArray = 1024;  // as many numbers as a header keeps of an array

class ConfigWriter {
 public:
  explicit ConfigWriter(const GgufHeader& header) : header_(header) {
    for (const GgufFileTensor& tensor : header.tensors) names_.insert(tensor.name);
  }

  Json Write(std::string_view arch, std::string_view hugging_face, std::string_view model_type,
             void (ConfigWriter::*own)()) {
    arch_ = arch;
    Json names = Json::MakeArray();
    names.Append(Json(hugging_face));
    config_.Set("architectures", std::move(names));
    config_.Set("model_type", Json(model_type));
    WriteShape();
    WriteExperts(hugging_face);
    WriteLatent();
    WriteRecurrent();
    if (own != nullptr) (this->*own)();
    WriteIndexer();
    return std::move(config_);
  }

  // Two norms side by side came with the second decoder; the first has one KV head (conversion of Falcon).
  void WriteFalcon() {
    const bool renewed = HasTensor("blk.0.attn_norm_2.weight") || Number("attention.head_count_kv", 1) > 1;
    config_.Set("new_decoder_architecture", Json(renewed));
    if (!renewed) config_.Set("multi_query", Json(Number("attention.head_count_kv", 1) == 1));
  }

  // Gemma 3n and 4: which layers slide, whose heads are wider, and the second embedding.
  void WriteGemma() {
    Copy("embedding_length_per_layer_input", "hidden_size_per_layer_input");
    Copy("attention.shared_kv_layers", "num_kv_shared_layers");
    for (const GgufFileTensor& tensor : header_.tensors) {
      if (tensor.name == "per_layer_token_embd.weight")
        config_.Set("vocab_size_per_layer_input", Json(tensor.ne[1]));
      if (tensor.name == "blk.0.laurel_l.weight") config_.Set("laurel_rank", Json(tensor.ne[1]));
    }
    // One number, or one per layer.
    if (const Json* widths = Find("feed_forward_length"); widths != nullptr && arch_ == "gemma3n")
      config_.Set("intermediate_size", *widths);
    Copy("altup.num_inputs", "altup_num_inputs");
    const Json* pattern = Find("attention.sliding_window_pattern");
    const int64_t layers = Number("block_count", 0);
    if (pattern == nullptr || static_cast<int64_t>(pattern->items().size()) != layers) return;
    Json types = Json::MakeArray();
    int64_t full = -1, sliding = -1;
    for (int64_t i = 0; i < layers; ++i) {
      const Json& slides = pattern->items()[static_cast<size_t>(i)];
      const bool is_sliding = slides.AsBool().value_or(slides.AsInt().value_or(0) != 0);
      types.Append(Json(is_sliding ? "sliding_attention" : "full_attention"));
      (is_sliding ? sliding : full) = i;
    }
    config_.Set("layer_types", std::move(types));
    if (arch_ != "gemma4" || full < 0 || sliding < 0) return;
    config_.Set("head_dim", Json(Number("attention.key_length_swa", 256)));
    config_.Set("global_head_dim", Json(Number("attention.key_length", 512)));
    const bool same = !HasTensor("blk." + std::to_string(full) + ".attn_v.weight");
    config_.Set("attention_k_eq_v", Json(same));
    if (const Json* heads = Find("attention.head_count_kv"); heads != nullptr && heads->is_array()) {
      const auto of = [heads](int64_t layer) {
        const auto at = static_cast<size_t>(layer);
        return at < heads->items().size() ? heads->items()[at] : Json(int64_t{1});
      };
      config_.Set("num_key_value_heads", of(sliding));
      config_.Set("num_global_key_value_heads", of(full));
    }
    if (Number("expert_count", 0) == 0) return;
    config_.Set("enable_moe_block", Json(true));
    Copy("expert_used_count", "top_k_experts");
  }

  void WriteChatGlm() {
    config_.Set("multi_query_attention", Json(true));
    config_.Set("multi_query_group_num", Json(Number("attention.head_count_kv", 1)));
    config_.Set("ffn_hidden_size", Json(Number("feed_forward_length", 0)));
    config_.Set("add_qkv_bias", Json(HasBias()));
  }

  void WriteDbrx() {
    Json attention = Json::MakeObject();
    attention.Set("kv_n_heads", Json(Number("attention.head_count_kv", 1)));
    Json ffn = Json::MakeObject();
    ffn.Set("ffn_hidden_size", Json(Number("feed_forward_length", 1)));
    ffn.Set("moe_num_experts", Json(Number("expert_count", 0)));
    ffn.Set("moe_top_k", Json(Number("expert_used_count", 1)));
    config_.Set("attn_config", std::move(attention)).Set("ffn_config", std::move(ffn));
  }

  void WriteErnieMoe() {
    Set("moe_num_experts", Number("expert_count", 0)).Set("moe_k", Json(Number("expert_used_count", 1)));
    Set("moe_num_shared_experts", Number("expert_shared_count", 0));
    Set("moe_layer_start_index", Number("leading_dense_block_count", 0));
    Copy("interleave_moe_layer_step", "moe_layer_interval");
  }

  void WriteHunYuanMoe() {
    Set("moe_topk", Number("expert_used_count", 1));
    Set("num_shared_expert", Number("expert_shared_count", 0));
    config_.Set("use_qk_norm", Json(HasTensor("blk.0.attn_k_norm.weight")));
  }

  void WritePangu() { config_.Set("bias", Json(HasBias())); }

  void WriteShared() {
    if (Number("expert_count", 0) == 0) return;
    Set("num_shared_experts", Number("expert_shared_count", 0));
    if (arch_ == "afmoe") Set("num_dense_layers", Number("leading_dense_block_count", 0));
  }

  // ---- encoders

  void WriteTokenTypes() {
    const Json* types = header_.metadata.Find("tokenizer.ggml.token_type_count");
    Set("type_vocab_size", types == nullptr ? Rows("token_types.weight", 0) : types->AsInt().value_or(0));
  }

  // Roberta's are written without the rows in front of the first position, so what is left is usable.
  void WriteBert() {
    WriteTokenTypes();
    Set("max_position_embeddings", Rows("position_embd.weight", Number("context_length", 512)));
  }

  void WriteNomic() {
    WriteTokenTypes();
    const bool gated =
        HasTensor("blk.0.ffn_gate.weight") || (arch_ == "nomic-bert" && header_.tensors.empty());
    config_.Set("activation_function", Json(gated ? "swiglu" : "gelu"));
    const bool biased = HasTensor("blk.0.attn_output.bias") || arch_ != "nomic-bert";
    config_.Set("qkv_proj_bias", Json(biased)).Set("mlp_fc1_bias", Json(biased));
    config_.Set("mlp_fc2_bias", Json(biased)).Set("rotary_emb_fraction", Json(1.0));
    Copy("moe_every_n_layers", "moe_every_n_layers");
    Copy("expert_used_count", "moe_top_k");
    for (const std::string_view key : {"num_local_experts", "n_routed_experts"}) config_.Set(key, Json());
  }

  // ---- layers without attention: head_count_kv counts none there

  void WriteLfm2() {
    config_.Set("layer_types", KindsByCache("full_attention", "conv"));
    Set("conv_L_cache", Number("shortconv.l_cache", 3));
    config_.Set("block_auto_adjust_ff_dim", Json(false));
    if (arch_ == "lfm2moe") Set("num_dense_layers", Number("leading_dense_block_count", 0));
    config_.Set("first_k_dense_replace", Json()).Set("attention_bias", Json());
  }

  void WriteMamba() {
    Set("intermediate_size", Number("ssm.inner_size", 0));
    Set("state_size", Number("ssm.state_size", 16));
    Set("conv_kernel", Number("ssm.conv_kernel", 4));
    Set("time_step_rank", Number("ssm.time_step_rank", 0));
    DropDeltaNet();
  }

  void WriteMamba2() {
    const int64_t inner = Number("ssm.inner_size", 0), heads = std::max<int64_t>(1, SsmHeads());
    const int64_t hidden = std::max<int64_t>(1, Number("embedding_length", 1));
    Set("expand", inner / hidden).Set("num_heads", Json(heads)).Set("head_dim", Json(inner / heads));
    Set("n_groups", Number("ssm.group_count", 1)).Set("state_size", Json(Number("ssm.state_size", 128)));
    Set("conv_kernel", Number("ssm.conv_kernel", 4));
    DropDeltaNet();
  }

  void WriteJamba() {
    const int64_t hidden = std::max<int64_t>(1, Number("embedding_length", 1));
    Set("mamba_expand", Number("ssm.inner_size", 0) / hidden);
    Set("mamba_d_state", Number("ssm.state_size", 16))
        .Set("mamba_d_conv", Json(Number("ssm.conv_kernel", 4)));
    Set("mamba_dt_rank", Number("ssm.time_step_rank", 0));
    const auto [period, offset] = Period([this](int64_t layer) { return CachesIn(layer); });
    Set("attn_layer_period", period).Set("attn_layer_offset", Json(offset));
    if (Number("expert_count", 0) == 0) Set("num_experts", 1).Set("num_experts_per_tok", Json(int64_t{1}));
    if (!header_.tensors.empty()) {
      const auto [every, first] = Period([this](int64_t layer) { return HasExperts(layer); });
      Set("expert_layer_period", every).Set("expert_layer_offset", Json(first));
    }
    DropDeltaNet();
  }

  void WriteFalconH1() {
    const int64_t inner = Number("ssm.inner_size", 0);
    WriteMambaHeads(inner);
    Set("mamba_d_ssm", inner);
    config_.Set("mamba_rms_norm", Json(HasTensor("blk.0.ssm_norm.weight")));
  }

  void WriteGraniteHybrid() {
    const int64_t hidden = std::max<int64_t>(1, Number("embedding_length", 1));
    const int64_t inner = Number("ssm.inner_size", 0), experts = Number("expert_count", 0);
    WriteMambaHeads(inner);
    Set("mamba_expand", inner / hidden);
    config_.Set("layer_types", KindsByCache("attention", "mamba"));
    Set("shared_intermediate_size",
        Number(experts > 0 ? "expert_shared_feed_forward_length" : "feed_forward_length", 0));
    Set("num_local_experts", experts);
    config_.Set("shared_expert_intermediate_size", Json());
  }

  // A mixer per layer: with a cache, with an MLP's width, or with neither.
  void WriteNemotronH() {
    const int64_t heads = std::max<int64_t>(1, SsmHeads()), layers = BoundedLayers();
    const Json* widths = Find("feed_forward_length");
    std::string pattern;
    for (int64_t i = 0; i < layers; ++i) {
      const bool dense = At(widths, i) > 0;
      pattern += CachesIn(i) ? '*' : dense ? (arch_ == "nemotron_h_moe" ? 'E' : '-') : 'M';
    }
    config_.Set("hybrid_override_pattern", Json(pattern));
    Set("num_hidden_layers", layers);
    Set("mamba_num_heads", heads).Set("mamba_head_dim", Json(Number("ssm.inner_size", 0) / heads));
    Set("n_groups", Number("ssm.group_count", 1)).Set("ssm_state_size", Json(Number("ssm.state_size", 128)));
    Set("conv_kernel", Number("ssm.conv_kernel", 4));
    Copy("moe_latent_size", "moe_latent_size");
    if (const int64_t shared = Number("expert_shared_count", 0); shared > 0) {
      Set("moe_shared_expert_intermediate_size", Number("expert_shared_feed_forward_length", 0) / shared);
    }
    config_.Set("shared_expert_intermediate_size", Json()).Set("num_nextn_predict_layers", Json());
    DropDeltaNet();
  }

  void WritePlamo2() {
    Set("hidden_size_per_head", Number("attention.key_length", 128));
    Set("mamba_num_heads", SsmHeads()).Set("mamba_d_state", Json(Number("ssm.state_size", 64)));
    Set("mamba_d_conv", Number("ssm.conv_kernel", 4));
    const auto [period, offset] = Period([this](int64_t layer) { return CachesIn(layer); });
    Set("mamba_step", std::max<int64_t>(2, period));
    (void)offset;
    DropDeltaNet();
  }

  void WriteRwkv6() {
    Set("head_size", Number("wkv.head_size", 64));
    Copy("time_mix_extra_dim", "time_mix_extra_dim");
    Copy("time_decay_extra_dim", "time_decay_extra_dim");
  }

  void WriteRwkv7() {
    Set("head_dim", Number("wkv.head_size", 64));
    Copy("attention.decay_lora_rank", "decay_low_rank_dim");
    Copy("attention.iclr_lora_rank", "a_low_rank_dim");
    Copy("attention.value_residual_mix_lora_rank", "v_low_rank_dim");
    Copy("attention.gate_lora_rank", "gate_low_rank_dim");
  }

  void WriteKimiLinear() {
    Json delta = Json::MakeObject(), layers = Json::MakeArray();
    for (int64_t i = 0; i < BoundedLayers(); ++i) {
      if (!CachesIn(i)) layers.Append(Json(i + 1));
    }
    delta.Set("num_heads", Json(Number("attention.head_count", 0)));
    delta.Set("head_dim", Json(Number("kda.head_dim", 128)));
    delta.Set("short_conv_kernel_size", Json(Number("ssm.conv_kernel", 4)))
        .Set("kda_layers", std::move(layers));
    config_.Set("linear_attn_config", std::move(delta)).Set("mla_use_nope", Json(true));
    Set("num_shared_experts", Number("expert_shared_count", 0));
    Set("num_experts_per_token", Number("expert_used_count", 1));
    for (const std::string_view key : {"num_local_experts", "n_routed_experts", "n_shared_experts"}) {
      config_.Set(key, Json());
    }
  }

  // ---- layers that slide by a pattern

  void WriteStep() {
    config_.Set("layer_types", KindsBySliding());
    const auto [full, sliding] = FirstFullAndSliding();
    const Json* heads = Find("attention.head_count");
    const Json* kv = Find("attention.head_count_kv");
    Set("num_attention_heads", At(heads, full)).Set("num_attention_groups", Json(At(kv, full)));
    config_.Set("num_key_value_heads", Json());
    Json other = Json::MakeObject();
    other.Set("num_attention_heads", Json(At(heads, sliding)));
    other.Set("num_attention_groups", Json(At(kv, sliding)));
    config_.Set("attention_other_setting", std::move(other));
    config_.Set("use_head_wise_attn_gate", Json(HasTensor("blk.0.attn_gate.weight")));
    Set("moe_num_experts", Number("expert_count", 0)).Set("moe_top_k", Json(Number("expert_used_count", 1)));
    Set("share_expert_dim", Number("expert_shared_feed_forward_length", 0));
    config_.Set("shared_expert_intermediate_size", Json());
  }

  void WriteMiMo() {
    Json pattern = Json::MakeArray(), experts = Json::MakeArray();
    const int64_t layers = TextLayers(), dense = Number("leading_dense_block_count", 0);
    for (int64_t i = 0; i < layers; ++i) {
      pattern.Append(Json(int64_t{Slides(i) ? 1 : 0}));
      experts.Append(Json(int64_t{(header_.tensors.empty() ? i >= dense : HasExperts(i)) ? 1 : 0}));
    }
    config_.Set("hybrid_layer_pattern", std::move(pattern)).Set("moe_layer_freq", std::move(experts));
    const auto [full, sliding] = FirstFullAndSliding();
    const Json* kv = Find("attention.head_count_kv");
    Set("num_key_value_heads", At(kv, full)).Set("swa_num_key_value_heads", Json(At(kv, sliding)));
    Set("v_head_dim", Number("attention.value_length", 0));
    config_.Set("add_swa_attention_sink_bias",
                Json(HasTensor("blk." + std::to_string(sliding) + ".attn_sinks.weight")));
    config_.Set("add_full_attention_sink_bias",
                Json(HasTensor("blk." + std::to_string(full) + ".attn_sinks.weight")));
    config_.Set("first_k_dense_replace", Json()).Set("num_nextn_predict_layers", Json());
  }

  void WriteLaguna() {
    config_.Set("layer_types", KindsBySliding());
    Json heads = Json::MakeArray(), mlps = Json::MakeArray();
    const Json* given = Find("attention.head_count");
    for (int64_t i = 0; i < TextLayers(); ++i) {
      heads.Append(Json(At(given, i)));
      mlps.Append(Json(i < Number("leading_dense_block_count", 1) ? "dense" : "sparse"));
    }
    config_.Set("num_attention_heads_per_layer", std::move(heads)).Set("mlp_layer_types", std::move(mlps));
    for (const std::string_view key : {"n_shared_experts", "first_k_dense_replace"}) config_.Set(key, Json());
  }

  void WriteJais2() { config_.Set("attention_bias", Json(true)).Set("mlp_bias", Json(true)); }

  // A period where the file holds no list; the first of it is full, or the last.
  Json SlidingFlags(int64_t fallback, bool first_is_full) const {
    const Json* pattern = Find("attention.sliding_window_pattern");
    const bool list = pattern != nullptr && pattern->is_array();
    const int64_t period = pattern == nullptr || list ? fallback : pattern->AsInt().value_or(fallback);
    Json flags = Json::MakeArray();
    for (int64_t i = 0; i < TextLayers(); ++i) {
      bool slides = list ? Slides(i) : period > 0;
      if (!list && period > 0) slides = first_is_full ? i % period != 0 : i % period < period - 1;
      flags.Append(Json(int64_t{slides ? 1 : 0}));
    }
    return flags;
  }

  void WriteSlidingTypes(int64_t period, bool first_is_full) {
    Json types = Json::MakeArray();
    const Json flags = SlidingFlags(period, first_is_full);
    for (const Json& flag : flags.items())
      types.Append(Json(flag.AsInt() == 1 ? "sliding_attention" : "full_attention"));
    config_.Set("layer_types", std::move(types));
  }

  void WriteMellum() {
    if (Number("attention.sliding_window", 0) > 0) WriteSlidingTypes(4, false);
  }

  void WriteCohere2Moe() {
    WriteSlidingTypes(4, true);
    const int64_t width = Number("expert_feed_forward_length", 0);
    Set("prefix_dense_intermediate_size", Number("feed_forward_length", 0));
    if (width > 0) Set("intermediate_size", width);
    Set("num_shared_experts", Number("expert_shared_count", 0));
    for (const std::string_view key : {"num_local_experts", "n_routed_experts", "n_shared_experts",
                                       "shared_expert_intermediate_size", "num_nextn_predict_layers"})
      config_.Set(key, Json());
  }

  void WritePlamo3() {
    if (Number("attention.sliding_window", 0) > 0) WriteSlidingTypes(8, false);
  }

  void WriteSmallThinker() {
    if (Number("attention.sliding_window", 0) > 0) {
      config_.Set("sliding_window_layout", SlidingFlags(4, true));
      config_.Set("rope_layout", SlidingFlags(4, true));
    }
    for (const std::string_view key : {"num_local_experts", "n_routed_experts"}) config_.Set(key, Json());
  }

  void WriteGroveMoe() {
    Set("experts_per_group", Number("experts_per_group", 2));
    Copy("expert_chunk_feed_forward_length", "big_expert_intermediate_size");
  }

  void WriteOpenElm() {
    Json heads = Json::MakeArray(), kv_heads = Json::MakeArray(), widths = Json::MakeArray();
    int64_t most = 1;
    for (int64_t i = 0; i < BoundedLayers(); ++i) {
      heads.Append(Json(At(Find("attention.head_count"), i)));
      kv_heads.Append(Json(At(Find("attention.head_count_kv"), i)));
      widths.Append(Json(At(Find("feed_forward_length"), i)));
      most = std::max(most, At(Find("attention.head_count"), i));
    }
    config_.Set("num_query_heads", std::move(heads)).Set("num_kv_heads", std::move(kv_heads));
    config_.Set("ffn_intermediate_sizes", std::move(widths));
    Set("num_attention_heads", most).Set("num_key_value_heads", Json(int64_t{1}));
    config_.Set("intermediate_size", Json());
  }

  void WriteJais() {
    config_.Set("n_inner", Json(Number("feed_forward_length", 0)));
    config_.Set("position_embedding_type", Json("alibi")).Set("activation_function", Json("swiglu"));
    config_.Set("num_key_value_heads", Json()).Set("attention_bias", Json());
  }

  // Chameleon's encoder of images is not in the file.
  void WriteChameleon() { config_.Set("attention_bias", Json(HasTensor("blk.0.attn_q.bias"))); }

  void WriteDeepseek4() {
    Set("num_key_value_heads", 1);
    Copy("attention.q_lora_rank", "q_lora_rank");
    Set("qk_rope_head_dim", Number("rope.dimension_count", 64));
    Copy("attention.output_group_count", "o_groups");
    Copy("attention.output_lora_rank", "o_lora_rank");
    Copy("hyper_connection.count", "hc_mult");
    Copy("hash_layer_count", "num_hash_layers");
    Json ratios = Json::MakeArray();
    for (int64_t i = 0; i < TextLayers(); ++i) ratios.Append(Json(At(Find("attention.compress_ratios"), i)));
    config_.Set("compress_ratios", std::move(ratios));
    for (const std::string_view key :
         {"num_local_experts", "num_experts", "shared_expert_intermediate_size", "intermediate_size"})
      config_.Set(key, Json());
  }

  // Blocks of both sides by their own counts; the encoder's gate tells gated MLPs.
  void WriteT5() {
    const int64_t encoders = Number("block_count", 0);
    Set("num_layers", encoders).Set("num_decoder_layers", Json(Number("decoder_block_count", encoders)));
    Set("d_kv", Number("attention.key_length", 64)).Set("d_ff", Json(Number("feed_forward_length", 0)));
    Set("n_positions", Number("context_length", 512));
    Copy("attention.relative_buckets_count", "relative_attention_num_buckets");
    config_.Set("feed_forward_proj", Json(HasTensor("enc.blk.0.ffn_gate.weight") ? "gated-gelu" : "relu"));
  }

  void WriteArctic() { Set("moe_layer_frequency", 1); }

  void WriteDeci() {
    Json blocks = Json::MakeArray();
    const Json* heads = Find("attention.head_count");
    const Json* kv = Find("attention.head_count_kv");
    const Json* widths = Find("feed_forward_length");
    for (int64_t i = 0; i < BoundedLayers(); ++i) {
      Json attention = Json::MakeObject(), ffn = Json::MakeObject();
      const int64_t own = At(heads, i), shared = At(kv, i);
      if (own > 0 && shared > 0) {
        attention.Set("n_heads_in_group", Json(own / shared));
      } else {
        attention.Set("no_op", Json(true));
      }
      if (At(widths, i) > 0) {
        ffn.Set("intermediate_size", Json(At(widths, i)));
      } else {
        ffn.Set("no_op", Json(true));
      }
      blocks.Append(Json::MakeObject().Set("attention", std::move(attention)).Set("ffn", std::move(ffn)));
    }
    config_.Set("block_configs", std::move(blocks));
  }

 private:
  void WriteIndexer() {
    if (Find("attention.indexer.head_count") == nullptr) return;
    Copy("attention.indexer.head_count", "index_n_heads");
    Copy("attention.indexer.key_length", "index_head_dim");
    Copy("attention.indexer.top_k", "index_topk");
  }

  Json& Set(std::string_view key, int64_t value) { return config_.Set(key, Json(value)); }

  // The layers that the file counts; as many as an array can hold, as the number is hostile.
  int64_t BoundedLayers() const {
    return std::clamp<int64_t>(Number("block_count", 0), 0, static_cast<int64_t>(kMaxKeptArray));
  }
  int64_t TextLayers() const {
    return std::max<int64_t>(0, BoundedLayers() - std::max<int64_t>(0, Number("nextn_predict_layers", 0)));
  }

  // Of one number for all layers, or of an array with one for each.
  static int64_t At(const Json* value, int64_t layer) {
    if (value == nullptr) return 0;
    if (!value->is_array()) return value->AsInt().value_or(0);
    const auto at = static_cast<size_t>(layer);
    if (at >= value->items().size()) return 0;
    const Json& item = value->items()[at];
    return item.AsInt().value_or(item.AsBool().value_or(false) ? 1 : 0);
  }

  bool CachesIn(int64_t layer) const { return At(Find("attention.head_count_kv"), layer) > 0; }
  bool Slides(int64_t layer) const { return At(Find("attention.sliding_window_pattern"), layer) != 0; }
  bool HasExperts(int64_t layer) const {
    return HasTensor("blk." + std::to_string(layer) + ".ffn_gate_inp.weight");
  }
  bool HasBias() const { return HasTensor("blk.0.attn_qkv.bias") || HasTensor("blk.0.attn_q.bias"); }

  int64_t Rows(std::string_view name, int64_t fallback) const {
    for (const GgufFileTensor& tensor : header_.tensors) {
      if (tensor.name == name) return tensor.ne[1];
    }
    return fallback;
  }

  Json KindsByCache(std::string_view with, std::string_view without) const {
    Json kinds = Json::MakeArray();
    for (int64_t i = 0; i < BoundedLayers(); ++i) kinds.Append(Json(CachesIn(i) ? with : without));
    return kinds;
  }
  Json KindsBySliding() const {
    Json kinds = Json::MakeArray();
    for (int64_t i = 0; i < TextLayers(); ++i)
      kinds.Append(Json(Slides(i) ? "sliding_attention" : "full_attention"));
    return kinds;
  }

  std::pair<int64_t, int64_t> FirstFullAndSliding() const {
    int64_t full = 0, sliding = 0;
    for (int64_t i = BoundedLayers(); i-- > 0;) (Slides(i) ? sliding : full) = i;
    return {full, sliding};
  }

  // The first layer that is so, and how far the next one is.
  template <typename Test>
  std::pair<int64_t, int64_t> Period(Test test) const {
    const int64_t layers = BoundedLayers();
    int64_t first = -1;
    for (int64_t i = 0; i < layers; ++i) {
      if (!test(i)) continue;
      if (first >= 0) return {i - first, first};
      first = i;
    }
    return {std::max<int64_t>(1, layers), std::max<int64_t>(0, first)};
  }

  int64_t SsmHeads() const { return Number("ssm.time_step_rank", 0); }

  void WriteMambaHeads(int64_t inner) {
    const int64_t heads = std::max<int64_t>(1, SsmHeads());
    Set("mamba_n_heads", heads).Set("mamba_d_head", Json(inner / heads));
    Set("mamba_n_groups", Number("ssm.group_count", 1));
    Set("mamba_d_state", Number("ssm.state_size", 128))
        .Set("mamba_d_conv", Json(Number("ssm.conv_kernel", 4)));
    DropDeltaNet();
  }

  // WriteRecurrent's words are Qwen's.
  void DropDeltaNet() {
    for (const std::string_view key :
         {"linear_num_value_heads", "linear_num_key_heads", "linear_key_head_dim", "linear_conv_kernel_dim",
          "linear_value_head_dim"}) {
      if (config_.Has(key)) config_.Set(key, Json());
    }
  }

  const Json* Find(std::string_view key) const {
    return header_.metadata.Find(arch_ + "." + std::string(key));
  }

  // A number, or the largest of an array with one per layer.
  int64_t Number(std::string_view key, int64_t fallback) const {
    const Json* value = Find(key);
    if (value == nullptr) return fallback;
    if (!value->is_array()) return value->AsInt().value_or(fallback);
    int64_t largest = 0;
    for (const Json& item : value->items()) largest = std::max(largest, item.AsInt().value_or(0));
    return largest;
  }

  void Copy(std::string_view key, std::string_view as) {
    if (const int64_t value = Number(key, -1); value >= 0) config_.Set(as, Json(value));
  }

  bool HasTensor(std::string_view name) const { return names_.count(name) > 0; }

  void WriteShape() {
    Copy("embedding_length", "hidden_size");
    const int64_t nextn = Number("nextn_predict_layers", 0);
    config_.Set("num_hidden_layers", Json(Number("block_count", 0) - nextn));
    if (nextn > 0) config_.Set("num_nextn_predict_layers", Json(nextn));
    Copy("feed_forward_length", "intermediate_size");
    Copy("attention.head_count", "num_attention_heads");
    Copy("attention.head_count_kv", "num_key_value_heads");
    Copy("attention.key_length", "head_dim");
    Copy("context_length", "max_position_embeddings");
    Copy("attention.sliding_window", "sliding_window");
    Copy("full_attention_interval", "full_attention_interval");
    int64_t vocab = Number("vocab_size", 0);
    for (const GgufFileTensor& tensor : header_.tensors) {
      if (tensor.name == "token_embd.weight") vocab = tensor.ne[1];
    }
    if (vocab == 0) {
      const Json* tokens = header_.metadata.Find("tokenizer.ggml.tokens#");
      if (tokens != nullptr) vocab = tokens->AsInt().value_or(0);
    }
    config_.Set("vocab_size", Json(vocab));
    config_.Set("tie_word_embeddings", Json(!header_.tensors.empty() && !HasTensor("output.weight")));
    if (arch_ != "qwen2" && arch_ != "qwen2moe")
      config_.Set("attention_bias", Json(HasTensor("blk.0.attn_q.bias")));
    if (arch_ == "stablelm") config_.Set("use_qkv_bias", Json(HasTensor("blk.0.attn_q.bias")));
    if (arch_ == "internlm2") config_.Set("bias", Json(HasTensor("blk.0.attn_q.bias")));
    if (arch_ == "command-r") config_.Set("use_qk_norm", Json(HasTensor("blk.0.attn_q_norm.weight")));
    if (arch_ == "glm4moe") config_.Set("use_qk_norm", Json(HasTensor("blk.0.attn_q_norm.weight")));
    config_.Set("torch_dtype", Json("bfloat16"));
  }

  void WriteExperts(std::string_view hugging_face) {
    const int64_t experts = Number("expert_count", 0);
    if (experts == 0) return;
    for (const std::string_view key : {"num_experts", "num_local_experts", "n_routed_experts"}) {
      config_.Set(key, Json(experts));
    }
    Copy("expert_used_count", "num_experts_per_tok");
    Copy("expert_feed_forward_length", "moe_intermediate_size");
    // Where every layer is sparse the width of an expert stands as the only width.
    const int64_t width = Number("expert_feed_forward_length", 0);
    const bool only_width = hugging_face == "MixtralForCausalLM" || arch_ == "gpt-oss" ||
                            arch_ == "minimax-m2" || arch_ == "olmoe";
    if (only_width && width > 0) config_.Set("intermediate_size", Json(width));
    const int64_t shared = Number("expert_shared_count", 0);
    config_.Set("n_shared_experts", Json(shared));
    Copy("expert_shared_feed_forward_length",
         arch_ == "granitemoe" ? "shared_intermediate_size" : "shared_expert_intermediate_size");
    Copy("leading_dense_block_count", "first_k_dense_replace");
  }

  void WriteLatent() {
    if (Find("attention.kv_lora_rank") == nullptr) return;
    Copy("attention.kv_lora_rank", "kv_lora_rank");
    Copy("attention.q_lora_rank", "q_lora_rank");
    const int64_t rope = Number("rope.dimension_count", 0);
    const int64_t key = Number("attention.key_length_mla", Number("attention.key_length", 0));
    config_.Set("qk_rope_head_dim", Json(rope));
    config_.Set("qk_nope_head_dim", Json(std::max<int64_t>(key - rope, 0)));
    config_.Set("v_head_dim",
                Json(Number("attention.value_length_mla", Number("attention.value_length", 0))));
    // Stored as one KV head since the latent is shared; the config counts the query's heads.
    config_.Set("num_key_value_heads", Json(Number("attention.head_count", 0)));
    config_.Set("head_dim", Json());
  }

  void WriteRecurrent() {
    if (Find("ssm.state_size") == nullptr) return;
    const int64_t heads = Number("ssm.time_step_rank", 0);
    config_.Set("linear_num_value_heads", Json(heads));
    Copy("ssm.group_count", "linear_num_key_heads");
    Copy("ssm.state_size", "linear_key_head_dim");
    Copy("ssm.conv_kernel", "linear_conv_kernel_dim");
    if (heads > 0) config_.Set("linear_value_head_dim", Json(Number("ssm.inner_size", 0) / heads));
    if (Number("expert_count", 0) == 0) return;
    config_.Set("shared_expert_intermediate_size", Json(Number("expert_shared_feed_forward_length", 0)));
  }

  const GgufHeader& header_;
  std::unordered_set<std::string_view> names_;
  std::string arch_;
  Json config_ = Json::MakeObject();
};

struct ArchitectureName {
  std::string_view gguf;
  std::string_view hugging_face;
  std::string_view model_type;
  void (ConfigWriter::*own)() = nullptr;  // what its config calls by names of its own
};
// gguf-py/gguf/constants.py MODEL_ARCH_NAMES against the classes that convert to them.
constexpr ArchitectureName kArchitectures[] = {
    {"llama", "LlamaForCausalLM", "llama"},
    {"llama4", "Llama4ForConditionalGeneration", "llama4"},
    {"mistral3", "MistralForCausalLM", "mistral"},
    {"qwen2", "Qwen2ForCausalLM", "qwen2"},
    {"qwen2moe", "Qwen2MoeForCausalLM", "qwen2_moe"},
    {"qwen3", "Qwen3ForCausalLM", "qwen3"},
    {"qwen3moe", "Qwen3MoeForCausalLM", "qwen3_moe"},
    {"qwen3next", "Qwen3NextForCausalLM", "qwen3_next"},
    {"qwen35", "Qwen3_5ForCausalLM", "qwen3_5_text"},
    {"qwen35moe", "Qwen3_5MoeForCausalLM", "qwen3_5_moe_text"},
    {"gemma", "GemmaForCausalLM", "gemma"},
    {"gemma2", "Gemma2ForCausalLM", "gemma2"},
    {"gemma3", "Gemma3ForCausalLM", "gemma3_text"},
    {"gemma3n", "Gemma3nForCausalLM", "gemma3n_text", &ConfigWriter::WriteGemma},
    {"gemma4", "Gemma4ForCausalLM", "gemma4_text", &ConfigWriter::WriteGemma},
    {"internlm2", "InternLM2ForCausalLM", "internlm2"},
    {"baichuan", "BaichuanForCausalLM", "baichuan"},
    {"exaone", "ExaoneForCausalLM", "exaone"},
    {"exaone4", "Exaone4ForCausalLM", "exaone4"},
    {"hunyuan-dense", "HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense"},
    {"dots1", "Dots1ForCausalLM", "dots1"},
    {"olmoe", "OlmoeForCausalLM", "olmoe"},
    {"ernie4_5", "Ernie4_5ForCausalLM", "ernie4_5"},
    {"deepseek2", "DeepseekV3ForCausalLM", "deepseek_v3"},
    {"gpt-oss", "GptOssForCausalLM", "gpt_oss"},
    {"glm4", "Glm4ForCausalLM", "glm4"},
    {"glm4moe", "Glm4MoeForCausalLM", "glm4_moe"},
    {"phi3", "Phi3ForCausalLM", "phi3"},
    {"command-r", "CohereForCausalLM", "cohere"},
    {"cohere2", "Cohere2ForCausalLM", "cohere2"},
    {"olmo2", "Olmo2ForCausalLM", "olmo2"},
    {"granite", "GraniteForCausalLM", "granite"},
    {"seed_oss", "SeedOssForCausalLM", "seed_oss"},
    {"smollm3", "SmolLM3ForCausalLM", "smollm3"},
    {"starcoder2", "Starcoder2ForCausalLM", "starcoder2"},
    {"minimax-m2", "MiniMaxM2ForCausalLM", "minimax_m2"},
    {"gpt2", "GPT2LMHeadModel", "gpt2"},
    {"gptneox", "GPTNeoXForCausalLM", "gpt_neox"},
    {"gptj", "GPTJForCausalLM", "gptj"},
    {"bloom", "BloomForCausalLM", "bloom"},
    {"mpt", "MPTForCausalLM", "mpt"},
    {"falcon", "FalconForCausalLM", "falcon", &ConfigWriter::WriteFalcon},
    {"starcoder", "GPTBigCodeForCausalLM", "gpt_bigcode"},
    {"stablelm", "StableLmForCausalLM", "stablelm"},
    {"phi2", "PhiForCausalLM", "phi"},
    {"phimoe", "PhiMoEForCausalLM", "phimoe"},
    {"qwen", "QWenLMHeadModel", "qwen"},
    {"qwen2vl", "Qwen2ForCausalLM", "qwen2"},
    {"qwen3vl", "Qwen3ForCausalLM", "qwen3"},
    {"qwen3vlmoe", "Qwen3MoeForCausalLM", "qwen3_moe"},
    {"orion", "OrionForCausalLM", "orion"},
    {"xverse", "LlamaForCausalLM", "llama"},
    {"nemotron", "NemotronForCausalLM", "nemotron"},
    {"minicpm", "MiniCPMForCausalLM", "minicpm"},
    {"minicpm3", "MiniCPM3ForCausalLM", "minicpm3"},
    {"olmo", "OlmoForCausalLM", "olmo"},
    {"arcee", "ArceeForCausalLM", "arcee"},
    {"apertus", "ApertusForCausalLM", "apertus"},
    {"deepseek", "DeepseekForCausalLM", "deepseek"},
    {"granitemoe", "GraniteMoeForCausalLM", "granitemoe"},
    {"grok", "Grok1ModelForCausalLM", "grok-1"},
    {"chatglm", "ChatGLMModel", "chatglm", &ConfigWriter::WriteChatGlm},
    {"dbrx", "DbrxForCausalLM", "dbrx", &ConfigWriter::WriteDbrx},
    {"bailingmoe", "BailingMoeForCausalLM", "bailing_moe", &ConfigWriter::WriteShared},
    {"bailingmoe2", "BailingMoeV2ForCausalLM", "bailing_moe_v2", &ConfigWriter::WriteShared},
    {"ernie4_5-moe", "Ernie4_5_MoeForCausalLM", "ernie4_5_moe", &ConfigWriter::WriteErnieMoe},
    {"hunyuan-moe", "HunYuanMoEV1ForCausalLM", "hunyuan_v1_moe", &ConfigWriter::WriteHunYuanMoe},
    {"hy_v3", "HYV3ForCausalLM", "hy_v3", &ConfigWriter::WriteShared},
    {"afmoe", "AfmoeForCausalLM", "afmoe", &ConfigWriter::WriteShared},
    {"exaone-moe", "ExaoneMoeForCausalLM", "exaone_moe", &ConfigWriter::WriteShared},
    {"deepseek32", "DeepseekV32ForCausalLM", "deepseek_v32"},
    {"glm-dsa", "GlmMoeDsaForCausalLM", "glm_moe_dsa"},
    {"mistral4", "MistralLarge3ForCausalLM", "mistral4"},
    {"pangu-embedded", "PanguEmbeddedForCausalLM", "pangu_embedded", &ConfigWriter::WritePangu},
    {"llada", "LlamaForCausalLM", "llama"},
    {"dream", "Qwen2ForCausalLM", "qwen2"},
    {"rnd1", "Qwen3MoeForCausalLM", "qwen3_moe"},
    {"gemma-embedding", "Gemma3TextModel", "gemma3_text"},
    {"llama-embed", "LlamaModel", "llama"},
    {"bert", "BertModel", "bert", &ConfigWriter::WriteBert},
    {"jina-bert-v3", "NomicBertModel", "nomic_bert", &ConfigWriter::WriteNomic},
    {"jina-bert-v2", "NewModel", "new", &ConfigWriter::WriteTokenTypes},
    {"nomic-bert", "NomicBertModel", "nomic_bert", &ConfigWriter::WriteNomic},
    {"nomic-bert-moe", "NomicBertModel", "nomic_bert", &ConfigWriter::WriteNomic},
    {"modern-bert", "ModernBertModel", "modernbert"},
    {"eurobert", "LlamaModel", "llama"},
    {"neo-bert", "LlamaModel", "llama"},
    {"lfm2", "Lfm2ForCausalLM", "lfm2", &ConfigWriter::WriteLfm2},
    {"lfm2moe", "Lfm2MoeForCausalLM", "lfm2_moe", &ConfigWriter::WriteLfm2},
    {"mamba", "MambaForCausalLM", "mamba", &ConfigWriter::WriteMamba},
    {"mamba2", "Mamba2ForCausalLM", "mamba2", &ConfigWriter::WriteMamba2},
    {"jamba", "JambaForCausalLM", "jamba", &ConfigWriter::WriteJamba},
    {"falcon-h1", "FalconH1ForCausalLM", "falcon_h1", &ConfigWriter::WriteFalconH1},
    {"granitehybrid", "GraniteMoeHybridForCausalLM", "granitemoehybrid", &ConfigWriter::WriteGraniteHybrid},
    {"nemotron_h", "NemotronHForCausalLM", "nemotron_h", &ConfigWriter::WriteNemotronH},
    {"nemotron_h_moe", "NemotronHForCausalLM", "nemotron_h", &ConfigWriter::WriteNemotronH},
    {"plamo2", "Plamo2ForCausalLM", "plamo2", &ConfigWriter::WritePlamo2},
    {"rwkv6", "Rwkv6ForCausalLM", "rwkv6", &ConfigWriter::WriteRwkv6},
    {"rwkv7", "RWKV7ForCausalLM", "rwkv7", &ConfigWriter::WriteRwkv7},
    {"kimi-linear", "KimiLinearForCausalLM", "kimi_linear", &ConfigWriter::WriteKimiLinear},
    {"step35", "Step3p5ForCausalLM", "step3p5", &ConfigWriter::WriteStep},
    {"mimo2", "MiMoV2FlashForCausalLM", "mimo_v2_flash", &ConfigWriter::WriteMiMo},
    {"laguna", "LagunaForCausalLM", "laguna", &ConfigWriter::WriteLaguna},
    {"arctic", "ArcticForCausalLM", "arctic", &ConfigWriter::WriteArctic},
    {"deci", "DeciLMForCausalLM", "nemotron-nas", &ConfigWriter::WriteDeci},
    {"paddleocr", "Ernie4_5ForCausalLM", "ernie4_5"},
    {"hunyuan_vl", "HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense"},
    {"deepseek2-ocr", "DeepseekForCausalLM", "deepseek"},
    {"llada-moe", "Qwen3MoeForCausalLM", "qwen3_moe"},
    {"maincoder", "Qwen3ForCausalLM", "qwen3"},
    {"refact", "LlamaForCausalLM", "llama"},
    {"codeshell", "Starcoder2ForCausalLM", "starcoder2"},
    {"jais2", "Jais2ForCausalLM", "jais2", &ConfigWriter::WriteJais2},
    {"bitnet", "BitNetForCausalLM", "bitnet"},
    {"mellum", "MellumForCausalLM", "mellum", &ConfigWriter::WriteMellum},
    {"cohere2moe", "Cohere2MoeForCausalLM", "cohere2_moe", &ConfigWriter::WriteCohere2Moe},
    {"plamo", "PlamoForCausalLM", "plamo"},
    {"plamo3", "Plamo3ForCausalLM", "plamo3", &ConfigWriter::WritePlamo3},
    {"plm", "PLMForCausalLM", "plm"},
    {"smallthinker", "SmallThinkerForCausalLM", "smallthinker", &ConfigWriter::WriteSmallThinker},
    {"grovemoe", "GroveMoeForCausalLM", "grove_moe", &ConfigWriter::WriteGroveMoe},
    {"openelm", "OpenELMForCausalLM", "openelm", &ConfigWriter::WriteOpenElm},
    {"t5", "T5ForConditionalGeneration", "t5", &ConfigWriter::WriteT5},
    {"t5encoder", "T5EncoderModel", "t5", &ConfigWriter::WriteT5},
    {"jais", "JAISLMHeadModel", "jais", &ConfigWriter::WriteJais},
    {"chameleon", "ChameleonForCausalLM", "chameleon", &ConfigWriter::WriteChameleon},
    {"deepseek4", "DeepseekV4ForCausalLM", "deepseek_v4", &ConfigWriter::WriteDeepseek4},
};

// The class, where one name stands for several.
std::string_view ClassOf(const ArchitectureName& known, const Json& metadata) {
  const auto number = [&](std::string_view key) {
    const Json* value = metadata.Find(std::string(known.gguf) + "." + std::string(key));
    return value == nullptr ? 0 : value->AsInt().value_or(0);
  };
  // OLMo 3 goes under OLMo 2's name, with windows in three of four layers (conversion of Olmo3ForCausalLM).
  if (known.gguf == "olmo2" && number("attention.sliding_window") > 0) return "Olmo3ForCausalLM";
  if (known.gguf == "llama" && number("expert_count") > 0) return "MixtralForCausalLM";
  if (known.gguf == "deepseek2" && number("attention.q_lora_rank") == 0) return "DeepseekV2ForCausalLM";
  if (known.gguf == "deepseek2-ocr" && number("attention.kv_lora_rank") > 0) return "DeepseekV2ForCausalLM";
  const Json* norms = metadata.Find("mamba.ssm.dt_b_c_rms");
  if (known.gguf == "mamba" && norms != nullptr && norms->AsBool().value_or(false))
    return "FalconMambaForCausalLM";
  return known.hugging_face;
}

}  // namespace

std::vector<std::string_view> GgufArchitectures() {
  std::vector<std::string_view> names;
  for (const ArchitectureName& known : kArchitectures) names.push_back(known.gguf);
  return names;
}

Result<Json> ConfigOfGguf(const GgufHeader& header) {
  const Json* name = header.metadata.Find("general.architecture");
  const std::string arch = name == nullptr ? "" : name->AsString();
  for (const ArchitectureName& known : kArchitectures) {
    if (known.gguf != arch) continue;
    return ConfigWriter(header).Write(arch, ClassOf(known, header.metadata), known.model_type, known.own);
  }
  std::string accepted = ListText(GgufArchitectures(), "or");
  if (arch == "clip") accepted = "the model's own file: this one holds its tower (mmproj)";
  return Error{"gguf.general.architecture", Quoted(arch), std::move(accepted)};
}

}  // namespace plimsoll
