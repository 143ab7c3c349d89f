#include "core/arch/class_names.h"

#include <algorithm>
#include <utility>

#include "core/arch/families.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

struct Alias {
  std::string_view name;
  std::string_view family;
  HeadKind head = HeadKind::kLanguage;
};

// vllm/model_executor/models/registry.py maps these names to the same module; the last ones are
// transformers' own.
constexpr Alias kAliases[] = {
    {"LLaMAForCausalLM", "LlamaForCausalLM"},
    {"AquilaModel", "LlamaForCausalLM"},
    {"AquilaForCausalLM", "LlamaForCausalLM"},
    {"CwmForCausalLM", "LlamaForCausalLM"},
    {"HeliumForCausalLM", "LlamaForCausalLM"},
    {"Fairseq2LlamaForCausalLM", "LlamaForCausalLM"},
    {"IQuestCoderForCausalLM", "LlamaForCausalLM"},
    {"TeleChat3ForCausalLM", "LlamaForCausalLM"},
    {"XverseForCausalLM", "LlamaForCausalLM"},
    {"LlamaBidirectionalModel", "LlamaForCausalLM", HeadKind::kNone},
    {"LlamaBidirectionalForSequenceClassification", "LlamaForCausalLM", HeadKind::kClassifier},
    {"VoyageQwen3BidirectionalEmbedModel", "Qwen3ForCausalLM", HeadKind::kNone},
    {"Gemma3TextModel", "Gemma3ForCausalLM", HeadKind::kNone},
    {"GritLM", "MistralForCausalLM"},
    {"TeleFLMForCausalLM", "LlamaForCausalLM"},
    {"SolarForCausalLM", "LlamaForCausalLM"},
    {"BitnetForCausalLM", "BitNetForCausalLM"},
    {"RWForCausalLM", "FalconForCausalLM"},
    {"BaiChuanForCausalLM", "BaichuanForCausalLM"},
    {"StableLMEpochForCausalLM", "StableLmForCausalLM"},
    {"MptForCausalLM", "MPTForCausalLM"},
    {"ChatGLMForConditionalGeneration", "ChatGLMModel"},
    {"ExaoneMoEForCausalLM", "ExaoneMoeForCausalLM"},
    {"Grok1ForCausalLM", "Grok1ModelForCausalLM"},
    {"NemotronHPuzzleForCausalLM", "NemotronHForCausalLM"},
    // Phi-3.5-MoE's layers; the repository's config has been seen with either name.
    {"GRINMoEForCausalLM", "PhiMoEForCausalLM"},
    {"GRIN-MoE", "PhiMoEForCausalLM"},
    {"PixtralForConditionalGeneration", "LlavaForConditionalGeneration"},
    {"TarsierForConditionalGeneration", "LlavaForConditionalGeneration"},
    {"MantisForConditionalGeneration", "LlavaForConditionalGeneration"},
    {"LlavaNextVideoForConditionalGeneration", "LlavaNextForConditionalGeneration"},
    {"LightOnOCRForConditionalGeneration", "Mistral3ForConditionalGeneration"},
    {"Tarsier2ForConditionalGeneration", "Qwen2VLForConditionalGeneration"},
    {"OpenCUAForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"},
    {"BertSpladeSparseEmbeddingModel", "BertForMaskedLM"},
    {"BgeM3EmbeddingModel", "XLMRobertaModel"},
    // The same tensors, queries, keys and values in one (transformers modeling_codegen.py).
    {"CodeGenForCausalLM", "GPTJForCausalLM"},
    // The same layers, other vocabularies and activations.
    {"MT5ForConditionalGeneration", "T5ForConditionalGeneration"},
    {"T5WithLMHeadModel", "T5ForConditionalGeneration"},
    {"T5Model", "T5ForConditionalGeneration", HeadKind::kNone},
    {"MT5EncoderModel", "T5EncoderModel"},
    {"LongT5Model", "LongT5ForConditionalGeneration", HeadKind::kNone},
    {"LEDModel", "LEDForConditionalGeneration", HeadKind::kNone},
    {"MBartModel", "MBartForConditionalGeneration", HeadKind::kNone},
    {"HunYuanForCausalLM", "HunYuanMoEV1ForCausalLM"},
    {"Qwen3ASRRealtimeGeneration", "Qwen3ASRForConditionalGeneration"},
};

// Endings that stand for the decoder without its head, or with another.
struct Ending {
  std::string_view text;
  HeadKind head;
};
constexpr Ending kEndings[] = {
    {"ForSequenceClassification", HeadKind::kClassifier},
    {"ForTokenClassification", HeadKind::kClassifier},
    {"ForRewardModel", HeadKind::kClassifier},
    {"ForProcessRewardModel", HeadKind::kClassifier},
    {"ForTextEncoding", HeadKind::kNone},
    {"EmbeddingModel", HeadKind::kNone},
    {"RewardModel", HeadKind::kClassifier},
    {"Model", HeadKind::kNone},
};

struct ModelType {
  std::string_view type, name;
};

// transformers/models/auto/modeling_auto.py MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, and the names that models with
// code of their own give in auto_map.
constexpr ModelType kModelTypes[] = {
    {"llama", "LlamaForCausalLM"},
    {"mistral", "MistralForCausalLM"},
    {"ministral", "MistralForCausalLM"},
    {"ministral3", "Ministral3ForCausalLM"},
    {"mistral3", "Mistral3ForConditionalGeneration"},
    {"mixtral", "MixtralForCausalLM"},
    {"llava", "LlavaForConditionalGeneration"},
    {"llava_next", "LlavaNextForConditionalGeneration"},
    {"llama4", "Llama4ForConditionalGeneration"},
    {"llama4_text", "Llama4ForCausalLM"},
    {"qwen", "QWenLMHeadModel"},
    {"qwen2", "Qwen2ForCausalLM"},
    {"qwen2_moe", "Qwen2MoeForCausalLM"},
    {"qwen2_vl", "Qwen2VLForConditionalGeneration"},
    {"qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration"},
    {"qwen3", "Qwen3ForCausalLM"},
    {"qwen3_moe", "Qwen3MoeForCausalLM"},
    {"qwen3_next", "Qwen3NextForCausalLM"},
    {"qwen3_vl", "Qwen3VLForConditionalGeneration"},
    {"qwen3_vl_moe", "Qwen3VLMoeForConditionalGeneration"},
    {"qwen3_5", "Qwen3_5ForConditionalGeneration"},
    {"qwen3_5_moe", "Qwen3_5MoeForConditionalGeneration"},
    {"qwen3_5_text", "Qwen3_5ForCausalLM"},
    {"qwen3_5_moe_text", "Qwen3_5MoeForCausalLM"},
    {"gemma", "GemmaForCausalLM"},
    {"gemma2", "Gemma2ForCausalLM"},
    {"gemma3", "Gemma3ForConditionalGeneration"},
    {"gemma3_text", "Gemma3ForCausalLM"},
    {"gemma3n", "Gemma3nForConditionalGeneration"},
    {"gemma3n_text", "Gemma3nForCausalLM"},
    {"gemma4", "Gemma4ForConditionalGeneration"},
    {"gemma4_text", "Gemma4ForCausalLM"},
    {"phi", "PhiForCausalLM"},
    {"phi3", "Phi3ForCausalLM"},
    {"phimoe", "PhiMoEForCausalLM"},
    {"deepseek", "DeepseekForCausalLM"},
    {"deepseek_v2", "DeepseekV2ForCausalLM"},
    {"deepseek_v3", "DeepseekV3ForCausalLM"},
    {"deepseek_v32", "DeepseekV32ForCausalLM"},
    {"deepseek_v4", "DeepseekV4ForCausalLM"},
    {"kimi_k2", "DeepseekV3ForCausalLM"},
    {"kimi_k25", "KimiK25ForConditionalGeneration"},
    {"kimi_linear", "KimiLinearForCausalLM"},
    {"glm", "GlmForCausalLM"},
    {"glm4", "Glm4ForCausalLM"},
    {"glm4_moe", "Glm4MoeForCausalLM"},
    {"glm4_moe_lite", "Glm4MoeLiteForCausalLM"},
    {"glm_moe_dsa", "GlmMoeDsaForCausalLM"},
    {"chatglm", "ChatGLMModel"},
    {"gpt_oss", "GptOssForCausalLM"},
    {"gpt2", "GPT2LMHeadModel"},
    {"gpt_neox", "GPTNeoXForCausalLM"},
    {"gptj", "GPTJForCausalLM"},
    {"codegen", "GPTJForCausalLM"},
    {"phi3small", "Phi3SmallForCausalLM"},
    {"gpt_bigcode", "GPTBigCodeForCausalLM"},
    {"opt", "OPTForCausalLM"},
    {"bloom", "BloomForCausalLM"},
    {"falcon", "FalconForCausalLM"},
    {"RefinedWeb", "FalconForCausalLM"},
    {"RefinedWebModel", "FalconForCausalLM"},
    {"falcon_h1", "FalconH1ForCausalLM"},
    {"mpt", "MPTForCausalLM"},
    {"dbrx", "DbrxForCausalLM"},
    {"stablelm", "StableLmForCausalLM"},
    {"stablelm_epoch", "StableLmForCausalLM"},
    {"starcoder2", "Starcoder2ForCausalLM"},
    {"cohere", "CohereForCausalLM"},
    {"cohere2", "Cohere2ForCausalLM"},
    {"olmo", "OlmoForCausalLM"},
    {"olmo2", "Olmo2ForCausalLM"},
    {"olmo3", "Olmo3ForCausalLM"},
    {"olmoe", "OlmoeForCausalLM"},
    {"granite", "GraniteForCausalLM"},
    {"granitemoe", "GraniteMoeForCausalLM"},
    {"granitemoeshared", "GraniteMoeSharedForCausalLM"},
    {"granitemoehybrid", "GraniteMoeHybridForCausalLM"},
    {"nemotron", "NemotronForCausalLM"},
    {"nemotron_h", "NemotronHForCausalLM"},
    {"nemotron-nas", "DeciLMForCausalLM"},
    {"jamba", "JambaForCausalLM"},
    {"minicpm", "MiniCPMForCausalLM"},
    {"minicpm3", "MiniCPM3ForCausalLM"},
    {"internlm", "InternLMForCausalLM"},
    {"internlm2", "InternLM2ForCausalLM"},
    {"internlm3", "InternLM3ForCausalLM"},
    {"baichuan", "BaichuanForCausalLM"},
    {"exaone", "ExaoneForCausalLM"},
    {"exaone4", "Exaone4ForCausalLM"},
    {"exaone_moe", "ExaoneMoeForCausalLM"},
    {"ernie4_5", "Ernie4_5ForCausalLM"},
    {"ernie4_5_moe", "Ernie4_5_MoeForCausalLM"},
    {"hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM"},
    {"hunyuan_v1_moe", "HunYuanMoEV1ForCausalLM"},
    {"dots1", "Dots1ForCausalLM"},
    {"seed_oss", "SeedOssForCausalLM"},
    {"smollm3", "SmolLM3ForCausalLM"},
    {"minimax_m2", "MiniMaxM2ForCausalLM"},
    {"mimo", "MiMoForCausalLM"},
    {"mimo_v2_flash", "MiMoV2FlashForCausalLM"},
    {"step3p5", "Step3p5ForCausalLM"},
    {"apertus", "ApertusForCausalLM"},
    {"arcee", "ArceeForCausalLM"},
    {"bitnet", "BitNetForCausalLM"},
    {"jais2", "Jais2ForCausalLM"},
    {"hyperclovax", "HyperCLOVAXForCausalLM"},
    {"afmoe", "AfmoeForCausalLM"},
    {"laguna", "LagunaForCausalLM"},
    {"arctic", "ArcticForCausalLM"},
    {"grok-1", "Grok1ModelForCausalLM"},
    {"bailing_moe", "BailingMoeForCausalLM"},
    {"bailing_moe_v2", "BailingMoeV2ForCausalLM"},
    {"longcat_flash", "LongcatFlashForCausalLM"},
    {"orion", "OrionForCausalLM"},
    {"persimmon", "PersimmonForCausalLM"},
    {"solar", "LlamaForCausalLM"},
    {"mellum", "MellumForCausalLM"},
    {"deepseek_v41", "DeepseekV41ForCausalLM"},
    {"glm5_next", "Glm5NextForConditionalGeneration"},
    {"glm5_next_text", "Glm5NextForCausalLM"},
    {"smallthinker", "SmallThinkerForCausalLM"},
    {"grove_moe", "GroveMoeForCausalLM"},
    {"openelm", "OpenELMForCausalLM"},
    {"plamo", "PlamoForCausalLM"},
    {"jais", "JAISLMHeadModel"},
    {"plm", "PLMForCausalLM"},
    {"ouro", "OuroForCausalLM"},
    {"sarvam_moe", "SarvamMoEForCausalLM"},
    {"sarvam_mla", "SarvamMLAForCausalLM"},
    {"olmo_hybrid", "OlmoHybridForCausalLM"},
    {"AXK1", "AXK1ForCausalLM"},
    {"step3_text", "Step3TextForCausalLM"},
    {"plamo3", "Plamo3ForCausalLM"},
    {"cohere2_moe", "Cohere2MoeForCausalLM"},
    {"lfm2", "Lfm2ForCausalLM"},
    {"lfm2_moe", "Lfm2MoeForCausalLM"},
    {"lfm2_vl", "Lfm2VlForConditionalGeneration"},
    {"internvl_chat", "InternVLChatModel"},
    {"internvl", "InternVLForConditionalGeneration"},
    {"minicpmv", "MiniCPMV"},
    {"paligemma", "PaliGemmaForConditionalGeneration"},
    {"deepseek_vl_v2", "DeepseekVLV2ForCausalLM"},
    {"idefics3", "Idefics3ForConditionalGeneration"},
    {"smolvlm", "SmolVLMForConditionalGeneration"},
    {"glm4v", "Glm4vForConditionalGeneration"},
    {"glm4v_moe", "Glm4vMoeForConditionalGeneration"},
    {"mllama", "MllamaForConditionalGeneration"},
    {"mamba", "MambaForCausalLM"},
    {"mamba2", "Mamba2ForCausalLM"},
    {"falcon_mamba", "FalconMambaForCausalLM"},
    {"bamba", "BambaForCausalLM"},
    {"zamba2", "Zamba2ForCausalLM"},
    {"molmo2", "Molmo2ForConditionalGeneration"},
    {"llava_onevision", "LlavaOnevisionForConditionalGeneration"},
    {"paddleocr_vl", "PaddleOCRVLForConditionalGeneration"},
    {"aria", "AriaForConditionalGeneration"},
    {"aya_vision", "AyaVisionForConditionalGeneration"},
    {"kimi_vl", "KimiVLForConditionalGeneration"},
    {"isaac", "IsaacForConditionalGeneration"},
    {"phi3_v", "Phi3VForCausalLM"},
    {"dots_ocr", "DotsOCRForCausalLM"},
    {"exaone4_5", "Exaone4_5_ForConditionalGeneration"},
    {"granite4_vision", "Granite4VisionForConditionalGeneration"},
    {"blip-2", "Blip2ForConditionalGeneration"},
    {"fuyu", "FuyuForCausalLM"},
    {"chameleon", "ChameleonForConditionalGeneration"},
    {"openvla", "OpenVLAForActionPrediction"},
    {"whisper", "WhisperForConditionalGeneration"},
    {"ultravox", "UltravoxModel"},
    {"voxtral", "VoxtralForConditionalGeneration"},
    {"qwen2_audio", "Qwen2AudioForConditionalGeneration"},
    {"bert", "BertModel"},
    {"t5", "T5ForConditionalGeneration"},
    {"mt5", "T5ForConditionalGeneration"},
    {"umt5", "UMT5ForConditionalGeneration"},
    {"t5gemma", "T5GemmaForConditionalGeneration"},
    {"bart", "BartForConditionalGeneration"},
    {"mbart", "MBartForConditionalGeneration"},
    {"m2m_100", "M2M100ForConditionalGeneration"},
    {"deberta-v2", "DebertaV2Model"},
    {"clip", "CLIPModel"},
    {"siglip", "SiglipModel"},
    {"siglip2", "Siglip2Model"},
    {"gpt_neo", "GPTNeoForCausalLM"},
    {"vaultgemma", "VaultGemmaForCausalLM"},
    {"helium", "LlamaForCausalLM"},
    {"xglm", "XGLMForCausalLM"},
    {"biogpt", "BioGptForCausalLM"},
    {"pegasus", "PegasusForConditionalGeneration"},
    {"marian", "MarianMTModel"},
    {"electra", "ElectraModel"},
    {"albert", "AlbertModel"},
    {"deberta", "DebertaModel"},
    {"camembert", "CamembertModel"},
    {"eurobert", "EuroBertModel"},
    {"recurrent_gemma", "RecurrentGemmaForCausalLM"},
    {"phi4flash", "Phi4FlashForCausalLM"},
    {"mpnet", "MPNetModel"},
    {"distilbert", "DistilBertModel"},
    {"roberta", "RobertaModel"},
    {"xlm-roberta", "XLMRobertaModel"},
    {"modernbert", "ModernBertModel"},
    {"nomic_bert", "NomicBertModel"},
    {"new", "NewModel"},
    {"qwen3_omni_moe", "Qwen3OmniMoeForConditionalGeneration"},
    {"qwen3_asr", "Qwen3ASRForConditionalGeneration"},
    {"phi4mm", "Phi4MMForCausalLM"},
    {"molmo", "MolmoForCausalLM"},
    {"plamo2", "Plamo2ForCausalLM"},
    {"minimax_text_01", "MiniMaxText01ForCausalLM"},
    {"rwkv", "RwkvForCausalLM"},
    {"rwkv5", "RwkvForCausalLM"},
    {"rwkv6", "Rwkv6ForCausalLM"},
    {"rwkv7", "RWKV7ForCausalLM"},
    {"longt5", "LongT5ForConditionalGeneration"},
    {"led", "LEDForConditionalGeneration"},
    {"blenderbot", "BlenderbotForConditionalGeneration"},
    {"blenderbot-small", "BlenderbotSmallForConditionalGeneration"},
    {"grin-moe", "PhiMoEForCausalLM"},
    {"nvembed", "NVEmbedModel"},
    {"longformer", "LongformerModel"},
    {"qwen4_exp", "Qwen4ExpForConditionalGeneration"},
    {"minimax_m3_vl", "MiniMaxM3SparseForConditionalGeneration"},
    {"step3p7", "Step3p7ForConditionalGeneration"},
    {"hy_v3", "HYV3ForCausalLM"},
    {"iquestloopcoder", "IQuestLoopCoderForCausalLM"},
    {"cohere2_vision", "Cohere2VisionForConditionalGeneration"},
    {"ovis", "Ovis"},
    {"ovis2_5", "Ovis2_5"},
    {"ovis2_6_moe", "Ovis2_6_MoeForCausalLM"},
    {"moondream1", "HfMoondream"},
    {"moondream3", "HfMoondream"},
    {"Bee", "BeeForConditionalGeneration"},
    {"R", "RForConditionalGeneration"},
    {"eagle_2_5_vl", "Eagle2_5_VLForConditionalGeneration"},
    {"hunyuan_vl", "HunYuanVLForConditionalGeneration"},
    {"ernie4_5_moe_vl", "Ernie4_5_VLMoeForConditionalGeneration"},
    {"kanana-1.5-v", "KananaVForConditionalGeneration"},
    {"vlm", "HCXVisionV2ForCausalLM"},
    {"step3_vl", "Step3VLForConditionalGeneration"},
    {"step_robotics", "StepVLForConditionalGeneration"},
    {"interns1_pro", "InternS1ProForConditionalGeneration"},
    {"NVLM_D", "NVLM_D"},
    {"glm_ocr", "GlmOcrForConditionalGeneration"},
    {"qwen2_5_omni", "Qwen2_5OmniModel"},
};

KnownClass WithEnding(std::string_view name) {
  for (const Ending& ending : kEndings) {
    if (name.size() <= ending.text.size() || name.substr(name.size() - ending.text.size()) != ending.text)
      continue;
    const std::string stem(name.substr(0, name.size() - ending.text.size()));
    for (const char* decoder : {"ForCausalLM", "LMHeadModel"}) {
      if (const Family* family = FindFamily(stem + decoder)) return {family, ending.head};
    }
  }
  return {};
}

}  // namespace

KnownClass FindClass(std::string_view name) {
  if (const Family* family = FindFamily(name)) return {family, HeadKind::kLanguage};
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return {FindFamily(alias.family), alias.head};
  }
  return WithEnding(name);
}

std::string_view ClassOfModelType(std::string_view model_type) {
  for (const ModelType& known : kModelTypes) {
    if (known.type == model_type) return known.name;
  }
  return "";
}

namespace {

std::vector<std::string> NearestOf(std::string_view name, std::vector<std::string_view> names) {
  std::vector<std::string> nearest;
  while (nearest.size() < 3) {
    const std::string_view found = Nearest(name, names);
    if (found.empty()) break;
    nearest.emplace_back(found);
    names.erase(std::find(names.begin(), names.end(), found));
  }
  return nearest;
}

}  // namespace

std::vector<std::string> NearestClasses(std::string_view name) { return NearestOf(name, ClassNames()); }

std::vector<std::string> NearestModelTypes(std::string_view model_type) {
  std::vector<std::string_view> types;
  for (const ModelType& known : kModelTypes) types.push_back(known.type);
  return NearestOf(model_type, std::move(types));
}

std::vector<std::string_view> ClassNames() {
  std::vector<std::string_view> names = FamilyNames();
  for (const Alias& alias : kAliases) names.push_back(alias.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace plimsoll
