// Sources: transformers modeling_bert.py, modeling_deberta_v2.py, modeling_xlm_roberta.py, modeling_modernbert.py;
// modeling_hf_nomic_bert.py of nomic-ai/nomic-bert-2048; modeling.py of Alibaba-NLP/new-impl (GTE). vLLM cuts
// the word embedding by the vocabulary, q, k, v and the MLP by heads and rows, and keeps positions, norms,
// poolers and classifiers whole (vllm/model_executor/models/bert.py, roberta.py, modernbert.py,
// bert_with_rope.py).
#include "core/arch/encoder_families.h"

#include <algorithm>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Labels of a classifier, which configs state as a list of names; two where they do not.
int64_t Labels(ArchitectureBuilder& builder) {
  const Json* names = builder.root.Find("id2label");
  if (names != nullptr && names->is_object() && !names->members().empty()) {
    return static_cast<int64_t>(names->members().size());
  }
  return builder.root.Int("num_labels", 2, 1, kMaxVocab);
}

void Dense(TensorList* list, std::string_view name, int64_t rows, int64_t columns, bool bias = true) {
  list->Linear({"", name, ""}, TensorRole::kOther, Sharding::kReplicated, rows, columns, bias);
}
void Norm(TensorList* list, std::string_view name, int64_t width, bool bias) {
  list->Weight({"", name, ""}, TensorRole::kNorm, Sharding::kReplicated, width);
  if (bias) list->Bias({"", name, ""}, TensorRole::kNorm, Sharding::kReplicated, width);
}

void ReadEncoder(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  // No head over the vocabulary: what stands behind the last layer is listed by its own name.
  builder.architecture.tied_embeddings = true;
  builder.base.attention.kind = AttentionKind::kBidirectional;
  builder.base.norm_bias = true;
  builder.names.model = "";
  builder.names.final_norm = "";
}

void AddTokenTypes(ArchitectureBuilder& builder, std::string_view name, int64_t fallback, TensorList* list) {
  const int64_t types = builder.text.Int("type_vocab_size", fallback, 0, kMaxVocab);
  if (types == 0) return;
  list->Weight({"", name, "token_types"}, TensorRole::kOther, Sharding::kReplicated, types,
               builder.architecture.hidden);
}

// A word is guessed from the layers' output: one more layer, and a bias for each word of the tied table.
void AddMaskedHead(ArchitectureBuilder& builder, bool roberta, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  Dense(list, roberta ? "lm_head.dense" : "cls.predictions.transform.dense", hidden, hidden);
  Norm(list, roberta ? "lm_head.layer_norm" : "cls.predictions.transform.LayerNorm", hidden, true);
  list->Bias({"", roberta ? "lm_head" : "cls.predictions", ""}, TensorRole::kHead, Sharding::kVocab,
             builder.architecture.vocab);
}

// What stands behind Bert's layers, by the class that the checkpoint names.
void AddBertHead(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  const bool roberta = Contains(name, "oberta") || Contains(name, "Camembert");
  AddTokenTypes(builder, "embeddings.token_type_embeddings", 2, list);
  // ERNIE's (modeling_ernie.py).
  if (builder.text.Bool("use_task_id", false)) {
    list->Weight({"", "embeddings.task_type_embeddings", ""}, TensorRole::kOther, Sharding::kReplicated,
                 builder.text.Int("task_type_vocab_size", 3, 1, kMaxVocab), hidden);
  }
  if (Contains(name, "ForMaskedLM") || Contains(name, "LMHeadModel"))
    return AddMaskedHead(builder, roberta, list);
  const bool sequence = Contains(name, "ForSequenceClassification");
  if (sequence && roberta) {
    Dense(list, "classifier.dense", hidden, hidden);
    Dense(list, "classifier.out_proj", Labels(builder), hidden);
    return;
  }
  // What judges each token looks at the layers' output itself.
  const bool tokens = Contains(name, "ForTokenClassification");
  const bool spans = Contains(name, "ForQuestionAnswering");
  if (!tokens && !spans) Dense(list, "pooler.dense", hidden, hidden);
  if (sequence || tokens) Dense(list, "classifier", Labels(builder), hidden);
  if (spans) Dense(list, "qa_outputs", 2, hidden);
  if (!Contains(name, "ForPreTraining")) return;
  AddMaskedHead(builder, roberta, list);
  Dense(list, "cls.seq_relationship", 2, hidden);
}

// Bert and its descendants: positions are learnt, biases everywhere. Roberta's positions begin behind the
// padding token's, so two rows fewer are usable.
void ReadBertLayers(ArchitectureBuilder& builder) {
  ReadEncoder(builder);
  const std::string_view name = builder.architecture.name;
  const bool roberta = Contains(name, "oberta") || Contains(name, "Camembert");
  Attention& attention = builder.base.attention;
  attention.qkv_bias = attention.o_bias = true;
  attention.rope = false;
  builder.base.mlp.gated = false;
  builder.base.mlp.bias = true;
  builder.base.mlp.intermediate = builder.text.Int("intermediate_size", 3072, 1, kMaxMlpWidth);
  const int64_t positions = builder.text.Int("max_position_embeddings", 512, 3, kMaxWidth);
  const int64_t padding = builder.text.Int("pad_token_id", 1, 0, positions - 2);
  builder.architecture.max_positions = roberta ? positions - padding - 1 : positions;
  TensorNames& names = builder.names;
  names.layer = "encoder.layer.{}.";
  names.embedding = "embeddings.word_embeddings";
  names.positions = "embeddings.position_embeddings";
  names.position_rows = positions;
  names.embedding_norm = "embeddings.LayerNorm";
  names.attention = "attention.";
  names.q = "self.query";
  names.k = "self.key";
  names.v = "self.value";
  names.o = "output.dense";
  names.mlp = "";
  names.up = "intermediate.dense";
  names.down = "output.dense";
  names.norms[0] = "attention.output.LayerNorm";
  names.norms[1] = "output.LayerNorm";
  names.ggml_norms[0] = "attn_output_norm";
  names.ggml_norms[1] = "layer_output_norm";
  builder.model_extras = AddBertHead;
  builder.AppendAll(builder.base);
}

void ReadBert(ArchitectureBuilder& builder) {
  const std::string_view kind = builder.text.Text("position_embedding_type", "absolute");
  if (kind != "absolute") builder.text.Refuse("position_embedding_type", "absolute");
  ReadBertLayers(builder);
}

// MPNet: Roberta's positions and no token types; one table of relative positions for all layers
// (transformers modeling_mpnet.py).
void AddMpnetHead(ArchitectureBuilder& builder, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  list->Weight({"", "encoder.relative_attention_bias", ""}, TensorRole::kOther, Sharding::kReplicated,
               builder.text.Int("relative_attention_num_buckets", 32, 1, kMaxWidth),
               builder.base.attention.heads);
  if (builder.architecture.name == "MPNetModel") return Dense(list, "pooler.dense", hidden, hidden);
  Dense(list, "lm_head.dense", hidden, hidden);
  Norm(list, "lm_head.layer_norm", hidden, true);
  list->Bias({"", "lm_head", ""}, TensorRole::kHead, Sharding::kVocab, builder.architecture.vocab);
}

void ReadMpnet(ArchitectureBuilder& builder) {
  ReadBert(builder);
  builder.architecture.max_positions = std::max<int64_t>(1, builder.architecture.max_positions - 2);
  builder.model_extras = AddMpnetHead;
}

// DistilBERT: neither token types nor pooler (transformers modeling_distilbert.py).
void AddDistilHead(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  if (Contains(name, "ForSequenceClassification")) {
    Dense(list, "pre_classifier", hidden, hidden);
    Dense(list, "classifier", Labels(builder), hidden);
  }
  if (Contains(name, "ForTokenClassification")) Dense(list, "classifier", Labels(builder), hidden);
  if (Contains(name, "ForQuestionAnswering")) Dense(list, "qa_outputs", 2, hidden);
  if (!Contains(name, "ForMaskedLM")) return;
  Dense(list, "vocab_transform", hidden, hidden);
  Norm(list, "vocab_layer_norm", hidden, true);
  list->Bias({"", "vocab_projector", ""}, TensorRole::kHead, Sharding::kVocab, builder.architecture.vocab);
}

void ReadDistilBert(ArchitectureBuilder& builder) {
  ReadBert(builder);
  builder.model_extras = AddDistilHead;
}

// A table narrower than the layers, with its positions, types and norm; a matrix leads from it to them.
void AddNarrowTable(ArchitectureBuilder& builder, std::string_view projection, TensorList* list) {
  const int64_t width = builder.embedding_width, hidden = builder.architecture.hidden;
  const Sharding whole = Sharding::kReplicated;
  list->Weight({"", "embeddings.position_embeddings", ""}, TensorRole::kOther, whole,
               builder.architecture.max_positions, width);
  list->Weight({"", "embeddings.token_type_embeddings", ""}, TensorRole::kOther, whole,
               builder.text.Int("type_vocab_size", 2, 1, kMaxVocab), width);
  Norm(list, "embeddings.LayerNorm", width, true);
  if (width != hidden) Dense(list, projection, hidden, width);
}

void ReadNarrow(ArchitectureBuilder& builder) {
  ReadBert(builder);
  builder.embedding_width = builder.text.Int("embedding_size", builder.architecture.hidden, 1, kMaxWidth);
  builder.names.positions = builder.names.embedding_norm = "";
}

// ELECTRA: no pooler; what tells replaced words apart is the published half (modeling_electra.py).
void AddElectraHead(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  AddNarrowTable(builder, "embeddings_project", list);
  if (Contains(name, "ForPreTraining")) {
    Dense(list, "discriminator_predictions.dense", hidden, hidden);
    Dense(list, "discriminator_predictions.dense_prediction", 1, hidden);
  }
  if (Contains(name, "ForSequenceClassification")) {
    Dense(list, "classifier.dense", hidden, hidden);
    Dense(list, "classifier.out_proj", Labels(builder), hidden);
  }
  if (Contains(name, "ForTokenClassification")) Dense(list, "classifier", Labels(builder), hidden);
}

void ReadElectra(ArchitectureBuilder& builder) {
  ReadNarrow(builder);
  builder.model_extras = AddElectraHead;
}

// ALBERT: all layers share the weights of one (modeling_albert.py).
void AddAlbertLayer(ArchitectureBuilder& builder, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden, width = builder.base.mlp.intermediate;
  const std::string_view name = builder.architecture.name;
  AddNarrowTable(builder, "encoder.embedding_hidden_mapping_in", list);
  list->Enter(TensorPart::kText, -1, 1, "encoder.albert_layer_groups.0.albert_layers.0.");
  for (const std::string_view part :
       {"attention.query", "attention.key", "attention.value", "attention.dense"})
    Dense(list, part, hidden, hidden);
  Norm(list, "attention.LayerNorm", hidden, true);
  Dense(list, "ffn", width, hidden);
  Dense(list, "ffn_output", hidden, width);
  Norm(list, "full_layer_layer_norm", hidden, true);
  list->Enter(TensorPart::kText, -1, 1, "");
  Dense(list, "pooler", hidden, hidden);
  if (Contains(name, "ForSequenceClassification")) Dense(list, "classifier", Labels(builder), hidden);
}

void ReadAlbert(ArchitectureBuilder& builder) {
  for (const std::string_view key : {"num_hidden_groups", "inner_group_num"}) {
    if (builder.text.Int(key, 1, 1, kMaxLayers) != 1) builder.text.Refuse(key, "1");
  }
  ReadNarrow(builder);
  LayerShape& shared = builder.architecture.groups[0].shape;
  shared.attention.listed_apart = shared.mlp.listed_apart = true;
  shared.norms = 0;
  builder.model_extras = AddAlbertLayer;
}

// JinaBERT of the second embeddings: ALiBi, and a gated MLP with a norm of its own (modeling_bert.py of
// jinaai/jina-bert-implementation). The published checkpoints hold a pooler whatever class they name.
void AddJinaTypes(ArchitectureBuilder& builder, TensorList* list) {
  AddTokenTypes(builder, "embeddings.token_type_embeddings", 2, list);
  Dense(list, "pooler.dense", builder.architecture.hidden, builder.architecture.hidden);
}

void AddJinaLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden, width = shape.mlp.intermediate;
  list->Linear({"mlp.", "gated_layers", "ffn_up"}, TensorRole::kMlp, Sharding::kRows, 2 * width, hidden);
  list->Linear({"mlp.", "wo", "ffn_down"}, TensorRole::kMlp, Sharding::kColumns, hidden, width, true);
}

void ReadJinaBert(ArchitectureBuilder& builder) {
  const std::string_view positions = builder.text.Text("position_embedding_type", "alibi");
  const std::string_view mlp = builder.text.Text("feed_forward_type", "geglu");
  if (positions != "alibi") builder.text.Refuse("position_embedding_type", "alibi");
  if (mlp != "geglu" && mlp != "reglu") builder.text.Refuse("feed_forward_type", "geglu or reglu");
  ReadBertLayers(builder);
  builder.architecture.groups[0].shape.mlp.listed_apart = true;
  builder.names.positions = "";
  builder.names.norms[1] = "mlp.layernorm";
  builder.layer_extras = AddJinaLayer;
  builder.model_extras = AddJinaTypes;
}

// EuroBERT: Llama's layers without their causality.
void ReadEuroBert(ArchitectureBuilder& builder) {
  builder.ReadAs("LlamaForCausalLM");
  for (LayerGroup& group : builder.architecture.groups)
    group.shape.attention.kind = AttentionKind::kBidirectional;
  builder.headless = !Contains(builder.architecture.name, "ForMaskedLM");
}

// DeBERTa of 2020: q, k and v in one matrix with biases of q and v alone, two more of positions (modeling_deberta.py).
void AddFirstDebertaLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden, rows = shape.attention.heads * shape.attention.key_dim;
  const TensorRole role = TensorRole::kAttention;
  list->Linear({"attention.self.", "in_proj", ""}, role, Sharding::kRows, 3 * rows, hidden);
  for (const std::string_view bias : {"q_bias", "v_bias"})
    list->Parameter({"attention.self.", bias, ""}, role, Sharding::kRows, rows);
  list->Linear({"attention.self.", "pos_proj", ""}, role, Sharding::kRows, rows, hidden);
  list->Linear({"attention.self.", "pos_q_proj", ""}, role, Sharding::kRows, rows, hidden, true);
  list->Linear({"attention.output.", "dense", ""}, role, Sharding::kColumns, hidden, rows, true);
}

// DeBERTa-v2 and v3: relative positions, by the matrices of content where they are shared; what stands in front of the
// layers may be a convolution beside the first one (transformers modeling_deberta_v2.py).
void AddDebertaLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  ConfigReader& text = builder.text;
  if (!text.Bool("relative_attention", false) || text.Bool("share_att_key", false)) return;
  const Json* kinds = text.Find("pos_att_type");
  const auto has = [kinds](std::string_view kind) {
    if (kinds == nullptr) return false;
    if (kinds->is_string()) return Contains(kinds->AsString(), kind);
    return std::any_of(kinds->items().begin(), kinds->items().end(),
                       [kind](const Json& item) { return item.AsString() == kind; });
  };
  const int64_t rows = shape.attention.heads * shape.attention.key_dim;
  const int64_t hidden = builder.architecture.hidden;
  const TensorRole role = TensorRole::kAttention;
  if (has("c2p"))
    list->Linear({"attention.self.", "pos_key_proj", ""}, role, Sharding::kRows, rows, hidden, true);
  if (has("p2c"))
    list->Linear({"attention.self.", "pos_query_proj", ""}, role, Sharding::kRows, rows, hidden, true);
}

void AddDebertaPositions(ArchitectureBuilder& builder, TensorList* list) {
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  const Sharding whole = Sharding::kReplicated;
  if (text.Bool("relative_attention", false)) {
    const int64_t buckets = text.Int("position_buckets", -1, -1, kMaxWidth);
    const int64_t longest = text.Int("max_relative_positions", -1, -1, kMaxWidth);
    const int64_t rows = buckets > 0 ? buckets : longest > 0 ? longest : builder.architecture.max_positions;
    list->Weight({"", "encoder.rel_embeddings", ""}, TensorRole::kOther, whole, 2 * rows, hidden);
  }
  if (Contains(text.Text("norm_rel_ebd", "none"), "layer_norm"))
    Norm(list, "encoder.LayerNorm", hidden, true);
  const int64_t taps = text.Int("conv_kernel_size", 0, 0, kMaxHeadDim);
  if (taps == 0) return;
  list->Weight({"", "encoder.conv.conv", ""}, TensorRole::kOther, whole, hidden, hidden * taps);
  list->Bias({"", "encoder.conv.conv", ""}, TensorRole::kOther, whole, hidden);
  Norm(list, "encoder.conv.LayerNorm", hidden, true);
}

void AddDebertaHead(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  AddTokenTypes(builder, "embeddings.token_type_embeddings", 0, list);
  AddDebertaPositions(builder, list);
  if (Contains(name, "ForMaskedLM")) {
    Dense(list, "cls.predictions.transform.dense", hidden, hidden);
    Norm(list, "cls.predictions.transform.LayerNorm", hidden, true);
    list->Bias({"", "cls.predictions", ""}, TensorRole::kHead, Sharding::kVocab, builder.architecture.vocab);
    return;
  }
  if (Contains(name, "ForSequenceClassification")) Dense(list, "pooler.dense", hidden, hidden);
  if (Contains(name, "Classification")) Dense(list, "classifier", Labels(builder), hidden);
}

void ReadDeberta(ArchitectureBuilder& builder) {
  ReadBert(builder);
  ConfigReader& text = builder.text;
  TensorNames& names = builder.names;
  if (text.Int("embedding_size", builder.architecture.hidden, 1, kMaxWidth) != builder.architecture.hidden)
    text.Refuse("embedding_size", "hidden_size");
  if (!text.Bool("position_biased_input", true)) names.positions = "";
  names.q = "self.query_proj";
  names.k = "self.key_proj";
  names.v = "self.value_proj";
  builder.layer_extras = AddDebertaLayer;
  builder.model_extras = AddDebertaHead;
}

void ReadFirstDeberta(ArchitectureBuilder& builder) {
  if (!builder.text.Bool("relative_attention", false)) builder.text.Refuse("relative_attention", "true");
  const Json* kinds = builder.text.Find("pos_att_type");
  const bool both = kinds != nullptr && (kinds->items().size() == 2 || kinds->AsString() == "c2p|p2c");
  if (!both) builder.text.Refuse("pos_att_type", "c2p and p2c");
  ReadDeberta(builder);
  builder.architecture.groups[0].shape.attention.listed_apart = true;
  builder.layer_extras = AddFirstDebertaLayer;
}

void AddModernHead(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  if (name == "ModernBertModel") return;
  Dense(list, "head.dense", hidden, hidden, builder.text.Bool("classifier_bias", false));
  Norm(list, "head.norm", hidden, builder.text.Bool("norm_bias", false));
  if (Contains(name, "ForMaskedLM")) {
    if (!builder.text.Bool("decoder_bias", true)) return;
    list->Bias({"", "decoder", ""}, TensorRole::kHead, Sharding::kVocab, builder.architecture.vocab);
    return;
  }
  Dense(list, "classifier", Labels(builder), hidden);
}

// ModernBERT: no biases, a gated MLP in one tensor which vLLM keeps whole, and no norm before the first
// attention.
void AddModernLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t width = shape.mlp.intermediate;
  const bool bias = builder.text.Bool("mlp_bias", false);
  list->Linear({"mlp.", "Wi", "ffn_up"}, TensorRole::kMlp, Sharding::kReplicated, 2 * width,
               builder.architecture.hidden, bias);
  list->Linear({"mlp.", "Wo", "ffn_down"}, TensorRole::kMlp, Sharding::kColumns, builder.architecture.hidden,
               width, bias);
}

void ReadModernBert(ArchitectureBuilder& builder) {
  ReadEncoder(builder);
  builder.architecture.max_positions = builder.text.Int("max_position_embeddings", 8192, 1, kMaxPositions);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = attention.o_bias = builder.text.Bool("attention_bias", false);
  attention.fused_qkv = true;
  const bool norm_bias = builder.text.Bool("norm_bias", false);
  builder.base.norm_bias = norm_bias;
  builder.base.mlp.listed_apart = true;
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate = builder.text.Int("intermediate_size", 1152, 1, kMaxMlpWidth);
  builder.local_rotary_dim = attention.key_dim;
  TensorNames& names = builder.names;
  names.embedding = "embeddings.tok_embeddings";
  names.embedding_norm = "embeddings.norm";
  names.embedding_norm_bias = norm_bias;
  names.final_norm = "final_norm";
  names.attention = "attn.";
  names.qkv = "Wqkv";
  names.o = "Wo";
  names.norms[0] = "attn_norm";
  names.norms[1] = "mlp_norm";
  builder.layer_extras = AddModernLayer;
  builder.model_extras = AddModernHead;
  LayerShape first = builder.base;
  first.norms = 1;
  for (int64_t i = 0; i < builder.architecture.layers; ++i) {
    builder.Append(builder.GroupOf(i == 0 ? first : builder.base));
  }
}

void AddNomicTypes(ArchitectureBuilder& builder, TensorList* list) {
  AddTokenTypes(builder, "embeddings.token_type_embeddings", 2, list);
}

// The experts of Nomic's mixture share one bias of the hidden width.
void AddNomicExpertBias(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  if (shape.mlp.kind != MlpKind::kMoe) return;
  list->Parameter({"mlp.experts.", "bias", ""}, TensorRole::kExpert, Sharding::kReplicated,
                  builder.architecture.hidden);
}

void ReadNomicBert(ArchitectureBuilder& builder) {
  ReadEncoder(builder);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  const bool bias = text.Bool("qkv_proj_bias", true);
  attention.qkv_bias = attention.o_bias = bias;
  attention.fused_qkv = true;
  attention.rope = text.Number("rotary_emb_fraction", 0, 0, 1) > 0;
  Mlp& mlp = builder.base.mlp;
  const std::string_view activation = text.Text("activation_function", "gelu");
  mlp.gated = activation == "swiglu" || activation == "glu" || activation == "geglu";
  mlp.bias = text.Bool("mlp_fc1_bias", true);
  if (mlp.bias != text.Bool("mlp_fc2_bias", true)) text.Refuse("mlp_fc2_bias", "the value of mlp_fc1_bias");
  mlp.intermediate =
      text.Int({"n_inner", "intermediate_size"}, 4 * builder.architecture.hidden, 1, kMaxMlpWidth);
  if (text.Bool("use_rms_norm", false)) text.Refuse("use_rms_norm", "false");
  TensorNames& names = builder.names;
  names.layer = "encoder.layers.{}.";
  names.embedding = "embeddings.word_embeddings";
  names.embedding_norm = "emb_ln";
  names.attention = "attn.";
  names.qkv = "Wqkv";
  names.o = "out_proj";
  names.gate = "fc12";
  names.up = mlp.gated ? "fc11" : "fc1";
  names.down = "fc2";
  names.norms[0] = "norm1";
  names.norms[1] = "norm2";
  names.router = "router.layer";
  names.experts = "experts.mlp.{e}.";
  names.expert_up = "w1";
  names.expert_down = "w2";
  builder.model_extras = AddNomicTypes;
  builder.layer_extras = AddNomicExpertBias;
  LayerShape sparse = builder.base;
  const int64_t period = text.Int("moe_every_n_layers", 0, 0, kMaxLayers);
  if (period > 0) {
    sparse.mlp.kind = MlpKind::kMoe;
    sparse.mlp.gated = false;
    sparse.mlp.bias = false;
    sparse.mlp.experts = text.Required("num_experts", 1, kMaxHeads);
    sparse.mlp.experts_per_token = text.Required("moe_top_k", 1, sparse.mlp.experts);
    sparse.mlp.expert_intermediate = mlp.intermediate;
    sparse.mlp.expert_hidden = builder.architecture.hidden;
  }
  for (int64_t i = 0; i < builder.architecture.layers; ++i) {
    const bool moe = period > 0 && i % period == 1 % period;
    builder.Append(builder.GroupOf(moe ? sparse : builder.base));
  }
}

void AddGteHead(ArchitectureBuilder& builder, TensorList* list) {
  const std::string_view name = builder.architecture.name;
  const int64_t hidden = builder.architecture.hidden;
  AddTokenTypes(builder, "embeddings.token_type_embeddings", 0, list);
  if (Contains(name, "ForSequenceClassification")) {
    Dense(list, "pooler.dense", hidden, hidden);
    Dense(list, "classifier", Labels(builder), hidden);
  }
}

// The gate and up projections have no bias, down has one.
void AddGteLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t width = shape.mlp.intermediate;
  list->Linear({"mlp.", "up_gate_proj", "ffn_up"}, TensorRole::kMlp, Sharding::kRows, 2 * width,
               builder.architecture.hidden);
  list->Linear({"mlp.", "down_proj", "ffn_down"}, TensorRole::kMlp, Sharding::kColumns,
               builder.architecture.hidden, width, true);
}

void ReadGte(ArchitectureBuilder& builder) {
  ReadEncoder(builder);
  const std::string_view kind = builder.text.Text("position_embedding_type", "rope");
  if (kind != "rope") builder.text.Refuse("position_embedding_type", "rope");
  Attention& attention = builder.base.attention;
  attention.qkv_bias = attention.o_bias = true;
  attention.fused_qkv = true;
  builder.base.mlp.listed_apart = true;
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.layer = "encoder.layer.{}.";
  names.embedding = "embeddings.word_embeddings";
  names.embedding_norm = "embeddings.LayerNorm";
  names.attention = "attention.";
  names.qkv = "qkv_proj";
  names.o = "o_proj";
  names.norms[0] = "attn_ln";
  names.norms[1] = "mlp_ln";
  builder.model_extras = AddGteHead;
  builder.layer_extras = AddGteLayer;
  builder.AppendAll(builder.base);
}

// Longformer: Roberta's layers; tokens that see all are asked and answered through three more matrices
// (modeling_longformer.py).
void AddLongformerLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t rows = shape.attention.heads * shape.attention.key_dim;
  for (const std::string_view name : {"query_global", "key_global", "value_global"})
    list->Linear({"attention.self.", name, ""}, TensorRole::kAttention, Sharding::kRows, rows,
                 builder.architecture.hidden, true);
}

void ReadLongformer(ArchitectureBuilder& builder) {
  ReadBert(builder);
  const int64_t padding = builder.text.Int("pad_token_id", 1, 0, kMaxWidth);
  builder.architecture.max_positions = std::max<int64_t>(1, builder.architecture.max_positions - padding - 1);
  builder.layer_extras = AddLongformerLayer;
}

// NV-Embed: Mistral's layers without their causality; what they make attends to learnt latents in full width
// (modeling_nvembed.py of nvidia/NV-Embed-v2).
void AddLatentAttention(ArchitectureBuilder& builder, TensorList* list) {
  ConfigReader latent = builder.root.Object("latent_attention_config");
  const int64_t latents = latent.Int("num_latents_value", 512, 1, kMaxWidth);
  const int64_t width = latent.Int("latent_dim", 4096, 1, kMaxWidth);
  const int64_t hidden = latent.Int("hidden_dim", 4096, 1, kMaxWidth);
  const int64_t inner =
      latent.Int("num_cross_heads", 8, 1, kMaxHeads) * latent.Int("cross_dim_head", 4096, 1, kMaxHeadDim);
  list->Enter(TensorPart::kText, -1, 1, "latent_attention_model.");
  list->Parameter({"", "latents", ""}, TensorRole::kOther, Sharding::kReplicated, latents, width);
  list->Enter(TensorPart::kText, -1, 1, "latent_attention_model.cross_attend_blocks.0.");
  Norm(list, "norm", width, true);
  Norm(list, "norm_context", hidden, true);
  Dense(list, "fn.to_q", inner, width, false);
  Dense(list, "fn.to_kv", 2 * inner, hidden, false);
  Dense(list, "fn.to_out", width, inner, false);
  list->Enter(TensorPart::kText, -1, 1, "latent_attention_model.cross_attend_blocks.1.");
  Norm(list, "norm", width, true);
  Dense(list, "fn.net.0", 8 * width, width);
  Dense(list, "fn.net.2", width, 4 * width);
}

void ReadNvEmbed(ArchitectureBuilder& builder) {
  for (const std::string_view part : {"text_config", "latent_attention_config"}) {
    if (!builder.root.Has(part)) return builder.root.Refuse(part, "an object");
  }
  builder.names.model = "embedding_model.";
  builder.ReadAs("MistralForCausalLM");
  builder.headless = true;
  for (LayerGroup& group : builder.architecture.groups)
    group.shape.attention.kind = AttentionKind::kBidirectional;
  builder.model_extras = AddLatentAttention;
}

constexpr Family kFamilies[] = {
    {"NVEmbedModel", ReadNvEmbed},
    {"LongformerModel", ReadLongformer},
    {"BertForQuestionAnswering", ReadBert},
    {"BertForPreTraining", ReadBert},
    {"BertLMHeadModel", ReadBert},
    {"RobertaForTokenClassification", ReadBert},
    {"RobertaForQuestionAnswering", ReadBert},
    {"XLMRobertaForTokenClassification", ReadBert},
    {"XLMRobertaForQuestionAnswering", ReadBert},
    {"CamembertForMaskedLM", ReadBert},
    {"CamembertForSequenceClassification", ReadBert},
    {"CamembertForTokenClassification", ReadBert},
    {"CamembertForQuestionAnswering", ReadBert},
    {"DistilBertForTokenClassification", ReadDistilBert},
    {"DistilBertForQuestionAnswering", ReadDistilBert},
    {"ElectraModel", ReadElectra},
    {"ElectraForPreTraining", ReadElectra},
    {"ElectraForSequenceClassification", ReadElectra},
    {"ElectraForTokenClassification", ReadElectra},
    {"AlbertModel", ReadAlbert},
    {"AlbertForSequenceClassification", ReadAlbert},
    {"JinaBertModel", ReadJinaBert},
    {"JinaBertForMaskedLM", ReadJinaBert},
    {"EuroBertModel", ReadEuroBert},
    {"EuroBertForMaskedLM", ReadEuroBert},
    {"DebertaModel", ReadFirstDeberta},
    {"DebertaForSequenceClassification", ReadFirstDeberta},
    {"BertModel", ReadBert},
    {"BertForMaskedLM", ReadBert},
    {"BertForSequenceClassification", ReadBert},
    {"BertForTokenClassification", ReadBert},
    {"ErnieModel", ReadBert},
    {"ErnieForMaskedLM", ReadBert},
    {"ErnieForSequenceClassification", ReadBert},
    {"ErnieForTokenClassification", ReadBert},
    {"DistilBertModel", ReadDistilBert},
    {"DistilBertForMaskedLM", ReadDistilBert},
    {"DistilBertForSequenceClassification", ReadDistilBert},
    {"MPNetModel", ReadMpnet},
    {"MPNetForMaskedLM", ReadMpnet},
    {"RobertaModel", ReadBert},
    {"RobertaForMaskedLM", ReadBert},
    {"RobertaForSequenceClassification", ReadBert},
    {"XLMRobertaModel", ReadBert},
    {"XLMRobertaForMaskedLM", ReadBert},
    {"XLMRobertaForSequenceClassification", ReadBert},
    {"CamembertModel", ReadBert},
    {"DebertaV2Model", ReadDeberta},
    {"DebertaV2ForMaskedLM", ReadDeberta},
    {"DebertaV2ForSequenceClassification", ReadDeberta},
    {"DebertaV2ForTokenClassification", ReadDeberta},
    {"ModernBertModel", ReadModernBert},
    {"ModernBertForMaskedLM", ReadModernBert},
    {"ModernBertForSequenceClassification", ReadModernBert},
    {"ModernBertForTokenClassification", ReadModernBert},
    {"NomicBertModel", ReadNomicBert},
    {"NewModel", ReadGte},
    {"GteModel", ReadGte},
    {"GteNewModel", ReadGte},
    {"NewForSequenceClassification", ReadGte},
    {"GteNewForSequenceClassification", ReadGte},
};

}  // namespace

std::span<const Family> EncoderFamilies() { return kFamilies; }

}  // namespace plimsoll
