// Sources: transformers modeling_whisper.py, modeling_voxtral.py, modeling_qwen2_5_omni.py,
// modeling_qwen3_omni_moe.py; vllm/model_executor/models/{whisper,voxtral,qwen2_5_omni_thinker,
// qwen3_omni_moe_thinker,qwen3_asr}.py.
#include "core/arch/speech_families.h"

#include "core/arch/audio_tower.h"
#include "core/arch/tower_builder.h"
#include "core/arch/vision_tower.h"

namespace plimsoll {

namespace {

// ---- Whisper

void AddWhisperAttention(TensorList* list, const std::string& scope, int64_t width) {
  const TensorRole role = TensorRole::kAttention;
  list->Linear({scope, "q_proj", ""}, role, Sharding::kRows, width, width, true);
  list->Linear({scope, "k_proj", ""}, role, Sharding::kRows, width, width);
  list->Linear({scope, "v_proj", ""}, role, Sharding::kRows, width, width, true);
  list->Linear({scope, "out_proj", ""}, role, Sharding::kColumns, width, width, true);
}

void AddWhisperLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t width = shape.attention.heads * shape.attention.key_dim;
  (void)builder;
  AddWhisperAttention(list, "self_attn.", width);
  AddWhisperAttention(list, "encoder_attn.", width);
}

void AddWhisperEncoder(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  TowerBuilder::Whisper whisper;
  whisper.hidden = builder.architecture.hidden;
  whisper.layers = root.Required("encoder_layers", 1, 1000);
  whisper.intermediate = root.Required("encoder_ffn_dim", 1, kMaxMlpWidth);
  whisper.mel_bins = root.Int("num_mel_bins", 80, 1, kMaxHeadDim);
  whisper.positions = root.Int("max_source_positions", 1500, 1, kMaxWidth);
  TowerBuilder(&builder).AddWhisper("model.encoder.", whisper);
  // The decoder's embedding is whole on every rank (vllm/model_executor/models/whisper.py: nn.Embedding).
  for (Tensor& tensor : builder.architecture.tensors) {
    if (tensor.role == TensorRole::kEmbedding) tensor.sharding = Sharding::kReplicated;
  }
  builder.Remark("The audio encoder's weights are counted; what it needs while it runs is not.");
}

// Every decoder layer looks at its own tokens and at the encoder's frames; keys have no bias.
void ReadWhisper(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  Architecture& a = builder.architecture;
  a.layers = root.Required("decoder_layers", 1, kMaxLayers);
  builder.ReadCommon(true);
  a.max_positions = root.Int("max_target_positions", 448, 1, kMaxWidth);
  Attention& attention = builder.base.attention;
  attention.listed_apart = true;
  attention.qkv_bias = attention.o_bias = true;
  attention.rope = false;
  CrossAttention& cross = builder.base.cross;
  cross.heads = cross.kv_heads = attention.heads;
  cross.head_dim = attention.key_dim;
  cross.source_tokens = root.Int("max_source_positions", 1500, 1, kMaxWidth);
  builder.base.norms = 3;
  builder.base.norm_bias = true;
  Mlp& mlp = builder.base.mlp;
  mlp.gated = false;
  mlp.bias = true;
  mlp.intermediate = root.Required("decoder_ffn_dim", 1, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.model = "model.decoder.";
  names.head = "proj_out";
  names.positions = "embed_positions";
  names.position_rows = a.max_positions;
  names.final_norm = "layer_norm";
  names.mlp = "";
  names.up = "fc1";
  names.down = "fc2";
  names.norms[0] = "self_attn_layer_norm";
  names.norms[1] = "encoder_attn_layer_norm";
  names.norms[2] = "final_layer_norm";
  builder.layer_extras = AddWhisperLayer;
  builder.towers = AddWhisperEncoder;
  builder.AppendAll(builder.base);
}

// ---- decoders behind an audio encoder

void ReadVoxtral(ArchitectureBuilder& builder) {
  if (!builder.root.Has("audio_config")) builder.root.Refuse("audio_config", "an object");
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  builder.ReadAs("LlamaForCausalLM");
  builder.towers = AddVoxtralAudio;
}

// The Omni models nest what they think with; the talker and the vocoder beside it are stored, but vLLM leaves
// them.
bool EnterThinker(ArchitectureBuilder& builder) {
  if (builder.root.Has("thinker_config")) builder.root = builder.root.Object("thinker_config");
  if (!builder.root.Has("text_config")) {
    builder.root.Refuse("text_config", "an object");
    return false;
  }
  builder.text = builder.root.Object("text_config");
  builder.names.model = "thinker.model.";
  builder.names.head = "thinker.lm_head";
  return true;
}

void RemarkTalker(ArchitectureBuilder& builder, const Json* whole) {
  if (whole->Find("talker_config") == nullptr) return;
  builder.Remark(
      "The talker and the vocoder, which speak the answer, are left out: vLLM loads the thinker alone.");
}

void AddQwen25OmniTowers(ArchitectureBuilder& builder) {
  if (builder.root.Has("vision_config")) BuildVision(builder);
  AddQwen25Audio(builder, "thinker.audio_tower.");
}

void ReadQwen25Omni(ArchitectureBuilder& builder) {
  const Json* whole = builder.root.json();
  if (!EnterThinker(builder)) return;
  builder.multimodal_rope = true;
  builder.ReadAs("Qwen2ForCausalLM");
  builder.towers = AddQwen25OmniTowers;
  RemarkTalker(builder, whole);
}

void AddQwen3OmniTowers(ArchitectureBuilder& builder) {
  if (builder.root.Has("vision_config")) BuildVision(builder);
  AddQwen3Audio(builder, "thinker.audio_tower.");
}

void ReadQwen3Omni(ArchitectureBuilder& builder) {
  const Json* whole = builder.root.json();
  if (!EnterThinker(builder)) return;
  builder.multimodal_rope = true;
  builder.ReadAs("Qwen3MoeForCausalLM");
  builder.towers = AddQwen3OmniTowers;
  RemarkTalker(builder, whole);
}

void ReadQwen3Asr(ArchitectureBuilder& builder) {
  if (!EnterThinker(builder)) return;
  builder.multimodal_rope = true;
  builder.ReadAs("Qwen3ForCausalLM");
  builder.towers = AddQwen3OmniTowers;
}

constexpr Family kFamilies[] = {
    {"WhisperForConditionalGeneration", ReadWhisper},
    {"VoxtralForConditionalGeneration", ReadVoxtral},
    {"Qwen2_5OmniModel", ReadQwen25Omni},
    {"Qwen2_5OmniForConditionalGeneration", ReadQwen25Omni},
    {"Qwen2_5OmniThinkerForConditionalGeneration", ReadQwen25Omni},
    {"Qwen3OmniMoeForConditionalGeneration", ReadQwen3Omni},
    {"Qwen3OmniMoeThinkerForConditionalGeneration", ReadQwen3Omni},
    {"Qwen3ASRForConditionalGeneration", ReadQwen3Asr},
};

}  // namespace

const Family* FindSpeechFamily(std::string_view name) {
  for (const Family& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

}  // namespace plimsoll
