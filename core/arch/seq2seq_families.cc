// Sources: transformers modeling_t5.py, modeling_umt5.py, modeling_bart.py, modeling_mbart.py,
// modeling_m2m_100.py, modeling_pegasus.py, modeling_marian.py, modeling_t5gemma.py, modeling_longt5.py,
// modeling_blenderbot.py, modeling_blenderbot_small.py, modeling_led.py.
#include "core/arch/seq2seq_families.h"

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsEncoder(const LayerShape& shape) { return shape.attention.kind == AttentionKind::kBidirectional; }

// What an attention's modules are called, and whether they have biases.
struct AttentionNames {
  std::string_view q = "q_proj", k = "k_proj", v = "v_proj", o = "out_proj";
  bool bias = false;
};

// Attention over `from` wide inputs: of a layer to itself, or to what the encoder made.
void AddAttention(TensorList* list, std::string_view scope, const AttentionNames& names, const Attention& t,
                  int64_t hidden, int64_t from, std::string_view ggml) {
  const TensorRole role = TensorRole::kAttention;
  const int64_t queries = t.heads * t.key_dim, keys = t.kv_heads * t.key_dim;
  const bool crosses = ggml.substr(0, 5) == "cross";
  list->Linear({scope, names.q, crosses ? "cross_attn_q" : "attn_q"}, role, Sharding::kRows, queries, hidden,
               names.bias);
  list->KvLinear({scope, names.k, crosses ? "cross_attn_k" : "attn_k"}, role, keys, keys, t.kv_heads, from,
                 names.bias);
  list->KvLinear({scope, names.v, crosses ? "cross_attn_v" : "attn_v"}, role, keys, keys, t.kv_heads, from,
                 names.bias);
  list->Linear({scope, names.o, crosses ? "cross_attn_output" : "attn_output"}, role, Sharding::kColumns,
               hidden, queries, names.bias);
}

// The layers of the encoder, then those of the decoder, which keeps the encoder's keys and values as well.
void AppendSides(ArchitectureBuilder& builder, const LayerShape& encoder, int64_t encoders,
                 const LayerShape& decoder, int64_t decoders) {
  const int32_t first = encoders > 0 ? builder.GroupOf(encoder) : 0;
  for (int64_t i = 0; i < encoders; ++i) builder.Append(first);
  const int32_t second = decoders > 0 ? builder.GroupOf(decoder) : 0;
  for (int64_t i = 0; i < decoders; ++i) builder.Append(second);
}

CrossAttention CrossOver(const Attention& attention, int64_t tokens) {
  return {attention.heads, attention.kv_heads, attention.key_dim, tokens};
}

// ---- T5: RMS norms, no biases, positions as one table of relative ones per side (UMT5: per layer)

bool SeesSummaries(ArchitectureBuilder& builder) {
  return builder.text.Text("encoder_attention_type", "local") == "transient-global";
}

// LongT5's encoder sees its neighbours alone, or a summary of each block, too.
std::string EncoderAttention(ArchitectureBuilder& builder) {
  if (!Contains(builder.architecture.name, "LongT5")) return "SelfAttention.";
  return SeesSummaries(builder) ? "TransientGlobalSelfAttention." : "LocalSelfAttention.";
}

void AddRelativePositions(ArchitectureBuilder& builder, TensorList* list, const std::string& scope,
                          std::string_view name = "relative_attention_bias") {
  list->Weight({scope, name, "attn_rel_b"}, TensorRole::kAttention, Sharding::kReplicated,
               builder.text.Int("relative_attention_num_buckets", 32, 1, kMaxWidth),
               builder.base.attention.heads);
}

void AddT5Layer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const TensorRole role = TensorRole::kMlp;
  const int64_t hidden = builder.architecture.hidden, width = shape.mlp.intermediate;
  constexpr AttentionNames kNames{"q", "k", "v", "o", false};
  const std::string self = "layer.0." + (IsEncoder(shape) ? EncoderAttention(builder) : "SelfAttention.");
  AddAttention(list, self, kNames, shape.attention, hidden, hidden, "");
  if (Contains(builder.architecture.name, "UMT5")) AddRelativePositions(builder, list, self);
  if (!IsEncoder(shape)) {
    AddAttention(list, "layer.1.EncDecAttention.", kNames, shape.attention, hidden, hidden, "cross");
  }
  const std::string_view scope = IsEncoder(shape) ? "layer.1.DenseReluDense." : "layer.2.DenseReluDense.";
  if (shape.mlp.gated) list->Linear({scope, "wi_0", "ffn_gate"}, role, Sharding::kRows, width, hidden);
  list->Linear({scope, shape.mlp.gated ? "wi_1" : "wi", "ffn_up"}, role, Sharding::kRows, width, hidden);
  list->Linear({scope, "wo", "ffn_down"}, role, Sharding::kColumns, hidden, width);
}

void AddT5Sides(ArchitectureBuilder& builder, TensorList* list) {
  const bool decodes = !IsEncoder(builder.architecture.groups.back().shape);
  if (decodes) {
    list->Weight({"", "encoder.final_layer_norm", "enc.output_norm"}, TensorRole::kNorm,
                 Sharding::kReplicated, builder.architecture.hidden);
  }
  if (Contains(builder.architecture.name, "UMT5")) return;
  AddRelativePositions(builder, list, "encoder.block.0.layer.0." + EncoderAttention(builder));
  if (decodes) AddRelativePositions(builder, list, "decoder.block.0.layer.0.SelfAttention.");
}

void ReadT5(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  const bool decodes = !Contains(a.name, "Encoder");
  const int64_t encoders = text.Required("num_layers", 1, kMaxLayers);
  const int64_t decoders = decodes ? text.Int("num_decoder_layers", encoders, 1, kMaxLayers) : 0;
  a.layers = encoders + decoders;
  builder.ReadCommon(true);
  // Positions are relative: the published models were trained on 512 tokens, and configs since name none.
  a.max_positions = text.Int("n_positions", 512, 1, kMaxPositions);
  Attention& attention = builder.base.attention;
  attention.key_dim = attention.value_dim = text.Int("d_kv", 64, 1, kMaxHeadDim);
  attention.rope = false;
  attention.listed_apart = true;
  Mlp& mlp = builder.base.mlp;
  mlp.listed_apart = true;
  mlp.gated = Contains(text.Text("feed_forward_proj", "relu"), "gated");
  mlp.intermediate = text.Required("d_ff", 1, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.model = "";
  names.embedding = "shared";
  names.encoder_layer = "encoder.block.{}.";
  names.layer = "decoder.block.{}.";
  names.final_norm = decodes ? "decoder.final_layer_norm" : "encoder.final_layer_norm";
  names.norms[0] = "layer.0.layer_norm";
  names.norms[1] = "layer.1.layer_norm";
  names.norms[2] = "layer.2.layer_norm";
  builder.layer_extras = AddT5Layer;
  builder.model_extras = AddT5Sides;
  LayerShape encoder = builder.base;
  encoder.attention.kind = AttentionKind::kBidirectional;
  LayerShape decoder = builder.base;
  decoder.cross = CrossOver(attention, a.max_positions);
  decoder.norms = 3;
  builder.headless = !decodes;
  AppendSides(builder, encoder, encoders, decoder, decoders);
}

// ---- LongT5: a norm and a table of positions of the summaries

void AddLongT5Layer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  AddT5Layer(builder, shape, list);
  if (!IsEncoder(shape) || !SeesSummaries(builder)) return;
  const std::string self = "layer.0." + EncoderAttention(builder);
  list->Weight({self, "global_input_layer_norm", ""}, TensorRole::kNorm, Sharding::kReplicated,
               builder.architecture.hidden);
}

void AddLongT5Sides(ArchitectureBuilder& builder, TensorList* list) {
  AddT5Sides(builder, list);
  if (!SeesSummaries(builder)) return;
  AddRelativePositions(builder, list, "encoder.block.0.layer.0." + EncoderAttention(builder),
                       "global_relative_attention_bias");
}

void ReadLongT5(ArchitectureBuilder& builder) {
  const std::string_view kind = builder.text.Text("encoder_attention_type", "local");
  if (kind != "local" && kind != "transient-global")
    builder.text.Refuse("encoder_attention_type", "local or transient-global");
  ReadT5(builder);
  builder.layer_extras = AddLongT5Layer;
  builder.model_extras = AddLongT5Sides;
}

// ---- BART: learnt positions (M2M100: computed; Pegasus and Marian: computed and stored), biases everywhere; MBart, M2M100,
// Pegasus and Blenderbot norm a side's last output; LED's encoder looks far through matrices of their own

// What a relative of BART has beside the layers.
struct BartParts {
  bool stores_positions = true;
  int64_t rows_in_front = 2;    // of the first position
  bool embedding_norms = true;  // of either side
  bool final_norms = false;
};

BartParts PartsOf(std::string_view name) {
  if (Contains(name, "M2M100")) return {false, 0, false, true};
  if (Contains(name, "Pegasus")) return {true, 0, false, true};
  if (Contains(name, "Marian")) return {true, 0, false, false};
  if (Contains(name, "BlenderbotSmall") || Contains(name, "LED")) return {true, 0, true, false};
  if (Contains(name, "Blenderbot")) return {true, 0, false, true};
  return {true, 2, true, Contains(name, "MBart")};
}

void AddBartLayerOf(ArchitectureBuilder& builder, const LayerShape& shape, const AttentionNames& self,
                    TensorList* list) {
  const TensorRole role = TensorRole::kMlp;
  const int64_t hidden = builder.architecture.hidden, width = shape.mlp.intermediate;
  AttentionNames names;
  names.bias = true;
  AddAttention(list, "self_attn.", self, shape.attention, hidden, hidden, "");
  list->Linear({"", "fc1", "ffn_up"}, role, Sharding::kRows, width, hidden, true);
  list->Linear({"", "fc2", "ffn_down"}, role, Sharding::kColumns, hidden, width, true);
  if (!IsEncoder(shape)) AddAttention(list, "encoder_attn.", names, shape.attention, hidden, hidden, "cross");
}

void AddBartLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  AttentionNames names;
  names.bias = true;
  AddBartLayerOf(builder, shape, names, list);
}

// Longformer's attention in the encoder: tokens that see all are asked and answered through three more matrices.
void AddLedLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  if (!IsEncoder(shape)) return AddBartLayer(builder, shape, list);
  AddBartLayerOf(builder, shape,
                 {"longformer_self_attn.query", "longformer_self_attn.key", "longformer_self_attn.value",
                  "output", true},
                 list);
  const int64_t hidden = builder.architecture.hidden;
  for (const std::string_view name : {"query_global", "key_global", "value_global"})
    list->Linear({"self_attn.longformer_self_attn.", name, ""}, TensorRole::kAttention, Sharding::kRows,
                 hidden, hidden, true);
}

void AddSideNorm(TensorList* list, std::string_view name, int64_t hidden) {
  list->Weight({"", name, ""}, TensorRole::kNorm, Sharding::kReplicated, hidden);
  list->Bias({"", name, ""}, TensorRole::kNorm, Sharding::kReplicated, hidden);
}

void AddBartSides(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  const BartParts parts = PartsOf(name);
  if (parts.stores_positions) {
    const int64_t positions = builder.architecture.max_positions;
    const int64_t encoder = builder.text.Int("max_encoder_position_embeddings", positions, 1, kMaxPositions);
    list->Weight({"", "encoder.embed_positions", ""}, TensorRole::kOther, Sharding::kReplicated,
                 encoder + parts.rows_in_front, hidden);
    list->Weight({"", "decoder.embed_positions", ""}, TensorRole::kOther, Sharding::kReplicated,
                 positions + parts.rows_in_front, hidden);
  }
  if (parts.embedding_norms) {
    AddSideNorm(list, "encoder.layernorm_embedding", hidden);
    AddSideNorm(list, "decoder.layernorm_embedding", hidden);
  }
  if (parts.final_norms) {
    AddSideNorm(list, "encoder.layer_norm", hidden);
    AddSideNorm(list, "decoder.layer_norm", hidden);
  }
  if (Contains(name, "ForSequenceClassification")) {
    const Json* names = builder.root.Find("id2label");
    const int64_t named = names == nullptr ? 3 : static_cast<int64_t>(names->members().size());
    const int64_t labels = builder.root.Int("num_labels", named > 0 ? named : 3, 1, kMaxVocab);
    const Sharding whole = Sharding::kReplicated;
    list->Linear({"", "classification_head.dense", ""}, TensorRole::kOther, whole, hidden, hidden, true);
    list->Linear({"", "classification_head.out_proj", ""}, TensorRole::kOther, whole, labels, hidden, true);
  }
  // A buffer of zeros that the checkpoint stores.
  if (!builder.headless && parts.stores_positions) {
    list->Parameter({"", "final_logits_bias", ""}, TensorRole::kOther, Sharding::kVocab,
                    builder.architecture.vocab);
  }
}

void ReadBart(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  const int64_t encoders = text.Required("encoder_layers", 1, kMaxLayers);
  const int64_t decoders = text.Required("decoder_layers", 1, kMaxLayers);
  a.layers = encoders + decoders;
  builder.ReadCommon(true);
  builder.headless = !Contains(a.name, "ForConditionalGeneration") && a.name != "MarianMTModel";
  Attention& attention = builder.base.attention;
  attention.kv_heads = attention.heads;
  attention.rope = false;
  attention.listed_apart = true;
  attention.qkv_bias = attention.o_bias = true;
  builder.base.norm_bias = true;
  Mlp& mlp = builder.base.mlp;
  mlp.listed_apart = true;
  mlp.gated = false;
  mlp.bias = true;
  mlp.intermediate = text.Required("decoder_ffn_dim", 1, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.embedding = "shared";
  names.encoder_layer = "encoder.layers.{}.";
  names.layer = "decoder.layers.{}.";
  names.final_norm = "";
  names.norms[0] = "self_attn_layer_norm";
  names.norms[1] = "final_layer_norm";
  names.norms[2] = "encoder_attn_layer_norm";
  builder.layer_extras = AddBartLayer;
  builder.model_extras = AddBartSides;
  LayerShape encoder = builder.base;
  encoder.attention.kind = AttentionKind::kBidirectional;
  const int64_t heads = text.Int("encoder_attention_heads", attention.heads, 1, kMaxHeads);
  if (heads != attention.heads) text.Refuse("encoder_attention_heads", "decoder_attention_heads");
  encoder.mlp.intermediate = text.Int("encoder_ffn_dim", mlp.intermediate, 1, kMaxMlpWidth);
  LayerShape decoder = builder.base;
  decoder.cross = CrossOver(attention, a.max_positions);
  decoder.norms = 3;
  AppendSides(builder, encoder, encoders, decoder, decoders);
}

// The encoder reads far more tokens than the decoder writes.
void ReadLed(ArchitectureBuilder& builder) {
  ReadBart(builder);
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  a.max_positions = text.Int("max_decoder_position_embeddings", 1024, 1, kMaxPositions);
  const int64_t source = text.Int("max_encoder_position_embeddings", 16384, 1, kMaxPositions);
  for (LayerGroup& group : a.groups) {
    if (group.shape.cross.heads > 0) group.shape.cross.source_tokens = source;
  }
  builder.layer_extras = AddLedLayer;
}

// ---- T5Gemma: Gemma 2's layers on both sides, each with its own widths and its own embedding

void AddGemmaEncoder(ArchitectureBuilder& builder, TensorList* list) {
  ConfigReader encoder = builder.root.Object("encoder");
  const int64_t hidden = encoder.Required("hidden_size", 1, kMaxWidth);
  const int64_t layers = encoder.Required("num_hidden_layers", 1, kMaxLayers);
  const int64_t width = encoder.Required("intermediate_size", 1, kMaxMlpWidth);
  Attention t;
  t.heads = encoder.Required("num_attention_heads", 1, kMaxHeads);
  t.kv_heads = encoder.Int("num_key_value_heads", t.heads, 1, t.heads > 0 ? t.heads : 1);
  t.key_dim = encoder.Int("head_dim", 256, 1, kMaxHeadDim);
  if (builder.failed()) return;
  list->Enter(TensorPart::kText, -1, 1, "model.encoder.");
  list->Weight({"", "embed_tokens", ""}, TensorRole::kEmbedding, Sharding::kVocab, builder.architecture.vocab,
               hidden);
  list->Weight({"", "norm", ""}, TensorRole::kNorm, Sharding::kReplicated, hidden);
  list->Enter(TensorPart::kText, -1, layers, "model.encoder.layers.{}.");
  for (const std::string_view norm : {"pre_self_attn_layernorm", "post_self_attn_layernorm",
                                      "pre_feedforward_layernorm", "post_feedforward_layernorm"})
    list->Weight({"", norm, ""}, TensorRole::kNorm, Sharding::kReplicated, hidden);
  AttentionNames names;
  names.o = "o_proj";
  AddAttention(list, "self_attn.", names, t, hidden, hidden, "");
  const TensorRole role = TensorRole::kMlp;
  list->Linear({"mlp.", "gate_proj", ""}, role, Sharding::kRows, width, hidden);
  list->Linear({"mlp.", "up_proj", ""}, role, Sharding::kRows, width, hidden);
  list->Linear({"mlp.", "down_proj", ""}, role, Sharding::kColumns, hidden, width);
}

void AddGemmaCross(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  const int64_t from = builder.root.Object("encoder").Required("hidden_size", 1, kMaxWidth);
  AttentionNames names;
  names.o = "o_proj";
  AddAttention(list, "cross_attn.", names, shape.attention, hidden, from, "cross");
}

void ReadT5Gemma(ArchitectureBuilder& builder) {
  for (const std::string_view side : {"encoder", "decoder"}) {
    if (!builder.root.Has(side)) return builder.root.Refuse(side, "an object");
  }
  builder.text = builder.root.Object("decoder");
  builder.ReadCommon(true, 256);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  if (builder.text.Bool("attention_bias", false)) builder.text.Refuse("attention_bias", "false");
  builder.base.cross = CrossOver(builder.base.attention, builder.architecture.max_positions);
  builder.base.norms = 6;
  constexpr std::string_view kNorms[] = {"pre_self_attn_layernorm",   "post_self_attn_layernorm",
                                         "pre_cross_attn_layernorm",  "post_cross_attn_layernorm",
                                         "pre_feedforward_layernorm", "post_feedforward_layernorm"};
  TensorNames& names = builder.names;
  for (size_t i = 0; i < std::size(kNorms); ++i) names.norms[i] = kNorms[i];
  names.model = "model.decoder.";
  names.head = "lm_head.out_proj";
  builder.layer_extras = AddGemmaCross;
  builder.model_extras = AddGemmaEncoder;
  // Every other layer slides, the first one first, where the config has no list (configuration_t5gemma.py).
  std::vector<LayerType> types = builder.LayerTypes();
  if (!builder.text.Has("layer_types")) {
    for (size_t i = 0; i < types.size(); ++i) types[i] = i % 2 == 0 ? LayerType::kSliding : LayerType::kFull;
  }
  builder.AppendByType(types, builder.text.Int("sliding_window", 4096, 1, kMaxPositions));
}

constexpr Family kFamilies[] = {
    {"T5ForConditionalGeneration", ReadT5},           {"T5EncoderModel", ReadT5},
    {"UMT5ForConditionalGeneration", ReadT5},         {"UMT5EncoderModel", ReadT5},
    {"LongT5ForConditionalGeneration", ReadLongT5},   {"BartModel", ReadBart},
    {"BartForConditionalGeneration", ReadBart},       {"BartForSequenceClassification", ReadBart},
    {"MBartForConditionalGeneration", ReadBart},      {"M2M100ForConditionalGeneration", ReadBart},
    {"PegasusForConditionalGeneration", ReadBart},    {"MarianMTModel", ReadBart},
    {"BlenderbotForConditionalGeneration", ReadBart}, {"BlenderbotSmallForConditionalGeneration", ReadBart},
    {"LEDForConditionalGeneration", ReadLed},         {"T5GemmaForConditionalGeneration", ReadT5Gemma},
};

}  // namespace

std::span<const Family> Seq2SeqFamilies() { return kFamilies; }

}  // namespace plimsoll
