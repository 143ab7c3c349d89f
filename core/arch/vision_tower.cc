// Vision towers and their projectors, from vision_config. Sources: transformers' modelling files named at
// each tower. llama.cpp keeps them in a separate mmproj file, so none has a GGUF name here.
#include "core/arch/vision_tower.h"

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

using Names = TensorList::Names;

class VisionBuilder {
 public:
  explicit VisionBuilder(ArchitectureBuilder& builder)
      : a_(builder.architecture),
        builder_(builder),
        vision_(builder.root.Object("vision_config")),
        list_(&a_.tensors) {}

  void Build() {
    const std::string_view type = vision_.Text("model_type", "");
    const std::string_view name = a_.name;
    if (name.substr(0, 5) == "Qwen3" || name.substr(0, 5) == "Qwen4" || name.substr(0, 7) == "InternS" ||
        name.substr(0, 6) == "Cosmos")
      return BuildQwen3();
    if (name.substr(0, 5) == "Qwen2" || name.substr(0, 9) == "Exaone4_5") return BuildQwen2();
    if (type == "siglip_vision_model") return BuildSiglip();
    if (type == "clip_vision_model") return BuildClip();
    if (type == "llama4_vision_model") return BuildLlama4();
    if (type == "pixtral") return BuildPixtral();
    if (type == "gemma4_vision") return BuildGemma4();
    if (name.substr(0, 4) == "Kimi") return BuildMoonVit();
    builder_.Remark("The vision tower of " + std::string(name) +
                    " is not described here; its weights are left out.");
    a_.has_vision = false;
  }

 private:
  static constexpr TensorRole kRole = TensorRole::kVision;

  void Enter(std::string prefix, int64_t layers = 1) {
    list_.Enter(TensorPart::kVision, -1, layers, std::move(prefix));
  }

  void LayerNorm(std::string_view name, int64_t width, TensorRole role = kRole) {
    list_.Weight({"", name, ""}, role, Sharding::kReplicated, width);
    list_.Bias({"", name, ""}, role, Sharding::kReplicated, width);
  }
  void RmsNorm(std::string_view name, int64_t width, TensorRole role = kRole) {
    list_.Weight({"", name, ""}, role, Sharding::kReplicated, width);
  }
  void Linear(std::string_view name, int64_t rows, int64_t columns, bool bias,
              Sharding sharding = Sharding::kRows, TensorRole role = kRole) {
    list_.Linear({"", name, ""}, role, sharding, rows, columns, bias);
  }
  void Patches(std::string_view name, int64_t per_patch, bool bias) {
    list_.Weight({"", name, ""}, kRole, Sharding::kReplicated, tower().hidden, per_patch);
    if (bias) list_.Bias({"", name, ""}, kRole, Sharding::kReplicated, tower().hidden);
  }

  VisionTower& tower() { return a_.vision; }

  void ReadTower(ConfigReader::Keys layers, ConfigReader::Keys heads) {
    VisionTower& t = tower();
    t.layers = vision_.Required(layers, 1, 1000);
    // Layers behind the one whose output is taken are not loaded (vllm/model_executor/models/llava.py).
    t.layers_used = t.layers;
    const Json* feature = builder_.root.Find("vision_feature_layer");
    if (feature != nullptr && !feature->is_array()) {
      const int64_t layer = builder_.root.Int("vision_feature_layer", -1, -t.layers - 1, t.layers);
      t.layers_used = layer < 0 ? t.layers + layer + 1 : layer;
    }
    t.hidden = vision_.Required({"hidden_size", "vt_hidden_size"}, 1, kMaxWidth);
    t.heads = vision_.Required(heads, 1, kMaxHeads);
    t.intermediate = vision_.Required({"intermediate_size", "vt_intermediate_size"}, 1, kMaxMlpWidth);
    t.patch_size = vision_.Int("patch_size", 14, 1, 4096);
    t.image_size = vision_.Int("image_size", 0, 0, 65536);
    channels_ = vision_.Int({"num_channels", "in_channels"}, 3, 1, 64);
  }
  int64_t PatchElements() { return channels_ * tower().patch_size * tower().patch_size; }
  int64_t Positions() {
    const int64_t side = tower().image_size / tower().patch_size;
    return side * side;
  }

  // modeling_qwen3_vl.py, modeling_qwen3_5.py: one merger, and one more per deepstack layer.
  void BuildQwen3() {
    ReadTower({"depth"}, {"num_heads"});
    VisionTower& t = tower();
    t.merge = vision_.Int("spatial_merge_size", 2, 1, 64);
    const int64_t out = vision_.Int("out_hidden_size", a_.hidden, 1, kMaxWidth);
    const Json* deepstack = vision_.Find("deepstack_visual_indexes");
    if (deepstack != nullptr) {
      t.deepstack_layers = static_cast<int64_t>(deepstack->items().size());
      if (t.deepstack_layers > t.layers) vision_.Refuse("deepstack_visual_indexes", "at most depth entries");
    }
    Enter("model.visual.");
    Patches("patch_embed.proj", PatchElements() * vision_.Int("temporal_patch_size", 2, 1, 64), true);
    list_.Weight({"", "pos_embed", ""}, kRole, Sharding::kReplicated,
                 vision_.Int("num_position_embeddings", 2304, 1, kMaxVocab), t.hidden);
    Enter("model.visual.blocks.{}.", t.layers);
    LayerNorm("norm1", t.hidden);
    LayerNorm("norm2", t.hidden);
    Linear("attn.qkv", 3 * t.hidden, t.hidden, true);
    Linear("attn.proj", t.hidden, t.hidden, true, Sharding::kColumns);
    Linear("mlp.linear_fc1", t.intermediate, t.hidden, true);
    Linear("mlp.linear_fc2", t.hidden, t.intermediate, true, Sharding::kColumns);
    const int64_t merged = t.hidden * t.merge * t.merge;
    Enter("model.visual.merger.");
    Merger(t.hidden, merged, out);
    if (t.deepstack_layers == 0) return;
    Enter("model.visual.deepstack_merger_list.{}.", t.deepstack_layers);
    Merger(merged, merged, out);
  }
  // modeling_qwen2_vl.py and modeling_qwen2_5_vl.py; the later one has RMS norms and a gated MLP. EXAONE 4.5's
  // has fewer heads for keys and values (modeling_exaone4_5.py).
  void BuildQwen2() {
    VisionTower& t = tower();
    const bool later = a_.name.substr(0, 8) != "Qwen2VLF";  // 2.5 VL and Omni
    t.layers = vision_.Required("depth", 1, 1000);
    t.layers_used = t.layers;
    t.heads = vision_.Required("num_heads", 1, kMaxHeads);
    t.hidden = vision_.Required(later ? "hidden_size" : "embed_dim", 1, kMaxWidth);
    t.intermediate = later ? vision_.Required("intermediate_size", 1, kMaxMlpWidth)
                           : t.hidden * vision_.Int("mlp_ratio", 4, 1, 64);
    t.patch_size = vision_.Int("patch_size", 14, 1, 4096);
    t.merge = vision_.Int("spatial_merge_size", 2, 1, 64);
    channels_ = vision_.Int({"in_channels", "in_chans"}, 3, 1, 64);
    const int64_t out = vision_.Int(later ? "out_hidden_size" : "hidden_size", a_.hidden, 1, kMaxWidth);
    const int64_t kv_heads = vision_.Int({"num_key_value_heads", "num_kv_heads"}, t.heads, 1, t.heads);
    if (!builder_.failed() && t.hidden % t.heads != 0) vision_.Refuse("num_heads", "a divisor of the width");
    Enter("visual.");
    Patches("patch_embed.proj", PatchElements() * vision_.Int("temporal_patch_size", 2, 1, 64), false);
    Enter("visual.blocks.{}.", t.layers);
    Norm("norm1", t.hidden, later);
    Norm("norm2", t.hidden, later);
    Linear("attn.qkv", t.hidden + 2 * kv_heads * (t.hidden / t.heads), t.hidden, true);
    Linear("attn.proj", t.hidden, t.hidden, true, Sharding::kColumns);
    if (later) Linear("mlp.gate_proj", t.intermediate, t.hidden, true);
    Linear(later ? "mlp.up_proj" : "mlp.fc1", t.intermediate, t.hidden, true);
    Linear(later ? "mlp.down_proj" : "mlp.fc2", t.hidden, t.intermediate, true, Sharding::kColumns);
    const int64_t merged = t.hidden * t.merge * t.merge;
    Enter("visual.merger.");
    Norm("ln_q", t.hidden, later);
    Linear("mlp.0", merged, merged, true, Sharding::kRows, TensorRole::kProjector);
    Linear("mlp.2", out, merged, true, Sharding::kColumns, TensorRole::kProjector);
  }
  void Merger(int64_t norm, int64_t merged, int64_t out) {
    LayerNorm("norm", norm, TensorRole::kProjector);
    Linear("linear_fc1", merged, merged, true, Sharding::kRows, TensorRole::kProjector);
    Linear("linear_fc2", out, merged, true, Sharding::kColumns, TensorRole::kProjector);
  }

  void ClipLayers(const std::string& prefix) {
    const VisionTower& t = tower();
    Enter(prefix, t.layers);
    LayerNorm("layer_norm1", t.hidden);
    LayerNorm("layer_norm2", t.hidden);
    for (const std::string_view name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}) {
      Linear(name, t.hidden, t.hidden, true);
    }
    Linear("self_attn.out_proj", t.hidden, t.hidden, true, Sharding::kColumns);
    Linear("mlp.fc1", t.intermediate, t.hidden, true);
    Linear("mlp.fc2", t.hidden, t.intermediate, true, Sharding::kColumns);
  }

  // modeling_siglip.py without its pooling head, and Gemma 3's projector (modeling_gemma3.py).
  void BuildSiglip() {
    ReadTower({"num_hidden_layers"}, {"num_attention_heads"});
    VisionTower& t = tower();
    const std::string model = "vision_tower.vision_model.";
    Enter(model);
    Patches("embeddings.patch_embedding", PatchElements(), true);
    list_.Weight({"", "embeddings.position_embedding", ""}, kRole, Sharding::kReplicated, Positions(),
                 t.hidden);
    ClipLayers(model + "encoder.layers.{}.");
    Enter(model);
    LayerNorm("post_layernorm", t.hidden);
    Enter("multi_modal_projector.");
    if (a_.name.substr(0, 5) == "Llava") return LlavaProjector();
    list_.Parameter({"", "mm_input_projection_weight", ""}, TensorRole::kProjector, Sharding::kReplicated,
                    t.hidden, a_.hidden);
    RmsNorm("mm_soft_emb_norm", t.hidden, TensorRole::kProjector);
    t.tokens_per_image = builder_.root.Int("mm_tokens_per_image", 256, 1, 1 << 20);
  }

  void LlavaProjector() {
    Linear("linear_1", a_.hidden, tower().hidden, true, Sharding::kRows, TensorRole::kProjector);
    Linear("linear_2", a_.hidden, a_.hidden, true, Sharding::kColumns, TensorRole::kProjector);
  }

  // modeling_clip.py and LLaVA's projector (modeling_llava.py, modeling_llava_next.py), which takes the last
  // layer but one unless told otherwise.
  void BuildClip() {
    ReadTower({"num_hidden_layers"}, {"num_attention_heads"});
    VisionTower& t = tower();
    if (!builder_.root.Has("vision_feature_layer")) --t.layers_used;
    const std::string model = "vision_tower.vision_model.";
    Enter(model);
    list_.Parameter({"", "embeddings.class_embedding", ""}, kRole, Sharding::kReplicated, t.hidden);
    Patches("embeddings.patch_embedding", PatchElements(), false);
    list_.Weight({"", "embeddings.position_embedding", ""}, kRole, Sharding::kReplicated, Positions() + 1,
                 t.hidden);
    LayerNorm("pre_layrnorm", t.hidden);
    LayerNorm("post_layernorm", t.hidden);
    ClipLayers(model + "encoder.layers.{}.");
    Enter("multi_modal_projector.");
    LlavaProjector();
    if (a_.name == "LlavaNextForConditionalGeneration") {
      Enter("");
      list_.Parameter({"", "image_newline", ""}, TensorRole::kProjector, Sharding::kReplicated, a_.hidden);
    }
  }

  // modeling_llama4.py: Llama4VisionModel and its pixel-shuffle adapter.
  void BuildLlama4() {
    ReadTower({"num_hidden_layers"}, {"num_attention_heads"});
    VisionTower& t = tower();
    const int64_t input = vision_.Int("projector_input_dim", 4096, 1, kMaxWidth);
    const int64_t output = vision_.Int("projector_output_dim", 4096, 1, kMaxWidth);
    Enter("vision_model.");
    list_.Parameter({"", "class_embedding", ""}, kRole, Sharding::kReplicated, t.hidden);
    list_.Parameter({"", "positional_embedding_vlm", ""}, kRole, Sharding::kReplicated, Positions() + 1,
                    t.hidden);
    Linear("patch_embedding.linear", t.hidden, PatchElements(), false);
    LayerNorm("layernorm_pre", t.hidden);
    LayerNorm("layernorm_post", t.hidden);
    Enter("vision_model.model.layers.{}.", t.layers);
    LayerNorm("input_layernorm", t.hidden);
    LayerNorm("post_attention_layernorm", t.hidden);
    for (const std::string_view name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}) {
      Linear(name, t.hidden, t.hidden, true);
    }
    Linear("self_attn.o_proj", t.hidden, t.hidden, true, Sharding::kColumns);
    Linear("mlp.fc1", t.intermediate, t.hidden, true);
    Linear("mlp.fc2", t.hidden, t.intermediate, true, Sharding::kColumns);
    Enter("vision_model.vision_adapter.");
    Linear("mlp.fc1", input, t.intermediate, false, Sharding::kRows, TensorRole::kProjector);
    Linear("mlp.fc2", output, input, false, Sharding::kColumns, TensorRole::kProjector);
    Enter("multi_modal_projector.");
    Linear("linear_1", a_.hidden, vision_.Int("vision_output_dim", 4096, 1, kMaxWidth), false,
           Sharding::kRows, TensorRole::kProjector);
    const double ratio = vision_.Number("pixel_shuffle_ratio", 0.5, 0.01, 1);
    t.merge = static_cast<int64_t>(1 / ratio);
    t.tokens_per_image = Positions() / (t.merge * t.merge);
  }

  // modeling_pixtral.py and Mistral 3's projector (modeling_mistral3.py).
  void BuildPixtral() {
    ReadTower({"num_hidden_layers"}, {"num_attention_heads"});
    VisionTower& t = tower();
    t.merge = builder_.root.Int("spatial_merge_size", 2, 1, 64);
    const int64_t inner = t.heads * vision_.Int("head_dim", t.hidden / t.heads, 1, kMaxHeadDim);
    Enter("vision_tower.");
    Patches("patch_conv", PatchElements(), false);
    RmsNorm("ln_pre", t.hidden);
    Enter("vision_tower.transformer.layers.{}.", t.layers);
    RmsNorm("attention_norm", t.hidden);
    RmsNorm("ffn_norm", t.hidden);
    for (const std::string_view name : {"attention.q_proj", "attention.k_proj", "attention.v_proj"}) {
      Linear(name, inner, t.hidden, false);
    }
    Linear("attention.o_proj", t.hidden, inner, false, Sharding::kColumns);
    Linear("feed_forward.gate_proj", t.intermediate, t.hidden, false);
    Linear("feed_forward.up_proj", t.intermediate, t.hidden, false);
    Linear("feed_forward.down_proj", t.hidden, t.intermediate, false, Sharding::kColumns);
    const bool bias = builder_.root.Bool("multimodal_projector_bias", false);
    Enter("multi_modal_projector.");
    RmsNorm("norm", t.hidden, TensorRole::kProjector);
    Linear("patch_merger.merging_layer", t.hidden, t.hidden * t.merge * t.merge, false, Sharding::kReplicated,
           TensorRole::kProjector);
    Linear("linear_1", a_.hidden, t.hidden, bias, Sharding::kRows, TensorRole::kProjector);
    Linear("linear_2", a_.hidden, a_.hidden, bias, Sharding::kColumns, TensorRole::kProjector);
  }

  // Kimi-K2.5 and K3: MoonViT with a patch merger of two linear layers. K3's is without biases, with RMS
  // norms and wider attention (vllm/model_executor/models/kimi_k25_vit.py).
  void BuildMoonVit() {
    ReadTower({"vt_num_hidden_layers"}, {"vt_num_attention_heads"});
    VisionTower& t = tower();
    const std::vector<int64_t> kernel = vision_.Ints("merge_kernel_size", 2, 1, 64);
    t.merge = kernel.empty() ? 2 : kernel[0];
    const int64_t height = vision_.Int("init_pos_emb_height", 64, 1, 4096);
    const int64_t width = vision_.Int("init_pos_emb_width", 64, 1, 4096);
    const bool rms = vision_.Text("norm_type", "layernorm") == "rmsnorm";
    const bool attention_bias = vision_.Bool("attn_bias", true);
    const bool linear_bias = vision_.Bool("linear_bias", true);
    const int64_t inner = vision_.Int("qkv_hidden_size", t.hidden, 1, kMaxWidth);
    Enter("vision_tower.");
    Patches("patch_embed.proj", PatchElements(), vision_.Bool("patch_embed_proj_bias", true));
    list_.Weight({"", "patch_embed.pos_emb", ""}, kRole, Sharding::kReplicated, height * width, t.hidden);
    Enter("vision_tower.encoder.blocks.{}.", t.layers);
    Norm("norm0", t.hidden, rms);
    Norm("norm1", t.hidden, rms);
    Linear("wqkv", 3 * inner, t.hidden, attention_bias);
    Linear("wo", t.hidden, inner, attention_bias, Sharding::kColumns);
    Linear("mlp.fc0", t.intermediate, t.hidden, linear_bias);
    Linear("mlp.fc1", t.hidden, t.intermediate, linear_bias, Sharding::kColumns);
    Enter("vision_tower.encoder.");
    Norm("final_layernorm", t.hidden, rms);
    const int64_t merged = t.hidden * t.merge * t.merge;
    const int64_t text = vision_.Int("text_hidden_size", a_.hidden, 1, kMaxWidth);
    const bool second = vision_.Text("mm_projector_type", "patchmerger") == "patchmergerv2";
    Enter("mm_projector.");
    if (!second) LayerNorm("pre_norm", t.hidden, TensorRole::kProjector);
    Linear("proj.0", merged, merged, !second, Sharding::kRows, TensorRole::kProjector);
    Linear("proj.2", text, merged, !second, Sharding::kColumns, TensorRole::kProjector);
    if (second) RmsNorm("post_norm", text, TensorRole::kProjector);
  }
  void Norm(std::string_view name, int64_t width, bool rms) {
    if (rms) return RmsNorm(name, width);
    LayerNorm(name, width);
  }

  // modeling_gemma4.py: gated MLP, four norms, q/k norms, a table of positions per axis.
  void BuildGemma4() {
    ReadTower({"num_hidden_layers"}, {"num_attention_heads"});
    VisionTower& t = tower();
    const int64_t head = vision_.Int("head_dim", t.hidden / t.heads, 1, kMaxHeadDim);
    const int64_t query = t.heads * head;
    const int64_t key = vision_.Int("num_key_value_heads", t.heads, 1, t.heads) * head;
    t.merge = vision_.Int("pooling_kernel_size", 3, 1, 64);
    t.tokens_per_image = vision_.Int("default_output_length", 280, 1, 1 << 20);
    const std::string model = "model.vision_tower.";
    Enter(model + "patch_embedder.");
    Linear("input_proj", t.hidden, PatchElements(), false, Sharding::kReplicated);
    list_.Parameter({"", "position_embedding_table", ""}, kRole, Sharding::kReplicated,
                    2 * vision_.Int("position_embedding_size", 10240, 1, kMaxVocab), t.hidden);
    Enter(model + "encoder.layers.{}.", t.layers);
    for (const std::string_view name : {"input_layernorm", "post_attention_layernorm",
                                        "pre_feedforward_layernorm", "post_feedforward_layernorm"}) {
      RmsNorm(name, t.hidden);
    }
    Linear("self_attn.q_proj.linear", query, t.hidden, false);
    Linear("self_attn.k_proj.linear", key, t.hidden, false);
    Linear("self_attn.v_proj.linear", key, t.hidden, false);
    Linear("self_attn.o_proj.linear", t.hidden, query, false, Sharding::kColumns);
    RmsNorm("self_attn.q_norm", head);
    RmsNorm("self_attn.k_norm", head);
    Linear("mlp.gate_proj.linear", t.intermediate, t.hidden, false);
    Linear("mlp.up_proj.linear", t.intermediate, t.hidden, false);
    Linear("mlp.down_proj.linear", t.hidden, t.intermediate, false, Sharding::kColumns);
    if (vision_.Bool("standardize", false)) {
      Enter(model);
      list_.Parameter({"", "std_bias", ""}, kRole, Sharding::kReplicated, t.hidden);
      list_.Parameter({"", "std_scale", ""}, kRole, Sharding::kReplicated, t.hidden);
    }
    Enter("model.embed_vision.");
    Linear("embedding_projection", a_.hidden, t.hidden, false, Sharding::kReplicated, TensorRole::kProjector);
  }

  Architecture& a_;
  ArchitectureBuilder& builder_;
  ConfigReader vision_;
  TensorList list_;
  int64_t channels_ = 3;
};

}  // namespace

void BuildVision(ArchitectureBuilder& builder) { VisionBuilder(builder).Build(); }

}  // namespace plimsoll
