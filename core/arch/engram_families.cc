// Sources: the tensors of deepseek-ai/DeepSeek-V4.1-Flash as public loaders list them (transformers
// configuration_deepseek_v41.py, vLLM's and Megatron's models of it).
#include "core/arch/engram_families.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/tensor_list.h"
#include "core/arch/tower_keys.h"

namespace plimsoll {

namespace {

constexpr int64_t kMaxEngramRows = int64_t{1} << 40;

// Layer numbers of a list, as flags.
std::vector<uint8_t> Named(ArchitectureBuilder& builder, std::string_view key) {
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> named(static_cast<size_t>(layers), 0);
  const Json* list = builder.text.Find(key);
  if (list == nullptr) return named;
  for (const Json& item : list->items()) {
    const int64_t layer = item.AsInt().value_or(-1);
    if (layer < 0 || layer >= layers) {
      builder.text.Refuse(key, "layer numbers");
      return named;
    }
    named[static_cast<size_t>(layer)] = 1;
  }
  return named;
}

// Only some layers make compressed keys, which the others read; a ratio of one compresses nothing and has no
// gate. Some more layers choose among them anew.
void AddSourceLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  const int64_t hidden = builder.architecture.hidden;
  const Sharding whole = Sharding::kReplicated;
  const TensorRole role = TensorRole::kAttention;
  const std::string_view scope = "attn.";
  list->Linear({scope, "wq_a", "attn_q_a"}, role, whole, t.q_lora_rank, hidden);
  list->Weight({scope, "q_norm", "attn_q_a_norm"}, TensorRole::kNorm, whole, t.q_lora_rank);
  list->Linear({scope, "wq_b", "attn_q_b"}, role, Sharding::kRows, t.heads * t.key_dim, t.q_lora_rank);
  list->Linear({scope, "wkv", "attn_kv"}, role, whole, t.key_dim, hidden);
  list->Weight({scope, "kv_norm", "attn_kv_norm"}, TensorRole::kNorm, whole, t.key_dim);
  list->Linear({scope, "wo_a", "attn_output_a"}, role, Sharding::kRows, t.o_groups * t.o_lora_rank,
               t.heads * t.value_dim / std::max<int64_t>(1, t.o_groups));
  list->Linear({scope, "wo_b", "attn_output_b"}, role, Sharding::kColumns, hidden,
               t.o_groups * t.o_lora_rank);
  list->Parameter({scope, "attn_sink", "attn_sinks"}, role, Sharding::kRows, t.heads).fp32 = true;
  const int64_t width = builder.text.Required("index_head_dim", 1, kMaxHeadDim);
  if (t.index_heads > 0) {
    list->Linear({"attn.indexer.", "wq_b", "indexer.attn_q_b"}, TensorRole::kIndexer, whole,
                 t.index_heads * width, t.q_lora_rank);
    list->Linear({"attn.indexer.", "weights_proj", "indexer.proj"}, TensorRole::kIndexer, whole,
                 t.index_heads, hidden);
  }
  if (t.compress_ratio > 0) {
    list->Linear({"attn.indexer.", "wk", "indexer.attn_k"}, TensorRole::kIndexer, whole, width, t.key_dim);
    list->Weight({"attn.indexer.", "k_norm", "indexer.k_norm"}, TensorRole::kIndexer, whole, width);
    list->Linear({"attn.compressor.", "wkv", "attn_compressor_kv"}, role, whole, t.key_dim, hidden);
    list->Weight({"attn.compressor.", "norm", "attn_compressor_norm"}, TensorRole::kNorm, whole, t.key_dim);
    if (t.compress_ratio > 1)
      list->Linear({"attn.compressor.", "wgate", "attn_compressor_gate"}, role, whole, t.key_dim, hidden);
  }
  if (shape.mlp.selection_bias) {
    list->Parameter({"ffn.", "gate.bias_vl", ""}, TensorRole::kRouter, whole, shape.mlp.experts).fp32 = true;
  }
}

// Hashes of the last two, three and four tokens choose rows of a table; what they hold goes into the residual
// streams. The rows are stored in eight bits like other matrices.
void AddEngrams(ArchitectureBuilder& builder, TensorList* list) {
  ConfigReader& text = builder.text;
  const Json* layers = text.Find("engram_layer_ids");
  if (layers == nullptr || layers->items().empty()) return;
  const int64_t count = static_cast<int64_t>(layers->items().size());
  const std::vector<int64_t> rows = text.Ints("engram_num_embeddings", count, 1, kMaxEngramRows);
  if (rows.empty()) return;
  const int64_t width = text.Int("engram_head_dim", 256, 1, kMaxHeadDim);
  const int64_t hashes =
      (text.Int("engram_max_ngram_size", 4, 2, 64) - 1) * text.Int("engram_n_heads", 8, 1, 1024);
  const int64_t hidden = builder.architecture.hidden;
  const int64_t streams = std::max<int64_t>(1, builder.base.hyper_connections);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t layer = layers->items()[static_cast<size_t>(i)].AsInt().value_or(0);
    list->Enter(TensorPart::kText, -1, 1, "layers." + std::to_string(layer) + ".engram.");
    list->Weight({"", "embed", ""}, TensorRole::kEmbedding, Sharding::kVocab, rows[static_cast<size_t>(i)],
                 width)
        .linear = true;
    list->Linear({"", "wkv", ""}, TensorRole::kMlp, Sharding::kReplicated, (streams + 1) * hidden,
                 hashes * width);
    list->Parameter({"", "q_weight", ""}, TensorRole::kOther, Sharding::kReplicated, streams, hidden);
    list->Parameter({"", "k_weight", ""}, TensorRole::kOther, Sharding::kReplicated, streams, hidden);
  }
  builder.Remark("The tables of n-grams (engrams) are counted as GPU memory; engines can leave them in RAM.");
}

// Three layers that draft as one, with fewer experts: the states of some layers lead in, a low-rank table of
// which token follows which leads out.
void AddDrafts(ArchitectureBuilder& builder, TensorList* list) {
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  const int64_t vocab = builder.architecture.vocab;
  const Json* targets = text.Find("dspark_target_layer_ids");
  const int64_t states = targets == nullptr ? 3 : static_cast<int64_t>(targets->items().size());
  const int64_t rank = text.Int("dspark_markov_rank", 256, 0, kMaxWidth);
  const Sharding whole = Sharding::kReplicated;
  list->Weight({"", "main_norm", ""}, TensorRole::kNorm, whole, hidden);
  list->Linear({"", "main_proj", ""}, TensorRole::kOther, whole, hidden,
               std::max<int64_t>(1, states) * hidden);
  list->Weight({"", "norm", ""}, TensorRole::kNorm, whole, hidden);
  if (rank == 0) return;
  list->Weight({"", "markov_head.embed", ""}, TensorRole::kOther, Sharding::kVocab, vocab, rank);
  list->Weight({"", "markov_head.head", ""}, TensorRole::kOther, Sharding::kVocab, vocab, rank);
  list->Linear({"", "confidence_head.proj", ""}, TensorRole::kOther, whole, 1, hidden + rank);
}

void AddV41Tower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1024, 32, 16, 2816, 0, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = vision.Required("downsample_ratio", 1, 64);
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  tower.Enter("vision.");
  tower.Convolution("patch_embed.proj", t.hidden, PatchElements(t));
  tower.RmsNorm("norm", t.hidden);
  TowerNames names = TimmNames();
  names.qkv = "attn.wqkv";
  names.o = "attn.wo";
  names.gate = "mlp.w1";
  names.up = "mlp.w3";
  names.down = "mlp.w2";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.rms = true;
  blocks.mlp_bias = false;
  tower.Enter("vision.blocks.{}.", t.layers);
  tower.Blocks(blocks);
  EnterProjector(tower, "aligner.");
  tower.TwoLinears("w1", "w2", t.hidden * t.merge * t.merge, text, text);
  EnterProjector(tower, "");
  for (const std::string_view name : {"image_start", "image_end", "image_newline"})
    tower.Parameter(name, text);
}

Mlp ReadV41Experts(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Mlp experts;
  experts.kind = MlpKind::kMoe;
  experts.experts = text.Required("n_routed_experts", 1, kMaxHeads);
  experts.experts_per_token = text.Required("num_experts_per_tok", 1, experts.experts);
  experts.expert_intermediate = text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  experts.expert_hidden = builder.architecture.hidden;
  experts.shared_intermediate = experts.expert_intermediate * text.Int("n_shared_experts", 1, 0, 1024);
  experts.selection_bias = text.Text("topk_method", "noaux_tc") == "noaux_tc";
  return experts;
}

void NameV41(TensorNames* names) {
  names->model = "";
  names->embedding = "embed";
  names->head = "head";
  names->attention = "attn.";
  names->moe = "ffn.";
  names->selection_bias = "gate.bias";
  names->expert_gate = names->shared_gate_proj = "w1";
  names->expert_up = names->shared_up = "w3";
  names->expert_down = names->shared_down = "w2";
  names->norms[0] = "attn_norm";
  names->norms[1] = "ffn_norm";
}

void ReadDrafts(ArchitectureBuilder& builder, const Mlp& experts) {
  ConfigReader& text = builder.text;
  builder.mtp_style = MtpStyle::kStages;
  builder.mtp_extras = AddDrafts;
  builder.architecture.mtp_layers = text.Int("num_nextn_predict_layers", 0, 0, 64);
  LayerShape& shape = builder.architecture.mtp_shape;
  shape = builder.base;
  shape.mlp = experts;
  shape.mlp.experts = text.Int("dspark_n_routed_experts", experts.experts, 1, kMaxHeads);
  shape.mlp.experts_per_token = std::min(
      shape.mlp.experts, text.Int("dspark_num_experts_per_tok", experts.experts_per_token, 1, kMaxHeads));
}

void ReadDeepseekV41(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 512);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.kind = AttentionKind::kCompressed;
  attention.kv_heads = 1;
  attention.window = text.Required("sliding_window", 1, kMaxPositions);
  attention.q_lora_rank = text.Required("q_lora_rank", 1, kMaxWidth);
  attention.rope_dim = text.Required("qk_rope_head_dim", 0, attention.key_dim);
  attention.nope_dim = attention.key_dim - attention.rope_dim;
  attention.o_groups = text.Required("o_groups", 1, kMaxHeads);
  attention.o_lora_rank = text.Required("o_lora_rank", 1, kMaxWidth);
  if (!builder.failed() && attention.heads % attention.o_groups != 0)
    text.Refuse("o_groups", "a divisor of num_attention_heads");
  attention.sinks = true;
  attention.listed_apart = true;
  builder.base.hyper_connections = text.Int("hc_mult", 4, 1, 64);
  builder.stream_head = false;
  const Mlp experts = ReadV41Experts(builder);
  NameV41(&builder.names);
  if (const Json* engrams = text.Find("engram_layer_ids"); engrams != nullptr && !engrams->items().empty()) {
    const auto count = static_cast<int64_t>(engrams->items().size());
    if (text.Ints("engram_num_embeddings", count, 1, kMaxEngramRows).empty())
      text.Refuse("engram_num_embeddings", "a number of rows for each of engram_layer_ids");
  }
  builder.layer_extras = AddSourceLayer;
  builder.model_extras = AddEngrams;
  if (builder.root.Has("vision_config")) builder.towers = AddV41Tower;
  builder.rope_tables = text.Has("compress_rope_theta") ? 2 : 1;

  const int64_t layers = builder.architecture.layers;
  const Json* given = text.Find("compress_ratios");
  const int64_t listed = given == nullptr ? 0 : static_cast<int64_t>(given->items().size());
  if (listed < layers || listed > layers + 64)
    return text.Refuse("compress_ratios", "a number for each layer, those that draft included");
  const std::vector<int64_t> ratios = text.Ints("compress_ratios", listed, 0, kMaxPositions);
  const std::vector<uint8_t> keeps = Named(builder, "kv_source_layer_ids");
  const std::vector<uint8_t> searches = Named(builder, "index_source_layer_ids");
  const int64_t heads = text.Required("index_n_heads", 1, kMaxHeads);
  const int64_t width = text.Required("index_head_dim", 1, kMaxHeadDim);
  const int64_t chosen = text.Required("index_topk", 1, kMaxPositions);
  for (size_t i = 0; i < static_cast<size_t>(layers) && !builder.failed(); ++i) {
    LayerShape shape = builder.base;
    shape.mlp = experts;
    if (searches[i] != 0) shape.attention.index_heads = heads;
    if (keeps[i] != 0) {
      if (ratios[i] < 1) return text.Refuse("kv_source_layer_ids", "layers with a ratio of one or more");
      shape.attention.compress_ratio = ratios[i];
      shape.attention.index_dim = width;
      shape.attention.index_topk = chosen;
    }
    builder.Append(builder.GroupOf(shape));
  }
  ReadDrafts(builder, experts);
}

constexpr Family kFamilies[] = {
    {"DeepseekV41ForCausalLM", ReadDeepseekV41},
    {"DeepseekV41ForConditionalGeneration", ReadDeepseekV41},
};

}  // namespace

std::span<const Family> EngramFamilies() { return kFamilies; }

}  // namespace plimsoll
