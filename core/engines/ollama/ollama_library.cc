#include "core/engines/ollama/ollama_library.h"

#include <memory>
#include <string>
#include <utility>

#include "core/base/steps.h"
#include "core/formats/gguf_types.h"
#include "core/resolve/inquiry.h"
#include "core/weights/format_binding.h"
#include "core/weights/weights.h"

namespace plimsoll {
namespace {

constexpr std::string_view kWide[] = {"attn_v", "ffn_down_exps", "ffn_down_shexp"};  // Q6_K
constexpr std::string_view kNarrow[] = {
    "attn_q",    "attn_k",  "attn_output",   "attn_qkv",       "attn_gate",   "ssm_ba",      "ssm_beta",
    "ssm_alpha", "ssm_out", "ffn_gate_exps", "ffn_gate_shexp", "ffn_up_exps", "ffn_up_shexp"};  // Q4_K

bool HasOwnRules(std::string_view family, const WeightFormat& format) {
  if (family != "qwen35" && family != "qwen35moe" && family != "qwen3next") return false;
  return format.id == "gguf-q4_k_m" || format.id == "gguf-q4_k_s";
}

}  // namespace

bool TakeLibraryTypes(std::string_view family, Resolved* resolved) {
  if (resolved->bound == nullptr || !HasOwnRules(family, *resolved->format)) return false;
  const auto own = std::make_shared<Resolved::Owned>();
  Resolved::Owned& owned = *own;
  owned.format = *resolved->format;
  for (const std::string_view tensor : kWide) {
    owned.format.tensor_types.push_back({std::string(tensor), 0, static_cast<int32_t>(GgmlType::kQ6K)});
  }
  for (const std::string_view tensor : kNarrow) {
    owned.format.tensor_types.push_back({std::string(tensor), 0, static_cast<int32_t>(GgmlType::kQ4K)});
  }
  Steps steps(Inquiry::kMostPatternSteps);
  Result<FormatBinding> binding = BindFormat(*resolved->architecture, owned.format, "format", &steps);
  if (!binding.ok()) return false;
  owned.binding = std::move(*binding);
  resolved->owned = own;
  resolved->format = &owned.format;
  resolved->binding = &owned.binding;
  resolved->stored = StoreWeights(*resolved->architecture, owned.format, owned.binding);
  resolved->bound = nullptr;
  return true;
}

}  // namespace plimsoll
