// Sources: vllm/model_executor/models/, the file named at each reader; each tower's are named with the tower.
#include "core/arch/image_text_families.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "core/arch/image_towers.h"
#include "core/arch/nested_text.h"
#include "core/arch/siglip_towers.h"
#include "core/arch/tensor_list.h"
#include "core/arch/vision_tower.h"
#include "core/arch/vit_towers.h"

namespace plimsoll {

namespace {

// ---- another family's decoder behind a tower

template <void (*kTowers)(ArchitectureBuilder&)>
void ReadBehind(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.towers = kTowers;
}

void ReadHunYuanVl(ArchitectureBuilder& builder) {
  builder.ReadAs("HunYuanDenseV1ForCausalLM");
  builder.towers = AddHunYuanTower;
}

void ReadIsaac(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen3ForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddIsaacTower;
}

void ReadKeye15(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen3ForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddKeye15Tower;
}

// Ovis 2's repositories hold a head, tied or not (the hub's totals of 1B and 4B).
void ReadOvis(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.names.model = "llm.model.";
  builder.names.head = "llm.lm_head";
  ConfigReader backbone = builder.root.Object("visual_tokenizer_config").Object("backbone_config");
  if (backbone.Text("model_type", "aimv2") == "aimv2") builder.architecture.tied_embeddings = false;
  builder.towers = AddOvisTower;
}

void ReadOvis25(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.names.model = "llm.model.";
  builder.names.head = "llm.lm_head";
  builder.towers = AddOvis25Tower;
}

void ReadStep3Vl(ArchitectureBuilder& builder) {
  builder.ReadAs("Step3TextForCausalLM");
  builder.towers = AddStep3Tower;
}

// glm4v.py: ChatGLM's keys at the top level, the tower's in vision_config.
void ReadGlm4vOld(ArchitectureBuilder& builder) {
  builder.ReadAs("ChatGLMModel");
  builder.towers = AddGlm4vTower;
}

// glm_ocr.py: GLM-4's layers without biases.
void ReadGlmOcr(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.ReadAs("Glm4ForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddGlmOcrTower;
  builder.architecture.mtp_layers = builder.text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
}

void ReadQwenVl(ArchitectureBuilder& builder) {
  builder.ReadAs("QWenLMHeadModel");
  builder.towers = AddQwenVlTower;
}

void ReadPanguVl(ArchitectureBuilder& builder) {
  builder.ReadAs("PanguEmbeddedForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddPanguTower;
}

// phi4siglip.py: Phi-4's keys at the top level.
void ReadPhi4Siglip(ArchitectureBuilder& builder) {
  builder.ReadAs("Phi3ForCausalLM");
  builder.towers = AddPhi4SiglipTower;
}

// The vision tower is Qwen3-VL's in all of these.
void AddQwenTower(ArchitectureBuilder& builder) { BuildVision(builder); }

// interns1_pro.py: Qwen3-MoE's layers behind Qwen3-VL's tower.
void ReadInternS1Pro(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen3MoeForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddQwenTower;
}

// interns2_preview.py: Qwen3.5-MoE under another name.
void ReadInternS2(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen3_5MoeForConditionalGeneration");
  builder.towers = AddQwenTower;
}

// cosmos3.py: Qwen3-VL under another name.
void ReadCosmos3(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen3VLForConditionalGeneration");
  builder.multimodal_rope = true;
  builder.towers = AddQwenTower;
}

// ---- decoders of their own

// aria.py: experts in every layer, two of them shared.
void ReadAria(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  const bool bias = text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  if (text.Bool("mlp_bias", false)) text.Refuse("mlp_bias", "false");
  Mlp& mlp = builder.base.mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = text.Int("moe_num_experts", 8, 1, kMaxHeads);
  mlp.experts_per_token = text.Int("moe_topk", 2, 1, mlp.experts);
  mlp.expert_intermediate = text.Required({"intermediate_size", "moe_intermediate_size"}, 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  mlp.shared_intermediate = mlp.expert_intermediate * text.Int("moe_num_shared_experts", 2, 0, 1024);
  mlp.fused_gate_up = true;
  TensorNames& names = builder.names;
  names.model = "language_model.model.";
  names.head = "language_model.lm_head";
  names.router = "router";
  names.stacked_experts = true;
  builder.towers = AddAriaTower;
  builder.AppendAll(builder.base);
}

// ernie45_vl_moe.py: experts for text and, narrower, for images; a token goes to those of its kind.
int64_t OfTwo(ConfigReader& reader, std::string_view key, size_t which, int64_t fallback, int64_t least,
              int64_t most) {
  const Json* value = reader.Find(key);
  if (value == nullptr || !value->is_array()) return reader.Int(key, fallback, least, most);
  const std::vector<int64_t> both = reader.Ints(key, 2, least, most);
  return both.size() == 2 ? both[which] : fallback;
}

struct ImageExperts {
  int64_t count = 0, width = 0, first = 0, last = 0;
};

ImageExperts ReadImageExperts(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  ImageExperts e;
  e.count = OfTwo(text, "moe_num_experts", 1, 64, 1, kMaxHeads);
  e.width = OfTwo(text, "moe_intermediate_size", 1, 512, 1, kMaxMlpWidth);
  e.first = OfTwo(text, "moe_layer_start_index", 1, 1, 0, kMaxLayers);
  e.last = OfTwo(text, "moe_layer_end_index", 1, builder.architecture.layers - 1, -1, kMaxLayers);
  return e;
}

void AddImageExperts(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  if (shape.mlp.kind != MlpKind::kMoe) return;
  const ImageExperts e = ReadImageExperts(builder);
  const int64_t hidden = builder.architecture.hidden;
  list->Linear({"mlp.", "vision_gate", ""}, TensorRole::kRouter, Sharding::kReplicated, e.count, hidden);
  if (shape.mlp.selection_bias) {
    list->Parameter({"mlp.", "moe_statics.e_score_correction_bias.1", ""}, TensorRole::kRouter,
                    Sharding::kReplicated, e.count)
        .fp32 = true;
  }
  for (const std::string_view name : {"gate_proj", "up_proj", "down_proj"}) {
    const bool down = name == "down_proj";
    Tensor& tensor =
        list->Weight({"mlp.vision_experts.{e}.", name, ""}, TensorRole::kExpert, Sharding::kExpert,
                     down ? hidden : e.width, down ? e.width : hidden, e.count);
    tensor.linear = true;
    tensor.expert_by_columns = down;
  }
}

void ReadErnieVl(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  if (text.Bool("use_bias", false)) text.Refuse("use_bias", "false");
  const int64_t layers = builder.architecture.layers;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts;
  experts.kind = MlpKind::kMoe;
  experts.experts = OfTwo(text, "moe_num_experts", 0, 64, 1, kMaxHeads);
  experts.experts_per_token = text.Int("moe_k", 6, 1, experts.experts);
  experts.expert_intermediate = OfTwo(text, "moe_intermediate_size", 0, 1536, 1, kMaxMlpWidth);
  experts.expert_hidden = builder.architecture.hidden;
  experts.selection_bias = text.Bool("moe_use_aux_free", true);
  experts.shared_intermediate = experts.expert_intermediate * text.Int("moe_num_shared_experts", 2, 0, 1024);
  builder.names.selection_bias = "moe_statics.e_score_correction_bias";
  const int64_t first = OfTwo(text, "moe_layer_start_index", 0, 1, 0, kMaxLayers);
  const int64_t last = OfTwo(text, "moe_layer_end_index", 0, layers - 1, -1, kMaxLayers);
  const int64_t period = text.Int("moe_layer_interval", 1, 1, kMaxLayers);
  const ImageExperts seen = ReadImageExperts(builder);
  const auto end = [layers](int64_t given) { return given < 0 ? layers - 1 : std::min(given, layers - 1); };
  if (seen.first != first || end(seen.last) != end(last))
    return text.Refuse("moe_layer_start_index", "the same layers for text and images");
  for (int64_t i = 0; i < layers; ++i) {
    LayerShape shape = builder.base;
    if (i >= first && i <= end(last) && (i + 1) % period == 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
  builder.multimodal_rope = true;
  builder.layer_extras = AddImageExperts;
  builder.towers = AddErnieTower;
}

// fuyu.py: Persimmon reads pixels through one linear layer.
void ReadFuyu(ArchitectureBuilder& builder) {
  builder.names.model = "language_model.model.";
  builder.ReadAs("PersimmonForCausalLM");
  builder.names.head = "language_model.lm_head";
  builder.towers = AddFuyuPatches;
}

// molmo2.py: Qwen3's or OLMo 3's layers under names of their own; 128 further rows of the embedding.
void AddMolmo2Rows(ArchitectureBuilder& builder, TensorList* list) {
  list->Parameter({"", "transformer.wte.new_embedding", ""}, TensorRole::kEmbedding, Sharding::kReplicated,
                  builder.text.Int("additional_vocab_size", 128, 0, kMaxVocab), builder.architecture.hidden);
}

void ReadMolmo2(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  builder.architecture.tied_embeddings = false;
  Attention& attention = builder.base.attention;
  attention.qkv_bias = text.Bool("qkv_bias", false);
  attention.fused_qkv = true;
  if (text.Bool("use_qk_norm", false)) {
    const bool heads = text.Text("qk_norm_type", "olmo") == "qwen3";
    attention.qk_norm = heads ? QkNorm::kPerHead : QkNorm::kFullWidth;
  }
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  text.Inert({"norm_after"});
  TensorNames& names = builder.names;
  names.model = "model.";
  names.layer = "transformer.blocks.{}.";
  names.embedding = "transformer.wte.embedding";
  names.head = "lm_head";
  names.final_norm = "transformer.ln_f";
  names.qkv = "att_proj";
  names.o = "attn_out";
  names.gate_up = "ff_proj";
  names.down = "ff_out";
  names.norms[0] = "attn_norm";
  names.norms[1] = "ff_norm";
  builder.model_extras = AddMolmo2Rows;
  builder.towers = AddMolmo2Tower;
  builder.AppendAll(builder.base);
}

// moondream3.py: attention and MLP side by side, biases everywhere; Moondream 3 scales its attention by head
// and has experts from the fifth layer on.
void AddMoondreamTau(ArchitectureBuilder&, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  const int64_t width = (t.heads + 2 * t.kv_heads) * t.key_dim;
  list->Parameter({"attn.", "tau.alpha", ""}, TensorRole::kAttention, Sharding::kRows, t.heads);
  list->Parameter({"attn.", "tau.wq", ""}, TensorRole::kAttention, Sharding::kRows, t.heads, width);
  list->Parameter({"attn.", "tau.wv", ""}, TensorRole::kAttention, Sharding::kRows, t.heads, width);
}

void ReadMoondream(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.fused_qkv = attention.qkv_bias = attention.o_bias = true;
  builder.base.norms = 1;
  builder.base.norm_bias = true;
  builder.base.mlp.gated = false;
  builder.base.mlp.bias = true;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.partial_rotary_factor = 0.5;
  TensorNames& names = builder.names;
  names.model = "model.text.";
  names.layer = "blocks.{}.";
  names.embedding = "wte";
  names.final_norm = "post_ln";
  names.head = "model.text.lm_head";
  names.head_bias = true;
  names.attention = "attn.";
  names.qkv = "qkv";
  names.o = "proj";
  names.up = "fc1";
  names.down = "fc2";
  names.router = "router";
  names.norms[0] = "ln";
  names.stacked_experts = true;
  LayerShape sparse = builder.base;
  const int64_t experts = text.Int("num_experts", 0, 0, kMaxHeads);
  const int64_t layers = builder.architecture.layers;
  const int64_t dense = experts > 0 ? text.Int("first_k_dense_replace", 4, 0, kMaxLayers) : layers;
  if (experts > 0) {
    sparse.mlp = Mlp{};
    sparse.mlp.kind = MlpKind::kMoe;
    sparse.mlp.experts = experts;
    sparse.mlp.experts_per_token = text.Int("num_experts_per_tok", 8, 1, experts);
    sparse.mlp.expert_intermediate = text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
    sparse.mlp.expert_hidden = builder.architecture.hidden;
    sparse.mlp.router_bias = true;
    builder.layer_extras = AddMoondreamTau;
  }
  for (int64_t i = 0; i < layers; ++i) builder.Append(builder.GroupOf(i < dense ? builder.base : sparse));
  builder.towers = AddMoondreamTower;
}

// chameleon.py: Llama with norms over heads, a vector for each, and a bias.
void AddChameleonNorms(ArchitectureBuilder&, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  for (const auto& [name, ggml, heads] :
       {std::tuple("q_norm", "attn_q_norm", t.heads), std::tuple("k_norm", "attn_k_norm", t.kv_heads)}) {
    list->Weight({"self_attn.", name, ggml}, TensorRole::kNorm, Sharding::kRows, heads, t.key_dim);
    list->Parameter({"self_attn.", std::string(name) + ".bias", ggml}, TensorRole::kNorm, Sharding::kRows,
                    heads, t.key_dim);
  }
}

void ReadChameleon(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  const bool bias = text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  builder.base.mlp.bias = text.Bool("mlp_bias", false);
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.layer_extras = AddChameleonNorms;
  // A file of llama.cpp's holds the decoder alone.
  if (builder.architecture.name != "ChameleonForCausalLM") builder.towers = AddChameleonTower;
  builder.AppendAll(builder.base);
}

constexpr Family kFamilies[] = {
    {"AriaForConditionalGeneration", ReadAria},
    {"BeeForConditionalGeneration", ReadBehind<AddBeeTower>},
    {"Blip2ForConditionalGeneration", ReadBehind<AddBlip2Tower>},
    {"ChameleonForConditionalGeneration", ReadChameleon},
    {"ChameleonForCausalLM", ReadChameleon},
    {"Cohere2VisionForConditionalGeneration", ReadBehind<AddCommandVisionTower>},
    {"Cosmos3ForConditionalGeneration", ReadCosmos3},
    {"Eagle2_5_VLForConditionalGeneration", ReadBehind<AddEagleTower>},
    {"Ernie4_5_VLMoeForConditionalGeneration", ReadErnieVl},
    {"FuyuForCausalLM", ReadFuyu},
    {"GLM4VForCausalLM", ReadGlm4vOld},
    {"GlmOcrForConditionalGeneration", ReadGlmOcr},
    {"Granite4VisionForConditionalGeneration", ReadBehind<AddGraniteVisionTower>},
    {"HCXVisionV2ForCausalLM", ReadBehind<AddHyperClovaTower>},
    {"HfMoondream", ReadMoondream},
    {"HunYuanVLForConditionalGeneration", ReadHunYuanVl},
    {"InternS1ProForConditionalGeneration", ReadInternS1Pro},
    {"InternS2PreviewForConditionalGeneration", ReadInternS2},
    {"IsaacForConditionalGeneration", ReadIsaac},
    {"KananaVForConditionalGeneration", ReadBehind<AddKananaTower>},
    {"KeyeVL1_5ForConditionalGeneration", ReadKeye15},
    {"Llama_Nemotron_Nano_VL", ReadBehind<AddRadioTower>},
    {"Molmo2ForConditionalGeneration", ReadMolmo2},
    {"Moondream3ForCausalLM", ReadMoondream},
    {"NemotronH_Nano_VL_V2", ReadBehind<AddRadioTower>},
    {"NVLM_D", ReadBehind<AddNvlmTower>},
    {"OpenPanguVLForConditionalGeneration", ReadPanguVl},
    {"OpenVLAForActionPrediction", ReadBehind<AddOpenVlaTower>},
    {"Ovis", ReadOvis},
    {"Ovis2_5", ReadOvis25},
    {"Ovis2_6ForCausalLM", ReadOvis25},
    {"Ovis2_6_MoeForCausalLM", ReadOvis25},
    {"Phi4ForCausalLMV", ReadPhi4Siglip},
    {"QwenVLForConditionalGeneration", ReadQwenVl},
    {"RForConditionalGeneration", ReadBehind<AddRVlTower>},
    {"Step3VLForConditionalGeneration", ReadStep3Vl},
};

}  // namespace

std::span<const Family> ImageTextFamilies() { return kFamilies; }

}  // namespace plimsoll
