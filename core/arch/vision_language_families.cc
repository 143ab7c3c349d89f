// Sources: the modelling files of transformers (src/transformers/models/) and of the models' own
// repositories; each tower's are named in image_towers.cc.
#include "core/arch/vision_language_families.h"

#include <cstdint>
#include <string>
#include <vector>

#include "core/arch/audio_tower.h"
#include "core/arch/image_towers.h"
#include "core/arch/nested_text.h"
#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

void ReadInternVl(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.towers = AddInternVit;
}

// GLM-4's layers with biases of q, k and v, which transformers' class has whatever the config says.
void ReadGlm4v(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.ReadAs("Glm4ForCausalLM");
  for (LayerGroup& group : builder.architecture.groups) group.shape.attention.qkv_bias = true;
  builder.base.attention.qkv_bias = true;
  builder.multimodal_rope = true;
  builder.towers = AddGlmTower;
}

void ReadGlm4vMoe(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.ReadAs("Glm4MoeForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddGlmTower;
}

void ReadKimiVl(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.towers = AddMoonVit;
}

// The text model's class follows from the version (vllm/model_executor/models/minicpmv.py); 2.5 names none.
void ReadMiniCpmV(ArchitectureBuilder& builder) {
  const double version = builder.root.Number("version", 2.5, 0, 100);
  builder.names.model = "llm.model.";
  builder.names.head = "llm.lm_head";
  const int64_t tenth = static_cast<int64_t>(version * 10 + 0.5);
  switch (tenth) {
    case 25:
    case 40:
      builder.ReadAs("LlamaForCausalLM");
      break;
    case 26:
      builder.ReadAs("Qwen2ForCausalLM");
      break;
    case 45:
      builder.ReadAs("Qwen3ForCausalLM");
      break;
    default:
      builder.root.Refuse("version", "2.5, 2.6, 4.0 or 4.5");
      return;
  }
  builder.towers = AddMiniCpmTower;
}

// MiniCPM-o: 2.6's layers with a Whisper encoder (modeling_minicpmo.py of openbmb/MiniCPM-o-2_6).
void AddMiniCpmOTowers(ArchitectureBuilder& builder) {
  AddMiniCpmTower(builder);
  AddMiniCpmAudio(builder);
}

void ReadMiniCpmO(ArchitectureBuilder& builder) {
  builder.names.model = "llm.model.";
  builder.names.head = "llm.lm_head";
  if (builder.root.Number("version", 2.6, 0, 100) > 4) {
    builder.ReadAs("Qwen3ForCausalLM");
  } else {
    builder.ReadAs("Qwen2ForCausalLM");
  }
  builder.towers = AddMiniCpmOTowers;
}

void ReadPhi3V(ArchitectureBuilder& builder) {
  builder.ReadAs("Phi3ForCausalLM");
  if (builder.root.Has("img_processor")) {
    builder.towers = AddPhi3Tower;
  } else {
    builder.root.Refuse("img_processor", "an object");
  }
}

void ReadPhi4Mm(ArchitectureBuilder& builder) {
  builder.ReadAs("Phi3ForCausalLM");
  builder.base.mlp.intermediate = builder.root.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.towers = AddPhi4Towers;
}

// modeling_molmo.py: the config counts gate and up together, and 128 further rows of the embedding stand for
// images.
void AddMolmoRows(ArchitectureBuilder& builder, TensorList* list) {
  constexpr int64_t kFurtherRows = 128;
  list->Parameter({"", "transformer.wte.new_embedding", ""}, TensorRole::kEmbedding, Sharding::kReplicated,
                  kFurtherRows, builder.architecture.hidden);
}

void ReadMolmo(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  for (const std::string_view key : {"attention_layer_norm", "norm_after"}) {
    if (root.Bool(key, false)) root.Refuse(key, "false");
  }
  builder.ReadCommon(false);
  if (root.Int("embedding_size", builder.architecture.vocab, 1, kMaxVocab) != builder.architecture.vocab) {
    root.Refuse("embedding_size", "vocab_size");
  }
  builder.base.attention.qkv_bias = root.Bool("qkv_bias", false);
  builder.base.attention.fused_qkv = true;
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate = root.Required("intermediate_size", 2, kMaxMlpWidth) / 2;
  TensorNames& names = builder.names;
  names.model = "model.";
  names.layer = "transformer.blocks.{}.";
  names.embedding = "transformer.wte.embedding";
  names.head = "model.transformer.ff_out";
  names.final_norm = "transformer.ln_f";
  names.attention = "";
  names.qkv = "att_proj";
  names.o = "attn_out";
  names.mlp = "";
  names.gate_up = "ff_proj";
  names.down = "ff_out";
  names.norms[0] = "attn_norm";
  names.norms[1] = "ff_norm";
  builder.model_extras = AddMolmoRows;
  builder.towers = AddMolmoTower;
  builder.AppendAll(builder.base);
}

// Tied or not, the checkpoints hold a head of their own.
void ReadIdefics3(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.names.model = "model.text_model.";
  builder.names.head = "lm_head";
  builder.architecture.tied_embeddings = builder.root.Bool("tie_word_embeddings", false);
  builder.towers = AddIdeficsTower;
}

void ReadPaliGemma(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.towers = AddPaliGemmaTower;
}

void ReadAya(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.towers = AddAyaTower;
}

void ReadOneVision(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.towers = AddOneVisionTower;
}

void ReadDeepseekText(ArchitectureBuilder& builder) {
  builder.ReadAs(builder.text.Bool("use_mla", true) ? "DeepseekV2ForCausalLM" : "DeepseekForCausalLM");
}

void ReadDeepseekVl2(ArchitectureBuilder& builder) {
  builder.names.model = "language.model.";
  builder.names.head = "language.lm_head";
  ReadDeepseekText(builder);
  builder.towers = AddDeepseekVlTower;
}

void ReadDeepseekOcr(ArchitectureBuilder& builder) {
  ReadDeepseekText(builder);
  builder.towers = AddDeepseekOcrTowers;
}

void ReadDeepseekOcr2(ArchitectureBuilder& builder) {
  ReadDeepseekText(builder);
  builder.towers = AddDeepseekOcr2Towers;
}

// ERNIE 4.5 0.3B with a head of its own.
void ReadPaddleOcr(ArchitectureBuilder& builder) {
  builder.ReadAs("Ernie4_5ForCausalLM");
  builder.architecture.tied_embeddings = false;
  builder.multimodal_rope = true;
  builder.towers = AddPaddleTower;
}

void ReadDotsOcr(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen2ForCausalLM");
  builder.towers = AddDotsTower;
}

void ReadLfm2Vl(ArchitectureBuilder& builder) {
  ReadNestedText(builder);
  builder.names.model = "model.language_model.";
  builder.names.head = "lm_head";
  builder.towers = AddLfm2VlTower;
}

// ---- Llama 3.2 Vision

// Eight rows for image tokens at the end of the embedding, not of the head (modeling_mllama.py).
void AddMllamaRows(ArchitectureBuilder& builder, TensorList* list) {
  constexpr int64_t kImageRows = 8;
  list->Parameter({"", "embed_tokens.image_rows", ""}, TensorRole::kEmbedding, Sharding::kReplicated,
                  kImageRows, builder.architecture.hidden);
}

void AddMllamaCross(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const CrossAttention& cross = shape.cross;
  if (cross.heads == 0) return;
  const TensorRole role = TensorRole::kAttention;
  const int64_t hidden = builder.architecture.hidden;
  const int64_t rows = cross.heads * cross.head_dim;
  const int64_t kv_rows = cross.kv_heads * cross.head_dim;
  list->Linear({"cross_attn.", "q_proj", ""}, role, Sharding::kRows, rows, hidden);
  list->KvLinear({"cross_attn.", "k_proj", ""}, role, kv_rows, kv_rows, cross.kv_heads, hidden);
  list->KvLinear({"cross_attn.", "v_proj", ""}, role, kv_rows, kv_rows, cross.kv_heads, hidden);
  list->Linear({"cross_attn.", "o_proj", ""}, role, Sharding::kColumns, hidden, rows);
  for (const std::string_view name : {"q_norm", "k_norm"}) {
    list->Weight({"cross_attn.", name, ""}, TensorRole::kNorm, Sharding::kReplicated, cross.head_dim);
  }
  for (const std::string_view name : {"cross_attn_attn_gate", "cross_attn_mlp_gate"}) {
    list->Parameter({"", name, ""}, TensorRole::kOther, Sharding::kReplicated, 1);
  }
}

// What the cross-attention layers of one sequence look at: one image of the most tiles.
int64_t MllamaImageTokens(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  const int64_t patch = vision.Int("patch_size", 14, 1, 4096);
  const int64_t side = vision.Int("image_size", 448, 1, 65536) / patch;
  return vision.Int("max_num_tiles", 4, 1, 64) * (side * side + 1);
}

void ReadMllama(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  builder.ReadCommon(false);
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  LayerShape cross = builder.base;
  cross.attention = Attention{};
  cross.cross.heads = builder.base.attention.heads;
  cross.cross.kv_heads = builder.base.attention.kv_heads;
  cross.cross.head_dim = builder.base.attention.key_dim;
  cross.cross.source_tokens = MllamaImageTokens(builder);
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> crosses(static_cast<size_t>(layers), 0);
  const Json* list = text.Find("cross_attention_layers");
  if (list == nullptr) return text.Refuse("cross_attention_layers", "layer numbers");
  for (const Json& item : list->items()) {
    const int64_t layer = item.AsInt().value_or(-1);
    if (layer < 0 || layer >= layers) return text.Refuse("cross_attention_layers", "layer numbers");
    crosses[static_cast<size_t>(layer)] = 1;
  }
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  builder.layer_extras = AddMllamaCross;
  builder.model_extras = AddMllamaRows;
  builder.towers = AddMllamaTower;
  for (const uint8_t crossing : crosses)
    builder.Append(builder.GroupOf(crossing != 0 ? cross : builder.base));
}

// ---- decoders of the catalog whose towers the text reader does not know

void ReadGemma4Unified(ArchitectureBuilder& builder) {
  builder.ReadAs("Gemma4ForCausalLM");
  builder.names.model = "model.language_model.";
  builder.towers = AddGemma4Projections;
}

void ReadStep3Vl(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.ReadAs("Step3p5ForCausalLM");
  builder.towers = AddStepTower;
}

void ReadMiniMaxM3Vl(ArchitectureBuilder& builder) {
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  builder.ReadAs("MiniMaxM3SparseForCausalLM");
  builder.towers = AddMiniMaxTower;
}

// Step3-VL-10B: Qwen3 behind Step's tower (vllm/model_executor/models/step_vl.py).
void ReadStepVl(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.ReadAs("Qwen3ForCausalLM");
  builder.towers = AddStepTower;
}

// Keye-VL: Qwen3 behind the tower that PaddleOCR-VL took over (vllm/model_executor/models/keye.py).
void ReadKeye(ArchitectureBuilder& builder) {
  builder.ReadAs("Qwen3ForCausalLM");
  builder.multimodal_rope = true;
  builder.towers = AddPaddleTower;
}

// MiniMax-VL-01: LLaVA's form with MiniMax-Text-01 (vllm/model_executor/models/minimax_vl_01.py).
void ReadMiniMaxVl01(ArchitectureBuilder& builder) {
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  builder.ReadAs("MiniMaxM1ForCausalLM");
}

// EXAONE 4.5: EXAONE 4 with one layer that predicts further, behind a tower like Qwen2.5-VL's
// (modeling_exaone4_5.py).
void ReadExaone45(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.ReadAs("Exaone4ForCausalLM");
  builder.architecture.mtp_layers =
      builder.text.Int({"num_nextn_predict_layers", "num_mtp_layers"}, 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
}

constexpr Family kFamilies[] = {
    {"InternVLChatModel", ReadInternVl},
    {"InternVLForConditionalGeneration", ReadInternVl},
    {"InternS1ForConditionalGeneration", ReadInternVl},
    {"SkyworkR1VChatModel", ReadInternVl},
    {"H2OVLChatModel", ReadInternVl},
    {"QianfanOCRForConditionalGeneration", ReadInternVl},
    {"StepVLForConditionalGeneration", ReadStepVl},
    {"KeyeForConditionalGeneration", ReadKeye},
    {"MiniMaxVL01ForConditionalGeneration", ReadMiniMaxVl01},
    {"Exaone4_5_ForConditionalGeneration", ReadExaone45},
    {"Glm4vForConditionalGeneration", ReadGlm4v},
    {"Glm4vMoeForConditionalGeneration", ReadGlm4vMoe},
    {"KimiVLForConditionalGeneration", ReadKimiVl},
    {"MiniCPMV", ReadMiniCpmV},
    {"MiniCPMO", ReadMiniCpmO},
    {"Phi3VForCausalLM", ReadPhi3V},
    {"Phi4MMForCausalLM", ReadPhi4Mm},
    {"MolmoForCausalLM", ReadMolmo},
    {"Idefics3ForConditionalGeneration", ReadIdefics3},
    {"SmolVLMForConditionalGeneration", ReadIdefics3},
    {"PaliGemmaForConditionalGeneration", ReadPaliGemma},
    {"AyaVisionForConditionalGeneration", ReadAya},
    {"LlavaOnevisionForConditionalGeneration", ReadOneVision},
    {"DeepseekVLV2ForCausalLM", ReadDeepseekVl2},
    {"DeepseekOCRForCausalLM", ReadDeepseekOcr},
    {"DeepseekOCR2ForCausalLM", ReadDeepseekOcr2},
    {"PaddleOCRVLForConditionalGeneration", ReadPaddleOcr},
    {"DotsOCRForCausalLM", ReadDotsOcr},
    {"Lfm2VlForConditionalGeneration", ReadLfm2Vl},
    {"MllamaForConditionalGeneration", ReadMllama},
    {"Gemma4UnifiedForConditionalGeneration", ReadGemma4Unified},
    {"Step3p7ForConditionalGeneration", ReadStep3Vl},
    {"MiniMaxM3SparseForConditionalGeneration", ReadMiniMaxM3Vl},
};

}  // namespace

std::span<const Family> VisionLanguageFamilies() { return kFamilies; }

}  // namespace plimsoll
