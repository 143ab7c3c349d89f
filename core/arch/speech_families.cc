// Sources: transformers modeling_whisper.py, modeling_voxtral.py, modeling_qwen2_5_omni.py,
// modeling_qwen3_omni_moe.py; vllm/model_executor/models/{whisper,voxtral,qwen2_5_omni_thinker,
// qwen3_omni_moe_thinker,qwen3_asr}.py.
#include "core/arch/speech_families.h"

#include <string>

#include "core/arch/audio_tower.h"
#include "core/arch/nested_text.h"
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

void ReadQwen2Behind(ArchitectureBuilder& builder) {
  if (!builder.root.Has("audio_config")) builder.root.Refuse("audio_config", "an object");
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  builder.ReadAs("Qwen2ForCausalLM");
}

void ReadQwen2Audio(ArchitectureBuilder& builder) {
  ReadQwen2Behind(builder);
  builder.towers = AddQwen2Audio;
}

// Audio Flamingo 3 and Music Flamingo (modeling_audioflamingo3.py).
void ReadFlamingo(ArchitectureBuilder& builder) {
  ReadQwen2Behind(builder);
  builder.towers = AddFlamingoAudio;
}

// Ultravox: the repository holds the encoder and the projector, and names the text model, which lies in one of its own.
void ReadUltravox(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  if (!root.Has("audio_config")) return root.Refuse("audio_config", "an object");
  if (!root.Has("text_config")) {
    const std::string other(root.Text("text_model_id", "its text model"));
    return root.Refuse("text_config",
                       "the config.json of " + other + ", whose weights the repository does not hold");
  }
  ReadNestedText(builder);
  builder.towers = AddUltravoxAudio;
  builder.Remark("The text model counts, though its weights may lie in a repository of its own.");
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

// The talker and the vocoder, which speak the answer, are in the file; vLLM loads the thinker alone.
void AddUnloaded(ArchitectureBuilder& builder, int64_t talker, int64_t vocoder) {
  TowerBuilder parts(&builder);
  parts.Enter("", 1, TensorRole::kOther);
  if (talker > 0) parts.Unloaded("talker", talker);
  if (vocoder > 0) parts.Unloaded("vocoder", vocoder);
  if (talker + vocoder == 0) return;
  builder.Remark(
      "The talker and the vocoder, which speak the answer, count as stored but take no memory: engines load "
      "the thinker alone.");
}

int64_t WithBias(int64_t in, int64_t out) { return in * out + out; }

// A decoder's layers and its last norm: attention, with biases of q, k and v or norms of heads, and a gated
// MLP.
struct Talker {
  int64_t hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, vocab = 0;
};

Talker ReadTalker(ConfigReader& config, const Talker& d) {
  Talker t;
  t.hidden = config.Int("hidden_size", d.hidden, 1, kMaxWidth);
  t.layers = config.Int("num_hidden_layers", d.layers, 1, 1000);
  t.heads = config.Int("num_attention_heads", d.heads, 1, kMaxHeads);
  t.kv_heads = config.Int("num_key_value_heads", d.kv_heads, 1, kMaxHeads);
  t.head_dim = config.Int("head_dim", d.head_dim, 1, kMaxHeadDim);
  t.vocab = config.Int("vocab_size", d.vocab, 1, kMaxVocab);
  return t;
}

int64_t AttentionElements(const Talker& t) {
  return 2 * t.hidden * t.head_dim * (t.heads + t.kv_heads) + 2 * t.hidden;  // with the layer's two norms
}

int64_t Qwen25Talker(ConfigReader config) {
  const Talker t = ReadTalker(config, {896, 24, 12, 4, 128, 8448});
  const int64_t width = config.Int("intermediate_size", 18944, 1, kMaxMlpWidth);
  const int64_t embedding = config.Int("embedding_size", 3584, 1, kMaxWidth);
  const int64_t biases = t.head_dim * (t.heads + 2 * t.kv_heads);
  return t.vocab * (embedding + t.hidden) +
         t.layers * (AttentionElements(t) + biases + 3 * t.hidden * width) + t.hidden +
         WithBias(embedding, t.hidden);
}

// Experts with a shared one, two MLPs that bring the thinker's width down, and a small decoder that predicts
// the further codes of a frame.
int64_t Qwen3Talker(ConfigReader talker) {
  ConfigReader text = talker.Object("text_config");
  const Talker t = ReadTalker(text, {1024, 20, 16, 2, 128, 3072});
  const int64_t experts = text.Int("num_experts", 128, 1, kMaxHeads);
  const int64_t width = text.Int("moe_intermediate_size", 384, 1, kMaxMlpWidth);
  const int64_t shared = text.Int("shared_expert_intermediate_size", 768, 0, kMaxMlpWidth);
  const int64_t thinker = talker.Int("thinker_hidden_size", 2048, 1, kMaxWidth);
  const int64_t mlp = 3 * t.hidden * (experts * width + shared) + experts * t.hidden + t.hidden;
  const int64_t resize = WithBias(thinker, thinker) + WithBias(thinker, t.hidden);
  ConfigReader codes = talker.Object("code_predictor_config");
  const Talker p = ReadTalker(codes, {1024, 5, 16, 8, 128, 2048});
  const int64_t code_width = codes.Int("intermediate_size", 3072, 1, kMaxMlpWidth);
  const int64_t groups = codes.Int("num_code_groups", 16, 1, 1024) - 1;
  return 2 * t.vocab * t.hidden + t.layers * (AttentionElements(t) + 2 * t.head_dim + mlp) + t.hidden +
         2 * resize + 2 * groups * p.vocab * p.hidden +
         p.layers * (AttentionElements(p) + 2 * p.head_dim + 3 * p.hidden * code_width) + p.hidden;
}

void AddQwen25OmniTowers(ArchitectureBuilder& builder) {
  if (builder.root.Has("vision_config")) BuildVision(builder);
  AddQwen25Audio(builder, "thinker.audio_tower.");
  // The published 7B's total less its thinker and its talker; no key that configs change shapes it.
  constexpr int64_t kToken2Wav = 449051296;
  const bool speaks = builder.whole.Has("talker_config");
  AddUnloaded(builder, speaks ? Qwen25Talker(builder.whole.Object("talker_config")) : 0,
              builder.whole.Has("token2wav_config") ? kToken2Wav : 0);
}

void ReadQwen25Omni(ArchitectureBuilder& builder) {
  if (!EnterThinker(builder)) return;
  builder.multimodal_rope = true;
  builder.ReadAs("Qwen2ForCausalLM");
  builder.towers = AddQwen25OmniTowers;
}

void AddQwen3OmniTowers(ArchitectureBuilder& builder) {
  if (builder.root.Has("vision_config")) BuildVision(builder);
  AddQwen3Audio(builder, "thinker.audio_tower.");
  // As above, of Qwen3-Omni-30B-A3B.
  constexpr int64_t kCode2Wav = 216016577;
  const bool speaks = builder.whole.Has("talker_config");
  AddUnloaded(builder, speaks ? Qwen3Talker(builder.whole.Object("talker_config")) : 0,
              builder.whole.Has("code2wav_config") ? kCode2Wav : 0);
}

void ReadQwen3Omni(ArchitectureBuilder& builder) {
  if (!EnterThinker(builder)) return;
  builder.multimodal_rope = true;
  builder.ReadAs("Qwen3MoeForCausalLM");
  builder.towers = AddQwen3OmniTowers;
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
    {"Qwen2AudioForConditionalGeneration", ReadQwen2Audio},
    {"AudioFlamingo3ForConditionalGeneration", ReadFlamingo},
    {"MusicFlamingoForConditionalGeneration", ReadFlamingo},
    {"UltravoxModel", ReadUltravox},
    {"Qwen2_5OmniModel", ReadQwen25Omni},
    {"Qwen2_5OmniForConditionalGeneration", ReadQwen25Omni},
    {"Qwen2_5OmniThinkerForConditionalGeneration", ReadQwen25Omni},
    {"Qwen3OmniMoeForConditionalGeneration", ReadQwen3Omni},
    {"Qwen3OmniMoeThinkerForConditionalGeneration", ReadQwen3Omni},
    {"Qwen3ASRForConditionalGeneration", ReadQwen3Asr},
};

}  // namespace

std::span<const Family> SpeechFamilies() { return kFamilies; }

}  // namespace plimsoll
