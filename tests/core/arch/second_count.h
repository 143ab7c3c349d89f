// The text parameters of models whose layers hold more than LayerShape says, counted a second time: from the keys of
// their config alone, written out as their modelling files add them up. Slow, plain and independent of the builder.
#ifndef PLIMSOLL_TESTS_CORE_ARCH_SECOND_COUNT_H_
#define PLIMSOLL_TESTS_CORE_ARCH_SECOND_COUNT_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "core/base/json.h"

namespace plimsoll {

class SecondCount {
 public:
  explicit SecondCount(const Json& config)
      : root_(config), text_(config.Find("text_config") != nullptr ? *config.Find("text_config") : config) {}

  // Zero: no count of this architecture is written here.
  int64_t Text() const {
    const std::string& name = root_.Find("architectures")->items()[0].AsString();
    if (name == "MolmoForCausalLM") return Molmo();
    if (name == "Molmo2ForConditionalGeneration") return Molmo2();
    if (name == "ApertusForCausalLM") return Apertus();
    if (name == "ChatGLMModel") return ChatGlm();
    if (name == "LagunaForCausalLM") return Laguna();
    if (name == "LongcatFlashForCausalLM") return Longcat();
    if (name == "AfmoeForCausalLM") return Afmoe();
    if (name == "Step3VLForConditionalGeneration") return Step3();
    if (name == "Step3p5ForCausalLM") return Step35();
    if (name == "Ernie4_5_VLMoeForConditionalGeneration") return ErnieVl();
    return 0;
  }

 private:
  int64_t N(std::string_view key) const { return Of(text_, key); }
  static int64_t Of(const Json& object, std::string_view key) { return object.Find(key)->AsInt().value(); }
  int64_t H() const { return N("hidden_size"); }
  int64_t L() const { return N("num_hidden_layers"); }
  // Embedding, head and last norm.
  int64_t Ends() const { return 2 * N("vocab_size") * H() + H(); }
  int64_t Attention(int64_t q, int64_t kv) const { return H() * (q + 2 * kv) + q * H(); }
  int64_t Gated(int64_t width) const { return 3 * H() * width; }
  int64_t Dim() const { return text_.Has("head_dim") ? N("head_dim") : H() / N("num_attention_heads"); }

  // "4,5,6": numbers of layers.
  std::set<int64_t> Listed(std::string_view key) const {
    std::set<int64_t> numbers;
    int64_t number = 0;
    for (const char c : text_.Find(key)->AsString() + ",") {
      if (c != ',') {
        number = 10 * number + (c - '0');
        continue;
      }
      numbers.insert(number);
      number = 0;
    }
    return numbers;
  }

  // 128 rows of the embedding beyond the vocabulary; intermediate_size counts gate and up together.
  int64_t Molmo() const {
    const int64_t q = H(), kv = N("num_key_value_heads") * Dim();
    const int64_t layer = Attention(q, kv) + q + 2 * kv + Gated(N("intermediate_size") / 2) + 2 * H();
    return Ends() + 128 * H() + L() * layer;
  }
  int64_t Molmo2() const {
    const int64_t q = N("num_attention_heads") * Dim(), kv = N("num_key_value_heads") * Dim();
    const int64_t layer = Attention(q, kv) + 2 * Dim() + Gated(N("intermediate_size")) + 2 * H();
    return Ends() + N("additional_vocab_size") * H() + L() * layer;
  }
  // xIELU has two learnt numbers; no gate.
  int64_t Apertus() const {
    const int64_t q = N("num_attention_heads") * Dim(), kv = N("num_key_value_heads") * Dim();
    return Ends() + L() * (Attention(q, kv) + 2 * Dim() + 2 * H() * N("intermediate_size") + 2 + 2 * H());
  }
  // The repository stores the frequencies of its half of rotated dimensions: a quarter of a head's width.
  int64_t ChatGlm() const {
    const int64_t dim = N("kv_channels"), q = N("num_attention_heads") * dim;
    const int64_t kv = N("multi_query_group_num") * dim;
    return Ends() + dim / 4 + L() * (Attention(q, kv) + q + 2 * kv + Gated(N("ffn_hidden_size")) + 2 * H());
  }
  // Heads differ by layer, and each has a gate.
  int64_t Laguna() const {
    const int64_t kv = N("num_key_value_heads") * Dim(), experts = N("num_experts");
    int64_t total = Ends(), layer = 0;
    for (const Json& item : text_.Find("num_attention_heads_per_layer")->items()) {
      const int64_t heads = item.AsInt().value();
      total += Attention(heads * Dim(), kv) + 2 * Dim() + heads * H() + 2 * H();
      total += layer++ == 0 ? Gated(N("intermediate_size"))
                            : experts * Gated(N("moe_intermediate_size")) + experts * H() + experts +
                                  Gated(N("shared_expert_intermediate_size"));
    }
    return total;
  }
  // Two attentions and two dense MLPs beside the experts; some experts pass the input on, and are routed to.
  int64_t Longcat() const {
    const int64_t heads = N("num_attention_heads"), ql = N("q_lora_rank"), kl = N("kv_lora_rank");
    const int64_t nope = N("qk_nope_head_dim"), rope = N("qk_rope_head_dim"), v = N("v_head_dim");
    const int64_t attention = H() * ql + ql + ql * heads * (nope + rope) + H() * (kl + rope) + kl +
                              kl * heads * (nope + v) + heads * v * H();
    const int64_t routed = N("n_routed_experts") + N("zero_expert_num");
    return Ends() + L() * (2 * attention + 2 * Gated(N("ffn_hidden_size")) +
                           N("n_routed_experts") * Gated(N("expert_ffn_hidden_size")) + routed * H() +
                           routed + 4 * H());
  }
  // A gate as wide as the queries, and four norms.
  int64_t Afmoe() const {
    const int64_t q = N("num_attention_heads") * Dim(), kv = N("num_key_value_heads") * Dim();
    const int64_t experts = N("num_experts"), width = N("moe_intermediate_size");
    const int64_t always = Attention(q, kv) + H() * q + 2 * Dim() + 4 * H();
    const int64_t sparse =
        experts * Gated(width) + experts * H() + experts + N("num_shared_experts") * Gated(width);
    const int64_t dense = N("num_dense_layers");
    return Ends() + L() * always + dense * Gated(N("intermediate_size")) + (L() - dense) * sparse;
  }
  // Queries through a low rank with its norm, one head of keys.
  int64_t Step3() const {
    const int64_t rank = N("share_q_dim"), q = N("num_attention_heads") * Dim();
    const int64_t experts = N("moe_num_experts"), kv = N("num_attention_groups") * Dim();
    const int64_t always = H() * rank + rank + rank * q + 2 * H() * kv + q * H() + 2 * H();
    const int64_t sparse =
        experts * Gated(N("moe_intermediate_size")) + experts * H() + Gated(N("share_expert_dim"));
    const auto layers = static_cast<int64_t>(Listed("moe_layers_enum").size());
    return Ends() + L() * always + layers * sparse + (L() - layers) * Gated(N("intermediate_size"));
  }
  // Sliding layers have heads of their own number; each head of each layer a gate.
  int64_t Step35() const {
    const std::set<int64_t> sparse = Listed("moe_layers_enum");
    const int64_t experts = N("moe_num_experts"), kv = N("num_attention_groups") * Dim();
    int64_t total = Ends();
    for (int64_t i = 0; i < L(); ++i) {
      const bool full =
          text_.Find("layer_types")->items()[static_cast<size_t>(i)].AsString() == "full_attention";
      const int64_t heads = Of(full ? text_ : *text_.Find("attention_other_setting"), "num_attention_heads");
      total += Attention(heads * Dim(), kv) + 2 * Dim() + heads * H() + 2 * H();
      total += sparse.count(i) == 0 ? Gated(N("intermediate_size"))
                                    : experts * Gated(N("moe_intermediate_size")) + experts * H() + experts +
                                          Gated(N("share_expert_dim"));
    }
    return total;
  }
  // Experts of text and of pictures, each with a router and its bias; tied.
  int64_t ErnieVl() const {
    const int64_t q = N("num_attention_heads") * Dim(), kv = N("num_key_value_heads") * Dim();
    int64_t experts = 0;
    for (size_t kind = 0; kind < 2; ++kind) {
      const int64_t count = text_.Find("moe_num_experts")->items()[kind].AsInt().value();
      const int64_t width = text_.Find("moe_intermediate_size")->items()[kind].AsInt().value();
      experts += count * (Gated(width) + H() + 1);
      if (kind == 0) experts += N("moe_num_shared_experts") * Gated(width);
    }
    const int64_t dense = text_.Find("moe_layer_start_index")->items()[0].AsInt().value();
    return N("vocab_size") * H() + H() + L() * (Attention(q, kv) + 2 * H()) +
           dense * Gated(N("intermediate_size")) + (L() - dense) * experts;
  }

  const Json& root_;
  const Json& text_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_CORE_ARCH_SECOND_COUNT_H_
