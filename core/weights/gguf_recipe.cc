#include "core/weights/gguf_recipe.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

constexpr int64_t kFileAlignment = 32;  // GGUF_DEFAULT_ALIGNMENT

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// "blk.{}.ffn_down_exps.weight" -> "ffn_down_exps"; "token_embd.weight" -> "token_embd".
std::string_view ShortName(std::string_view name) {
  constexpr std::string_view kBlock = "blk.{}.";
  constexpr std::string_view kWeight = ".weight";
  if (StartsWith(name, kBlock)) name.remove_prefix(kBlock.size());
  if (name.size() > kWeight.size() && name.substr(name.size() - kWeight.size()) == kWeight)
    name.remove_suffix(kWeight.size());
  return name;
}

// How many tensors of each counted category came before. llama-quantize counts as it walks.
struct Counters {
  int64_t attention_v = 0;
  int64_t ffn_down = 0;
  int64_t ffn_gate = 0;
  int64_t ffn_up = 0;
};

bool UseMoreBits(int64_t i, int64_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

int64_t Elements(const GgufTensor& tensor) {
  return SaturatingMultiply(SaturatingMultiply(tensor.ne0, tensor.ne1), tensor.ne2);
}

int64_t BytesAs(const GgufTensor& tensor, GgmlType type) {
  return GgmlBytes(type, tensor.ne0, SaturatingMultiply(tensor.ne1, tensor.ne2)).count();
}

int64_t Padding(int64_t bytes) { return (kFileAlignment - bytes % kFileAlignment) % kFileAlignment; }

// What llama_tensor_get_type_impl asks about model and file.
class Rules {
 public:
  Rules(const Architecture& architecture, const WeightFormat& format)
      : file_(static_cast<GgufFileType>(std::clamp(format.gguf_type, 0, kGgufFileTypes - 1))),
        default_(Info(file_).default_type),
        imatrix_(format.importance_matrix),
        wide_ends_(format.wide_ends) {
    const ModelTraits& traits = architecture.traits;
    falcon_ = traits.falcon_recipe;
    for (const LayerGroup& group : architecture.groups)
      experts_ = std::max(experts_, group.shape.mlp.experts);
    bool keeps_mtp = false;
    tied_ = true;
    for (const GgufTensor& tensor : architecture.gguf) {
      keeps_mtp |= tensor.mtp;
      if (tensor.category == GgufCategory::kOutput) tied_ = false;
      if (tensor.category != GgufCategory::kAttentionV) continue;
      attention_v_ += tensor.mtp ? architecture.mtp_layers : CountOf(architecture, tensor.group);
    }
    layers_ = architecture.layers + (keeps_mtp ? architecture.mtp_layers : 0);
    gqa_ = QueriesPerKey(architecture);
    const bool grouped = !architecture.groups.empty() && architecture.groups[0].shape.attention.heads !=
                                                             architecture.groups[0].shape.attention.kv_heads;
    is_70b_ = architecture.layers == 80 && ((traits.seventy_b_if_grouped && grouped) || traits.seventy_b);
  }

  int64_t layers() const { return layers_; }
  bool tied() const { return tied_; }

  // Whether tensors of one kind get different types in different layers.
  bool Varies(GgufCategory category) const {
    switch (category) {
      case GgufCategory::kAttentionV:
        return file_ == GgufFileType::kQ3KM || file_ == GgufFileType::kQ4KM || file_ == GgufFileType::kQ5KM ||
               file_ == GgufFileType::kQ4KS;
      case GgufCategory::kFfnDown:
        return IsIq1OrIq2() ||
               Is({GgufFileType::kQ2KS, GgufFileType::kQ3KM, GgufFileType::kQ4KS, GgufFileType::kQ4KM,
                   GgufFileType::kQ5KM, GgufFileType::kIq3Xxs, GgufFileType::kIq3M, GgufFileType::kIq4Nl,
                   GgufFileType::kIq4Xs, GgufFileType::kQ4_0, GgufFileType::kQ5_0});
      case GgufCategory::kFfnGate:
      case GgufCategory::kFfnUp:
        return file_ == GgufFileType::kIq3Xs;
      case GgufCategory::kOther:
      case GgufCategory::kTokenEmbedding:
      case GgufCategory::kOutput:
      case GgufCategory::kAttentionQ:
      case GgufCategory::kAttentionK:
      case GgufCategory::kAttentionOutput:
        return false;
    }
    return false;
  }

  GgmlType Type(const GgufTensor& tensor, int64_t layer, const Counters& before) const {
    if (!tensor.quantizable) return tensor.half ? GgmlType::kF16 : GgmlType::kF32;
    if (Info(default_).block == 1) return default_;  // F32, F16, BF16 know no mixtures
    return Fallback(Choose(tensor, layer, before), tensor.ne0);
  }

 private:
  static int64_t CountOf(const Architecture& architecture, int32_t group) {
    if (group < 0 || static_cast<size_t>(group) >= architecture.groups.size()) return 1;
    return architecture.groups[static_cast<size_t>(group)].count;
  }

  // hparams.n_gqa() of layer 0. Architectures with a KV head count per layer have 0 where layer 0 is
  // recurrent; Qwen's hybrids store one count for all. MLA is stored as one KV head.
  static int64_t QueriesPerKey(const Architecture& architecture) {
    if (architecture.layer_group.empty()) return 1;
    const Attention* attention = &architecture.groups[architecture.layer_group[0]].shape.attention;
    if (attention->kind == AttentionKind::kNone && architecture.traits.gguf_one_kv_count) {
      for (const LayerGroup& group : architecture.groups) {
        if (group.shape.attention.kind != AttentionKind::kNone) attention = &group.shape.attention;
      }
    }
    if (attention->kind == AttentionKind::kNone || attention->kv_heads == 0) return 0;
    if (attention->kind == AttentionKind::kLatent) return attention->heads;
    return attention->heads / attention->kv_heads;
  }

  bool Is(std::initializer_list<GgufFileType> types) const {
    return std::find(types.begin(), types.end(), file_) != types.end();
  }
  bool IsIq1() const { return Is({GgufFileType::kIq1S, GgufFileType::kIq1M}); }
  bool IsIq2Large() const { return Is({GgufFileType::kIq2S, GgufFileType::kIq2M}); }
  bool IsIq1OrIq2() const {
    return IsIq1() || IsIq2Large() || Is({GgufFileType::kIq2Xxs, GgufFileType::kIq2Xs});
  }

  GgmlType Choose(const GgufTensor& tensor, int64_t layer, const Counters& before) const {
    const GgufCategory category = tensor.category;
    const bool end = category == GgufCategory::kOutput || category == GgufCategory::kTokenEmbedding;
    if (end && wide_ends_) return GgmlType::kQ8_0;
    if (category == GgufCategory::kOutput || (tied_ && category == GgufCategory::kTokenEmbedding)) {
      return OutputType(tensor.ne0);
    }
    if (file_ == GgufFileType::kMxfp4Moe) return tensor.ne2 > 1 ? GgmlType::kMxfp4 : GgmlType::kQ8_0;
    if (category == GgufCategory::kTokenEmbedding) return EmbeddingType();
    if (IsIq1OrIq2()) return SmallestType(category, before);
    switch (category) {
      case GgufCategory::kAttentionV:
        return AttentionVType(before.attention_v);
      case GgufCategory::kAttentionK:
        if (experts_ == 8) return GgmlType::kQ8_0;
        return AttentionQType();
      case GgufCategory::kAttentionQ:
        return AttentionQType();
      case GgufCategory::kFfnDown:
        return FfnDownType(experts_ > 1 ? layer : before.ffn_down);
      case GgufCategory::kAttentionOutput:
        return AttentionOutputType();
      case GgufCategory::kFfnGate:
        return FfnInType(experts_ > 1 ? layer : before.ffn_gate);
      case GgufCategory::kFfnUp:
        return FfnInType(experts_ > 1 ? layer : before.ffn_up);
      case GgufCategory::kOther:
      case GgufCategory::kTokenEmbedding:
      case GgufCategory::kOutput:
        break;
    }
    return default_;
  }

  GgmlType OutputType(int64_t columns) const {
    if (file_ == GgufFileType::kMxfp4Moe || falcon_ || columns % Info(default_).block != 0)
      return GgmlType::kQ8_0;
    if (IsIq1OrIq2() || file_ == GgufFileType::kIq3Xxs) return GgmlType::kQ5K;
    return default_ == GgmlType::kQ8_0 ? GgmlType::kQ8_0 : GgmlType::kQ6K;
  }

  GgmlType EmbeddingType() const {
    if (IsIq1() || Is({GgufFileType::kIq2Xxs, GgufFileType::kIq2Xs})) return GgmlType::kQ2K;
    if (IsIq2Large() || file_ == GgufFileType::kIq3Xxs) return GgmlType::kIq3S;
    if (Is({GgufFileType::kTq1_0, GgufFileType::kTq2_0})) return GgmlType::kQ4K;
    return default_;
  }

  GgmlType SmallestType(GgufCategory category, const Counters& before) const {
    const GgmlType better = IsIq2Large() ? GgmlType::kIq3S : GgmlType::kQ2K;
    switch (category) {
      case GgufCategory::kAttentionV:
        return gqa_ >= 4 || experts_ >= 4 ? GgmlType::kQ4K : better;
      case GgufCategory::kAttentionK:
        return experts_ == 8 ? GgmlType::kQ4K : default_;
      case GgufCategory::kFfnDown:
        return before.ffn_down < layers_ / 8 ? better : default_;
      case GgufCategory::kAttentionOutput:
        if (experts_ == 8) return GgmlType::kQ5K;
        if (IsIq1()) return GgmlType::kIq2Xxs;
        return IsIq2Large() ? GgmlType::kIq3S : default_;
      case GgufCategory::kOther:
      case GgufCategory::kTokenEmbedding:
      case GgufCategory::kOutput:
      case GgufCategory::kAttentionQ:
      case GgufCategory::kFfnUp:
      case GgufCategory::kFfnGate:
        break;
    }
    return default_;
  }

  GgmlType AttentionVType(int64_t i) const {
    GgmlType type = AttentionVMixture(i);
    if (is_70b_ && (type == GgmlType::kQ3K || type == GgmlType::kQ4K)) type = GgmlType::kQ5K;
    return experts_ == 8 ? GgmlType::kQ8_0 : type;
  }

  GgmlType AttentionVMixture(int64_t i) const {
    const bool grouped = gqa_ >= 4;
    switch (file_) {
      case GgufFileType::kQ2K:
        return grouped ? GgmlType::kQ4K : GgmlType::kQ3K;
      case GgufFileType::kQ2KS:
      case GgufFileType::kIq3Xs:
      case GgufFileType::kIq3S:
        return grouped ? GgmlType::kQ4K : default_;
      case GgufFileType::kIq3Xxs:
        if (grouped) return GgmlType::kQ4K;
        return imatrix_ ? GgmlType::kIq3Xxs : GgmlType::kIq3S;
      case GgufFileType::kIq3M:
        return GgmlType::kQ4K;
      case GgufFileType::kQ3KM:
        return i < 2 ? GgmlType::kQ5K : GgmlType::kQ4K;
      case GgufFileType::kQ3KL:
        return GgmlType::kQ5K;
      case GgufFileType::kIq4Nl:
      case GgufFileType::kIq4Xs:
        return grouped ? GgmlType::kQ5K : default_;
      case GgufFileType::kQ4KM:
      case GgufFileType::kQ5KM:
        return UseMoreBits(i, attention_v_) ? GgmlType::kQ6K : default_;
      case GgufFileType::kQ4KS:
        return i < 4 ? GgmlType::kQ5K : default_;
      default:
        return default_;
    }
  }

  GgmlType AttentionQType() const {
    if (file_ == GgufFileType::kIq3Xs) return GgmlType::kIq3Xxs;
    return file_ == GgufFileType::kIq3Xxs ? GgmlType::kIq2S : default_;
  }

  GgmlType FfnDownType(int64_t i) const {
    const int64_t n = layers_;
    const bool first = i < n / 8;
    const bool more = UseMoreBits(i, n);
    switch (file_) {
      case GgufFileType::kQ2K:
        return GgmlType::kQ3K;
      case GgufFileType::kQ2KS:
        return first ? GgmlType::kQ4K : default_;
      case GgufFileType::kIq3Xxs:
        if (imatrix_) return default_;
        return first ? GgmlType::kQ4K : GgmlType::kQ3K;
      case GgufFileType::kQ3KM:
        if (i < n / 16) return GgmlType::kQ5K;
        return !falcon_ || more ? GgmlType::kQ4K : GgmlType::kQ3K;
      case GgufFileType::kIq3M:
        return first || (experts_ == 8 && more) ? GgmlType::kQ4K : default_;
      case GgufFileType::kQ3KL:
        return falcon_ ? GgmlType::kQ4K : GgmlType::kQ5K;
      case GgufFileType::kQ4KM:
        if (!falcon_) return more ? GgmlType::kQ6K : default_;
        if (i < n / 16) return GgmlType::kQ6K;
        return more ? GgmlType::kQ5K : GgmlType::kQ4K;
      case GgufFileType::kIq4Nl:
      case GgufFileType::kIq4Xs:
        return first && !imatrix_ ? GgmlType::kQ5K : default_;
      case GgufFileType::kQ5KM:
        return more ? GgmlType::kQ6K : default_;
      case GgufFileType::kQ4KS:
        return !falcon_ && first ? GgmlType::kQ5K : default_;
      case GgufFileType::kQ4_0:
        return imatrix_ && first ? GgmlType::kQ4_1 : default_;
      case GgufFileType::kQ5_0:
        return imatrix_ && first ? GgmlType::kQ5_1 : default_;
      default:
        return default_;
    }
  }

  GgmlType AttentionOutputType() const {
    if (falcon_) return file_ == GgufFileType::kQ3KL ? GgmlType::kQ4K : default_;
    if (experts_ == 8) {
      const bool raised =
          Is({GgufFileType::kQ2K, GgufFileType::kIq3Xs, GgufFileType::kIq3Xxs, GgufFileType::kQ3KS,
              GgufFileType::kQ3KM, GgufFileType::kIq4Nl, GgufFileType::kQ4KS, GgufFileType::kQ4KM,
              GgufFileType::kIq3S, GgufFileType::kIq3M, GgufFileType::kIq4Xs});
      return raised ? GgmlType::kQ5K : default_;
    }
    switch (file_) {
      case GgufFileType::kQ2K:
        return GgmlType::kQ3K;
      case GgufFileType::kIq3Xxs:
        return GgmlType::kIq3S;
      case GgufFileType::kQ3KM:
      case GgufFileType::kIq3M:
        return GgmlType::kQ4K;
      case GgufFileType::kQ3KL:
        return GgmlType::kQ5K;
      default:
        return default_;
    }
  }

  GgmlType FfnInType(int64_t i) const {
    const bool middle = i >= layers_ / 8 && i < 7 * layers_ / 8;
    return file_ == GgufFileType::kIq3Xs && middle ? GgmlType::kIq3Xxs : default_;
  }

  // tensor_type_fallback: rows that are no multiple of the block.
  static GgmlType Fallback(GgmlType type, int64_t columns) {
    if (columns % Info(type).block == 0) return type;
    GgmlType smaller = GgmlType::kF16;
    switch (type) {
      case GgmlType::kIq1S:
      case GgmlType::kIq1M:
      case GgmlType::kIq2Xxs:
      case GgmlType::kIq2Xs:
      case GgmlType::kIq2S:
      case GgmlType::kIq3Xxs:
      case GgmlType::kIq3S:
      case GgmlType::kIq4Xs:
        smaller = GgmlType::kIq4Nl;
        break;
      case GgmlType::kQ2K:
      case GgmlType::kQ3K:
      case GgmlType::kTq1_0:
      case GgmlType::kTq2_0:
        smaller = GgmlType::kQ4_0;
        break;
      case GgmlType::kQ4K:
        smaller = GgmlType::kQ5_0;
        break;
      case GgmlType::kQ5K:
        smaller = GgmlType::kQ5_1;
        break;
      case GgmlType::kQ6K:
        smaller = GgmlType::kQ8_0;
        break;
      default:
        break;
    }
    return columns % Info(smaller).block == 0 ? smaller : GgmlType::kF16;
  }

  GgufFileType file_;
  GgmlType default_;
  bool imatrix_;
  bool wide_ends_;
  bool falcon_ = false;
  bool tied_ = true;
  bool is_70b_ = false;
  int64_t experts_ = 0;
  int64_t layers_ = 0;
  int64_t attention_v_ = 0;
  int64_t gqa_ = 1;
};

void Count(GgufCategory category, bool quantizable, Counters* counters) {
  if (!quantizable) return;
  switch (category) {
    case GgufCategory::kAttentionV:
      ++counters->attention_v;
      break;
    case GgufCategory::kFfnDown:
      ++counters->ffn_down;
      break;
    case GgufCategory::kFfnGate:
      ++counters->ffn_gate;
      break;
    case GgufCategory::kFfnUp:
      ++counters->ffn_up;
      break;
    default:
      break;
  }
}

// A tensor whose type depends on the layer, with the bytes of the types it was found to have.
struct Varying {
  const GgufTensor* tensor = nullptr;
  Counters before;  // within the layer
  GgmlType types[4] = {};
  int64_t bytes[4] = {};
  int known = 0;

  int64_t BytesOf(GgmlType type) {
    for (int i = 0; i < known; ++i) {
      if (types[i] == type) return bytes[i];
    }
    const int64_t size = BytesAs(*tensor, type);
    if (known < 4) {
      types[known] = type;
      bytes[known++] = size;
    }
    return size;
  }
};

// What all layers of a group have in common.
struct GroupPlan {
  int64_t dense = 0;
  int64_t experts = 0;
  int64_t padding = 0;
  int64_t elements = 0;
  int64_t tensors = 0;
  Counters counts;  // per layer
  Varying varying[8];
  int varying_count = 0;
};

class Layouter {
 public:
  Layouter(const Architecture& architecture, const WeightFormat& format)
      : a_(architecture), rules_(architecture, format) {}

  GgufLayout Run() {
    layout_.tied = rules_.tied();
    size_t at = 0;
    for (; at < a_.gguf.size() && a_.gguf[at].group < 0 && !a_.gguf[at].mtp; ++at) AddGlobal(a_.gguf[at]);
    plans_.resize(a_.groups.size() + 1);
    for (; at < a_.gguf.size(); ++at) Plan(a_.gguf[at]);
    layout_.layers.reserve(static_cast<size_t>(std::clamp<int64_t>(rules_.layers(), 0, 65536)));
    for (const uint16_t group : a_.layer_group) AddLayer(&plans_[group]);
    GroupPlan& mtp = plans_.back();
    for (int64_t i = 0; mtp.tensors > 0 && i < a_.mtp_layers; ++i) AddLayer(&mtp);
    if (layout_.tied) layout_.output = layout_.token_embedding;
    return std::move(layout_);
  }

 private:
  void AddTensor(int64_t bytes, int64_t elements) {
    layout_.tensors += Bytes(bytes);
    layout_.padding += Bytes(Padding(bytes));
    layout_.elements = internal::SaturatingAdd(layout_.elements, elements);
    ++layout_.tensor_count;
  }

  void AddGlobal(const GgufTensor& tensor) {
    const int64_t bytes = BytesAs(tensor, rules_.Type(tensor, 0, {}));
    AddTensor(bytes, Elements(tensor));
    if (tensor.category == GgufCategory::kTokenEmbedding) {
      layout_.token_embedding += Bytes(bytes);
    } else if (tensor.category == GgufCategory::kOutput) {
      layout_.output += Bytes(bytes);
    } else {
      layout_.output_norm += Bytes(bytes);
    }
  }

  void Plan(const GgufTensor& tensor) {
    const size_t index = tensor.mtp ? plans_.size() - 1 : static_cast<size_t>(tensor.group);
    if (index >= plans_.size()) return;
    GroupPlan& plan = plans_[index];
    plan.elements = internal::SaturatingAdd(plan.elements, Elements(tensor));
    ++plan.tensors;
    const bool varies = tensor.quantizable && rules_.Varies(tensor.category) && plan.varying_count < 8;
    if (varies) {
      Varying& varying = plan.varying[plan.varying_count++];
      varying.tensor = &tensor;
      varying.before = plan.counts;
    } else {
      const int64_t bytes = BytesAs(tensor, rules_.Type(tensor, 0, {}));
      int64_t& part = tensor.expert ? plan.experts : plan.dense;
      part = internal::SaturatingAdd(part, bytes);
      plan.padding += Padding(bytes);
      if (tensor.expert) layout_.largest_expert = std::max(layout_.largest_expert, Bytes(bytes));
    }
    Count(tensor.category, tensor.quantizable, &plan.counts);
  }

  void AddLayer(GroupPlan* plan) {
    GgufLayout::Layer layer{Bytes(plan->dense), Bytes(plan->experts)};
    int64_t padding = plan->padding;
    const auto number = static_cast<int64_t>(layout_.layers.size());
    for (int i = 0; i < plan->varying_count; ++i) {
      Varying& varying = plan->varying[i];
      Counters before = counters_;
      before.attention_v += varying.before.attention_v;
      before.ffn_down += varying.before.ffn_down;
      before.ffn_gate += varying.before.ffn_gate;
      before.ffn_up += varying.before.ffn_up;
      const int64_t bytes = varying.BytesOf(rules_.Type(*varying.tensor, number, before));
      padding += Padding(bytes);
      (varying.tensor->expert ? layer.experts : layer.dense) += Bytes(bytes);
      if (varying.tensor->expert) layout_.largest_expert = std::max(layout_.largest_expert, Bytes(bytes));
    }
    counters_.attention_v += plan->counts.attention_v;
    counters_.ffn_down += plan->counts.ffn_down;
    counters_.ffn_gate += plan->counts.ffn_gate;
    counters_.ffn_up += plan->counts.ffn_up;
    layout_.layers.push_back(layer);
    layout_.tensors += layer.dense + layer.experts;
    layout_.padding += Bytes(padding);
    layout_.elements = internal::SaturatingAdd(layout_.elements, plan->elements);
    layout_.tensor_count += plan->tensors;
  }

  const Architecture& a_;
  Rules rules_;
  GgufLayout layout_;
  std::vector<GroupPlan> plans_;
  Counters counters_;
};

// Types as a format lists them (WeightFormat::tensor_types), the rules for what it does not list.
class ListedTypes {
 public:
  ListedTypes(const Architecture& architecture, const WeightFormat& format)
      : first_(architecture.gguf.data()), rules_(architecture, format) {
    if (format.tensor_types.empty()) return;
    runs_.resize(architecture.gguf.size());
    for (size_t i = 0; i < runs_.size(); ++i) {
      const std::string_view name = ShortName(architecture.gguf[i].name);
      for (const GgufTensorType& entry : format.tensor_types) {
        if (entry.tensor == name) runs_[i].push_back(&entry);
      }
    }
  }

  const Rules& rules() const { return rules_; }

  // `tensor` is one of Architecture::gguf.
  GgmlType Type(const GgufTensor& tensor, int64_t layer, const Counters& before) const {
    const auto index = static_cast<size_t>(&tensor - first_);
    if (index < runs_.size()) {
      const GgufTensorType* last = nullptr;
      for (const GgufTensorType* entry : runs_[index]) {
        if (entry->from <= layer && (last == nullptr || entry->from >= last->from)) last = entry;
      }
      if (last != nullptr) return static_cast<GgmlType>(std::clamp(last->type, 0, kGgmlTypes - 1));
    }
    return rules_.Type(tensor, layer, before);
  }

 private:
  const GgufTensor* first_;
  Rules rules_;
  std::vector<std::vector<const GgufTensorType*>> runs_;
};

// Tensor by tensor and layer by layer: for formats that list types, which are laid out once.
GgufLayout LayOutListed(const Architecture& architecture, const WeightFormat& format) {
  const ListedTypes types(architecture, format);
  GgufLayout layout;
  layout.tied = types.rules().tied();
  Counters counters;
  const auto add = [&layout](const GgufTensor& tensor, GgmlType type) {
    const Bytes bytes(BytesAs(tensor, type));
    layout.tensors += bytes;
    layout.padding += Bytes(Padding(bytes.count()));
    layout.elements = internal::SaturatingAdd(layout.elements, Elements(tensor));
    ++layout.tensor_count;
    return bytes;
  };
  for (const GgufTensor& tensor : architecture.gguf) {
    if (tensor.group >= 0 || tensor.mtp) continue;
    const Bytes bytes = add(tensor, types.Type(tensor, 0, counters));
    Bytes& part = tensor.category == GgufCategory::kTokenEmbedding ? layout.token_embedding
                  : tensor.category == GgufCategory::kOutput       ? layout.output
                                                                   : layout.output_norm;
    part += bytes;
  }
  for (int64_t layer = 0; layer < types.rules().layers(); ++layer) {
    const bool mtp = layer >= architecture.layers;
    const int32_t group = mtp ? -1 : architecture.layer_group[static_cast<size_t>(layer)];
    GgufLayout::Layer sum;
    for (const GgufTensor& tensor : architecture.gguf) {
      if (tensor.mtp != mtp || (!mtp && tensor.group != group)) continue;
      const Bytes bytes = add(tensor, types.Type(tensor, layer, counters));
      (tensor.expert ? sum.experts : sum.dense) += bytes;
      if (tensor.expert) layout.largest_expert = std::max(layout.largest_expert, bytes);
      Count(tensor.category, tensor.quantizable, &counters);
    }
    layout.layers.push_back(sum);
  }
  if (layout.tied) layout.output = layout.token_embedding;
  return layout;
}

// What an average says of the whole says the same of every part.
void Scale(double factor, GgufLayout* layout) {
  const auto scale = [factor](Bytes* bytes) {
    *bytes = BytesFromDouble(static_cast<double>(bytes->count()) * factor);
  };
  for (Bytes* part :
       {&layout->token_embedding, &layout->output, &layout->output_norm, &layout->largest_expert})
    scale(part);
  layout->tensors = layout->token_embedding + layout->output_norm;
  if (!layout->tied) layout->tensors += layout->output;
  for (GgufLayout::Layer& layer : layout->layers) {
    scale(&layer.dense);
    scale(&layer.experts);
    layout->tensors += layer.dense + layer.experts;
  }
}

}  // namespace

double AverageFactor(const WeightFormat& format, Bytes by_rules, int64_t elements) {
  if (format.given_bits > 0 && by_rules > Bytes(0)) {
    return format.given_bits * static_cast<double>(elements) / (8.0 * static_cast<double>(by_rules.count()));
  }
  return format.average.factor > 0 ? format.average.factor : 1;
}

GgufLayout LayOutGguf(const Architecture& architecture, const WeightFormat& format) {
  GgufLayout layout =
      format.tensor_types.empty() ? Layouter(architecture, format).Run() : LayOutListed(architecture, format);
  if (format.approximate()) Scale(AverageFactor(format, layout.tensors, layout.elements), &layout);
  SumLayers(&layout);
  return layout;
}

void SumLayers(GgufLayout* layout) {
  layout->before.clear();
  layout->before.reserve(layout->layers.size() + 1);
  GgufLayout::Layer sum;
  layout->before.push_back(sum);
  for (const GgufLayout::Layer& layer : layout->layers) {
    sum.dense += layer.dense;
    sum.experts += layer.experts;
    layout->before.push_back(sum);
  }
}

std::vector<GgmlType> GgufTensorTypes(const Architecture& architecture, const WeightFormat& format,
                                      int32_t gguf_tensor) {
  std::vector<GgmlType> types;
  if (gguf_tensor < 0 || static_cast<size_t>(gguf_tensor) >= architecture.gguf.size()) return types;
  const ListedTypes listed(architecture, format);
  const Rules& rules = listed.rules();
  const GgufTensor& wanted = architecture.gguf[static_cast<size_t>(gguf_tensor)];
  if (wanted.group < 0 && !wanted.mtp) return {listed.Type(wanted, 0, {})};
  // Walks the file as llama-quantize does, so that the counters stand right.
  Counters counters;
  for (int64_t layer = 0; layer < rules.layers(); ++layer) {
    const bool mtp = layer >= architecture.layers;
    const int32_t group = mtp ? -1 : architecture.layer_group[static_cast<size_t>(layer)];
    for (const GgufTensor& tensor : architecture.gguf) {
      if (tensor.mtp != mtp || tensor.group != group) continue;
      if (&tensor == &wanted) types.push_back(listed.Type(tensor, layer, counters));
      Count(tensor.category, tensor.quantizable, &counters);
    }
  }
  return types;
}

Bytes GgufMetadataBytes(const Architecture& architecture, int64_t tensor_count) {
  // Tokenizer bytes per entry of the vocabulary, from published files: Llama 3 7.8 MB / 128256 and gpt-oss 13
  // MB / 201088 carry two merges per token, Qwen 5.9 MB / 151936 one; SentencePiece 0.7 MB / 32000 none.
  int64_t per_token = 39;
  if (architecture.vocab <= 65536 || architecture.traits.short_tokenizer) {
    per_token = 22;
  } else if (architecture.vocab == 128256 || architecture.vocab == 201088) {
    per_token = 61;
  }
  // A tensor's name, dimensions, type and offset.
  constexpr int64_t kTensorInfo = 64;
  return Bytes(architecture.vocab) * per_token + Bytes(kTensorInfo) * tensor_count;
}

}  // namespace plimsoll
