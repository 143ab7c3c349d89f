// The cos/sin tables that vLLM keeps on every GPU, one per distinct rope of the model: rows * rotary width,
// cast to the model's dtype. Rows per kind of scaling, from vllm/model_executor/layers/rotary_embedding/:
//   default, llama3, ntk with alpha   max_position_embeddings            (base.py, dynamic_ntk_alpha_rope.py)
//   linear, dynamic                   max_position_embeddings * factor   (linear_scaling_rope.py)
//   yarn, deepseek_yarn               original_max_position_embeddings * factor (yarn_scaling_rope.py)
//   longrope                          original + max_position_embeddings (phi3_long_rope_scaled_rope.py)
//   with mrope_section                four times as many                 (mrope.py)
#include "core/arch/rope_tables.h"

#include <algorithm>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/base/units.h"

namespace plimsoll {

namespace {

int64_t Scaled(int64_t positions, double factor) {
  return static_cast<int64_t>(static_cast<double>(positions) * factor);
}

int64_t Rows(ConfigReader& rope, int64_t positions, int64_t original_default, bool mrope = false) {
  const std::string_view kind = rope.Text(rope.Has("rope_type") ? "rope_type" : "type", "default");
  const double factor = rope.Number("factor", 1, 1e-3, 1e6);
  const int64_t original = rope.Int("original_max_position_embeddings", original_default, 1, kMaxPositions);
  const int64_t multimodal = mrope || rope.Has("mrope_section") ? 4 : 1;
  if (kind == "linear") return Scaled(positions, factor);
  if (kind == "dynamic") return rope.Has("alpha") ? positions : Scaled(positions, factor);
  if (kind == "yarn" || kind == "deepseek_yarn") return multimodal * Scaled(original, factor);
  if (kind == "longrope" || kind == "su") return original + positions;
  return multimodal * positions;
}

// vllm/config/model.py _get_and_verify_max_len: every scaling but llama3's and longrope's multiplies, yarn
// from the original length; Gemma 3 writes its length with the scaling in it.
int64_t ScaledPositions(ArchitectureBuilder& builder, ConfigReader& rope, std::string_view kind) {
  const int64_t positions = builder.architecture.max_positions;
  const bool gemma3 = builder.architecture.model_type.find("gemma3") != std::string::npos ||
                      builder.text.Text("model_type", "").find("gemma3") != std::string_view::npos;
  if (gemma3 || kind == "llama3" || kind == "longrope" || kind == "su") return positions;
  const bool yarn = kind == "yarn" || kind == "deepseek_yarn";
  const int64_t from =
      yarn ? rope.Int("original_max_position_embeddings", positions, 1, kMaxPositions) : positions;
  return Scaled(from, rope.Number("factor", 1, 1e-3, 1e6));
}

// sglang/srt/utils/hf_transformers_utils.py get_context_length. Gemma 3 is taken as everywhere.
int64_t StretchedPositions(ArchitectureBuilder& builder, ConfigReader& rope, std::string_view kind) {
  const int64_t positions = builder.architecture.max_positions;
  const bool scaled = builder.architecture.scaled_positions != positions;
  if (!scaled || kind == "llama3" || rope.Has("original_max_position_embeddings")) return positions;
  return Scaled(positions, rope.Number("factor", 1, 1e-3, 1e6));
}

}  // namespace

void ReadRope(ArchitectureBuilder& builder) {
  Architecture& a = builder.architecture;
  a.scaled_positions = a.stretched_positions = a.max_positions;
  const Attention& attention = builder.base.attention;
  const bool latent =
      attention.kind == AttentionKind::kLatent || attention.kind == AttentionKind::kCompressed;
  bool any = false;
  for (const LayerGroup& group : a.groups) {
    any |= group.shape.attention.kind != AttentionKind::kNone && group.shape.attention.rope;
  }
  if (!any) return;

  ConfigReader rope =
      builder.text.Object(builder.text.Has("rope_parameters") ? "rope_parameters" : "rope_scaling");
  const double partial = rope.Number(
      "partial_rotary_factor",
      builder.text.Number("partial_rotary_factor", builder.partial_rotary_factor, 1e-6, 1), 1e-6, 1);
  const int64_t head = latent ? attention.rope_dim : attention.key_dim;
  a.rotary_dim = latent ? head : static_cast<int64_t>(static_cast<double>(head) * partial);
  a.rotary_dim = builder.text.Int("rotary_dim", a.rotary_dim, 0, kMaxHeadDim);

  const std::string_view kind = rope.Text(rope.Has("rope_type") ? "rope_type" : "type", "default");
  a.scaled_positions = std::max<int64_t>(1, ScaledPositions(builder, rope, kind));
  a.stretched_positions = std::max<int64_t>(1, StretchedPositions(builder, rope, kind));
  a.rope_factors = kind == "llama3" || kind == "longrope" || kind == "su";
  const int64_t original =
      builder.text.Int("original_max_position_embeddings", a.max_positions, 1, kMaxPositions);
  if (rope.Has("full_attention") || rope.Has("sliding_attention")) {
    // One rope per kind of layer (Gemma 3 and 4 in transformers 5). "proportional" leaves frequencies out,
    // not columns (vllm/model_executor/layers/rotary_embedding/gemma4_rope.py).
    ConfigReader full = rope.Object("full_attention");
    ConfigReader sliding = rope.Object("sliding_attention");
    const int64_t width = builder.global_head_dim > 0 ? builder.global_head_dim : a.rotary_dim;
    a.rope_table_elements += Rows(full, a.max_positions, original) * width;
    a.rope_table_elements += Rows(sliding, a.max_positions, original) * builder.base.attention.key_dim;
  } else {
    a.rope_table_elements +=
        builder.rope_tables * Rows(rope, a.max_positions, original, builder.multimodal_rope) * a.rotary_dim;
    a.rope_table_elements += a.max_positions * builder.local_rotary_dim;
  }
  a.rope_table_fp32 = latent && (kind == "yarn" || kind == "deepseek_yarn");
  a.rope_tables_positions = a.rotary_dim > 0 ? CeilDiv(a.rope_table_elements, a.rotary_dim) : 0;
}

std::optional<RopeScaling> ReadRopeScaling(std::string_view text) {
  const std::vector<std::string_view> parts = SplitAt(text, ':');
  if (parts.size() > 3 || parts[0].empty()) return std::nullopt;
  RopeScaling scaling;
  for (const std::string_view kind :
       {"default", "linear", "dynamic", "yarn", "deepseek_yarn", "longrope", "su", "llama3"}) {
    if (parts[0] == kind) scaling.kind = std::string(kind);
  }
  if (scaling.kind.empty()) return std::nullopt;
  if (parts.size() > 1) {
    size_t length = 0;
    scaling.factor = ReadDecimal(parts[1], &length);
    const bool sane = scaling.factor >= 1e-3 && scaling.factor <= 1e6;
    if (length == 0 || length != parts[1].size() || !sane) return std::nullopt;
  }
  if (parts.size() > 2) {
    const std::optional<int64_t> original = ReadTokens(parts[2]);
    if (!original || *original > kMaxPositions) return std::nullopt;
    scaling.original = *original;
  }
  return scaling;
}

std::string RopeScalingText(const RopeScaling& scaling) {
  std::string text = scaling.kind;
  if (scaling.factor != 1 || scaling.original > 0) text += ":" + GeneralDecimal(scaling.factor, 12);
  if (scaling.original > 0) text += ":" + std::to_string(scaling.original);
  return text;
}

RopeLengths LengthsOf(const Architecture& architecture) {
  return {architecture.scaled_positions, architecture.stretched_positions, architecture.rope_table_elements};
}

// The rules of the model's own scaling (above). A table has as many rows as positions are served, so it grows as
// they do.
RopeLengths LengthsUnder(const Architecture& architecture, const RopeScaling& scaling) {
  const int64_t own = architecture.max_positions;
  const bool gemma3 = architecture.model_type.find("gemma3") != std::string::npos;
  const bool kept = gemma3 || scaling.kind == "llama3" || scaling.kind == "longrope" || scaling.kind == "su";
  const bool from_original =
      scaling.original > 0 &&
      (scaling.kind == "yarn" || scaling.kind == "deepseek_yarn" || scaling.kind == "default");
  RopeLengths lengths = LengthsOf(architecture);
  if (!kept)
    lengths.scaled = std::max<int64_t>(1, Scaled(from_original ? scaling.original : own, scaling.factor));
  if (scaling.kind == "default" && scaling.original > 0) {
    lengths.stretched = scaling.original;
  } else {
    const bool stretches = !kept && scaling.original == 0;
    lengths.stretched = stretches ? std::max<int64_t>(1, Scaled(own, scaling.factor)) : own;
  }
  const double growth = static_cast<double>(lengths.scaled) /
                        static_cast<double>(std::max<int64_t>(1, architecture.scaled_positions));
  lengths.table_elements = Scaled(architecture.rope_table_elements, growth);
  return lengths;
}

}  // namespace plimsoll
