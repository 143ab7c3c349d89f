// Sources: transformers modeling_qwen4_exp.py, as public loaders of Qwen3.8-Flash-Next read it; llama.cpp's
// qwen4exp.
#include "core/arch/ngram_families.h"

#include <string>
#include <vector>

#include "core/arch/tensor_list.h"
#include "core/arch/vision_tower.h"

namespace plimsoll {

namespace {

// Trial division by 2, 3 and what lies beside multiples of 6; 32 bits, because the catalog is read at every
// start.
bool IsPrime(uint32_t number) {
  if (number < 4) return number > 1;
  if (number % 2 == 0 || number % 3 == 0) return false;
  for (uint32_t divisor = 5; divisor * divisor <= number; divisor += 6) {
    if (number % divisor == 0 || number % (divisor + 2) == 0) return false;
  }
  return true;
}

struct Streams {
  int64_t count = 0;  // parallel residual streams
  int64_t rank = 0;   // of what mixes them
};

Streams ReadStreams(ArchitectureBuilder& builder) {
  return {builder.text.Int("hc_count", 4, 1, 64), builder.text.Int("hc_lowrank", 320, 1, kMaxWidth)};
}

// Mixes the streams into the input of attention or MLP by a low rank, and `inject` puts the output back.
struct Mixer {
  std::string_view scope;
  std::string_view norm, down, up, inject;  // llama.cpp's names
};
constexpr Mixer kAttentionMixer = {"attn_gated_residual.", "hc_attn_norm", "hc_attn_down", "hc_attn_up",
                                   "hc_attn_inject"};
constexpr Mixer kMlpMixer = {"mlp_gated_residual.", "hc_ffn_norm", "hc_ffn_down", "hc_ffn_up",
                             "hc_ffn_inject"};
constexpr Mixer kFinalMixer = {"final_gated_residual.", "hc_output_norm", "hc_output_down", "hc_output_up",
                               ""};

void AddMixer(ArchitectureBuilder& builder, const Mixer& mixer, TensorList* list) {
  const Streams streams = ReadStreams(builder);
  const int64_t wide = streams.count * builder.architecture.hidden;
  const TensorRole role = TensorRole::kOther;
  const Sharding whole = Sharding::kReplicated;
  list->Weight({mixer.scope, "hc_norm", mixer.norm}, TensorRole::kNorm, whole, wide);
  list->Linear({mixer.scope, "input_mix_weight_down", mixer.down}, role, whole, streams.rank, wide);
  list->Linear({mixer.scope, "input_mix_weight_up", mixer.up}, role, whole, wide, streams.rank);
  if (mixer.inject.empty()) return;
  list->Linear({mixer.scope, "block_inject_weight", mixer.inject}, role, whole, streams.count, wide);
}

void AddQwen4Layer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  AddMixer(builder, kAttentionMixer, list);
  AddMixer(builder, kMlpMixer, list);
  const Attention& t = shape.attention;
  if (t.index_heads == 0) return;
  // One index key for all its queries; norms over both.
  list->Linear({"self_attn.", "index_qk_proj", "indexer.attn_qk"}, TensorRole::kIndexer,
               Sharding::kReplicated, (t.index_heads + 1) * t.index_dim, builder.architecture.hidden);
  for (const std::string_view name : {"index_q_norm", "index_k_norm"}) {
    list->Weight({"self_attn.", name, "indexer.norm"}, TensorRole::kIndexer, Sharding::kReplicated,
                 t.index_dim);
  }
}

// Hashes of the last two and three tokens choose rows; their embeddings go into the streams of one layer.
void AddNgramTable(ArchitectureBuilder& builder, int64_t layers, TensorList* list) {
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  const int64_t wide = ReadStreams(builder).count * hidden;
  const int64_t width = text.Int("ple_embed_dim", hidden, 1, kMaxWidth);
  const int64_t hashes = (text.Int("ngram_size", 3, 2, 16) - 1) * text.Int("heads_per_ngram", 8, 1, 64);
  if (width % hashes != 0) text.Refuse("ple_embed_dim", "a multiple of the number of hashes");
  const int64_t base = text.Int("ngram_vocab_size_base", 20000000, 2, kMaxVocab);
  const int64_t unit = text.Int("make_ngram_vocab_size_divisible_by", 128, 1, kMaxVocab);
  const int64_t rows = (SumOfPrimes(base, hashes) + unit - 1) / unit * unit;
  list->Enter(TensorPart::kText, -1, layers, builder.names.model + "layers.ple.");
  list->Weight({"", "ngram_embedding", "per_layer_token_embd"}, TensorRole::kEmbedding, Sharding::kVocab,
               rows, width / hashes);
  const TensorRole role = TensorRole::kOther;
  const Sharding whole = Sharding::kReplicated;
  list->Linear({"", "key_proj", "per_layer_key"}, role, whole, wide, width);
  list->Linear({"", "value_proj", "per_layer_value"}, role, whole, hidden, width);
  list->Weight({"", "key_norm", "per_layer_key_norm"}, TensorRole::kNorm, whole, wide);
  list->Weight({"", "query_norm", "per_layer_query_norm"}, TensorRole::kNorm, whole, wide);
  list->Weight({"", "value_norm", "per_layer_value_norm"}, TensorRole::kNorm, whole, wide);
  list->Weight({"", "conv", "per_layer_conv"}, role, whole, wide, text.Int("ple_conv_kernel_size", 4, 1, 64));
}

int64_t NgramTables(ArchitectureBuilder& builder) {
  const Json* places = builder.text.Find("ple_layer_ids");
  return places == nullptr ? 0 : static_cast<int64_t>(places->items().size());
}

void AddQwen4Model(ArchitectureBuilder& builder, TensorList* list) {
  AddMixer(builder, kFinalMixer, list);
  const int64_t tables = NgramTables(builder);
  if (tables == 0) return;
  AddNgramTable(builder, tables, list);
  builder.Remark(
      "The table of n-grams is counted as GPU memory; engines can leave it in RAM. Its layer's own state, "
      "under 1 MB a "
      "sequence, is left out.");
}

Recurrent ReadDeltaNet(ConfigReader& text) {
  Recurrent r;
  r.kind = RecurrentKind::kGatedDeltaNet;
  r.heads = text.Int("linear_num_value_heads", 48, 1, kMaxHeads);
  r.key_heads = text.Int("linear_num_key_heads", 16, 1, kMaxHeads);
  r.head_dim = text.Int("linear_value_head_dim", 128, 1, kMaxHeadDim);
  r.key_dim = text.Int("linear_key_head_dim", 128, 1, kMaxHeadDim);
  r.conv_kernel = text.Int("linear_conv_kernel_dim", 4, 1, kMaxHeadDim);
  r.inner = r.heads * r.head_dim;
  r.conv_channels = 2 * r.key_heads * r.key_dim + r.inner;
  r.state_fp32 = text.Text("mamba_ssm_dtype", "float32") == "float32";
  r.gated_norm = true;
  return r;
}

void ReadSparseAttention(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.qk_norm = QkNorm::kPerHead;
  attention.query_gate = text.Bool("attn_output_gate", true);
  attention.index_heads = text.Int("indexer_n_heads", 4, 0, kMaxHeads);
  if (attention.index_heads == 0) return;
  if (text.Int("indexer_kv_heads", 1, 1, kMaxHeads) != 1) text.Refuse("indexer_kv_heads", "1");
  attention.index_dim = text.Int("indexer_head_dim", 128, 1, kMaxHeadDim);
  attention.index_topk = text.Int("indexer_budget", 2048, 1, kMaxPositions);
  attention.index_pool = text.Int("indexer_compress_ratio", 4, 1, kMaxPositions);
}

void ReadQwen4Experts(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Mlp& mlp = builder.base.mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = text.Required("num_experts", 1, kMaxHeads);
  mlp.experts_per_token = text.Required("num_experts_per_tok", 1, mlp.experts);
  mlp.expert_intermediate = text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  mlp.shared_intermediate = text.Int("shared_expert_intermediate_size", 0, 0, kMaxMlpWidth);
  mlp.shared_gate = mlp.shared_intermediate > 0;
  mlp.fused_gate_up = true;
  builder.names.shared = "shared_expert.";
  builder.names.stacked_experts = true;
}

void AddQwen4Towers(ArchitectureBuilder& builder) { BuildVision(builder); }

void ReadQwen4(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 256);
  ConfigReader& text = builder.text;
  if (builder.root.Has("vision_config")) {
    builder.names.model = "model.language_model.";
    builder.towers = AddQwen4Towers;
  }
  builder.partial_rotary_factor = 0.25;
  builder.multimodal_rope = true;
  ReadSparseAttention(builder);
  ReadQwen4Experts(builder);
  if (NgramTables(builder) > builder.architecture.layers)
    builder.text.Refuse("ple_layer_ids", "layer numbers");
  if (ReadStreams(builder).count < 2) builder.text.Refuse("hc_count", "at least 2");
  builder.base.norms = 0;  // the mixers' norms stand instead, behind the last layer, too
  builder.names.final_norm = "";
  builder.layer_extras = AddQwen4Layer;
  builder.model_extras = AddQwen4Model;
  LayerShape linear = builder.base;
  linear.attention = Attention{};
  linear.recurrent = ReadDeltaNet(text);
  const int64_t layers = builder.architecture.layers;
  const int64_t interval = text.Int("full_attention_interval", 4, 1, kMaxLayers);
  const std::vector<std::string_view> types = text.Texts("layer_types", layers);
  for (int64_t i = 0; i < layers; ++i) {
    bool recurs = (i + 1) % interval != 0;
    if (!types.empty()) {
      const std::string_view type = types[static_cast<size_t>(i)];
      recurs = type == "linear_attention";
      if (!recurs && type != "qwen_sparse_attention" && type != "full_attention") {
        text.Fail("layer_types", Quoted(type), "linear_attention, qwen_sparse_attention, full_attention");
      }
    }
    builder.Append(builder.GroupOf(recurs ? linear : builder.base));
  }
  if (text.Int({"mtp_num_hidden_layers", "num_nextn_predict_layers"}, 0, 0, 64) > 0) {
    builder.Remark("The config names MTP layers but not all that they hold; their weights are left out.");
  }
}

constexpr Family kFamilies[] = {
    {"Qwen4ExpForConditionalGeneration", ReadQwen4},
    {"Qwen4ExpForCausalLM", ReadQwen4},
};

}  // namespace

int64_t SumOfPrimes(int64_t base, int64_t count) {
  int64_t sum = 0;
  for (int64_t number = base; count > 0; ++number) {
    if (!IsPrime(static_cast<uint32_t>(number))) continue;
    sum += number;
    --count;
  }
  return sum;
}

std::span<const Family> NgramFamilies() { return kFamilies; }

}  // namespace plimsoll
