#include "core/files/file_tensors.h"

#include <algorithm>
#include <utility>

namespace plimsoll {
namespace {

constexpr int32_t kMaxLayer = 1 << 20;

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 7 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int32_t ToNumber(std::string_view text) {
  int32_t number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return std::min(number, kMaxLayer);
}

// The name with its first number as {} and the number after "experts" as {e}; the layer in *layer.
std::string Template(std::string_view name, int32_t* layer) {
  std::string text;
  std::string_view before;
  *layer = -1;
  for (size_t at = 0; at <= name.size();) {
    const size_t dot = std::min(name.find('.', at), name.size());
    const std::string_view part = name.substr(at, dot - at);
    if (at > 0) text += '.';
    if (IsNumber(part) && before.find("expert") != std::string_view::npos) {
      text += "{e}";
    } else if (IsNumber(part) && *layer < 0) {
      *layer = ToNumber(part);
      text += "{}";
    } else {
      text += part;
    }
    before = part;
    at = dot + 1;
  }
  return text;
}

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool HasAny(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) { return Has(text, part); });
}

}  // namespace

TensorRole RoleOfName(std::string_view name) {
  if (HasAny(name, {"visual", "vision", "v.blk", "image_newline"})) return TensorRole::kVision;
  if (HasAny(name, {"multi_modal_projector", "mm_projector", "mm.", "patch_merge"}))
    return TensorRole::kProjector;
  if (HasAny(name, {"embed_tokens", "token_embd", "wte", "word_embeddings"}) ||
      name.substr(0, 6) == "embed.") {
    return TensorRole::kEmbedding;
  }
  if (HasAny(name, {"lm_head", "shared_head.head", "shared_head_head"}) || name.substr(0, 7) == "output.") {
    return TensorRole::kHead;
  }
  if (Has(name, "indexer")) return TensorRole::kIndexer;
  if (HasAny(name, {"norm", "ln_f", "layernorm"})) return TensorRole::kNorm;
  if (HasAny(name,
             {"shared_expert_gate", "gate_inp", "exp_probs", ".gate.", ".router", "e_score_correction"})) {
    return TensorRole::kRouter;
  }
  if (HasAny(name, {"shared_expert", "_shexp", "shared_mlp"})) return TensorRole::kSharedExpert;
  if (HasAny(name, {"expert", "_exps"})) return TensorRole::kExpert;
  if (HasAny(name, {"linear_attn", "mamba", "ssm_", "conv1d", "A_log", "dt_bias", "mixer.in_proj",
                    "mixer.out_proj"})) {
    return TensorRole::kRecurrent;
  }
  if (HasAny(name, {"attn", "attention", "q_proj", "k_proj", "v_proj", "o_proj"}))
    return TensorRole::kAttention;
  if (HasAny(name, {"mlp", "ffn", "feed_forward", "up_proj", "down_proj"})) return TensorRole::kMlp;
  return TensorRole::kOther;
}

int32_t LayerOfName(std::string_view name) {
  int32_t layer = -1;
  Template(name, &layer);
  return layer;
}

void RowCollector::Add(std::string_view name, std::string_view type, int64_t rows, int64_t columns,
                       Bytes bytes) {
  int32_t layer = -1;
  std::string pattern = Template(name, &layer);
  std::string key =
      pattern + '\n' + std::string(type) + '\n' + std::to_string(rows) + 'x' + std::to_string(columns);
  const auto [found, fresh] = index_.emplace(std::move(key), rows_.size());
  if (fresh) {
    InventoryRow row;
    row.role = RoleOfName(pattern);
    row.name = std::move(pattern);
    row.part = row.role == TensorRole::kVision || row.role == TensorRole::kProjector ? TensorPart::kVision
               : Has(row.name, "mtp") || Has(row.name, "nextn")                      ? TensorPart::kMtp
                                                                                     : TensorPart::kText;
    row.type = std::string(type);
    row.rows = rows;
    row.columns = columns;
    rows_.push_back(std::move(row));
  }
  InventoryRow& row = rows_[found->second];
  ++row.count;
  row.bytes += bytes;
  if (layer >= 0 && (row.layers.empty() || row.layers.back() != layer)) row.layers.push_back(layer);
}

std::vector<InventoryRow> RowCollector::Take() {
  for (InventoryRow& row : rows_) {
    std::sort(row.layers.begin(), row.layers.end());
    row.layers.erase(std::unique(row.layers.begin(), row.layers.end()), row.layers.end());
  }
  index_.clear();
  return std::move(rows_);
}

}  // namespace plimsoll
