#include "core/weights/format_binding.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/module_pattern.h"
#include "core/weights/gguf_tensors.h"

namespace plimsoll {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}
bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Bytes of one scale where the config does not say: how the publishers' files hold it.
int32_t ScaleBytes(const Architecture& architecture, FormatFamily family) {
  if (family == FormatFamily::kFp8Block) return architecture.traits.fp8_scale_bytes;
  return family == FormatFamily::kFp8 || family == FormatFamily::kInt8 ? 2 : 4;  // compressed-tensors
}

constexpr uint16_t Bit(FormatFamily family) {
  return static_cast<uint16_t>(1U << static_cast<unsigned>(family));
}
constexpr uint16_t kAllFamilies = (1U << kFormatFamilies) - 1U;

// Small projections that every tool keeps: gates of one row, GDN's decay and beta, MTP's joining matrix, the
// indexer's head weights. Sources: GPTQModel's module_tree ("!" entries), modules_to_not_convert of published
// FP8 repositories.
bool IsKeptByEveryTool(std::string_view name) {
  constexpr std::string_view kKept[] = {
      "shared_expert_gate", "in_proj_ba", "in_proj_a.", "in_proj_b.", "conv1d", "eh_proj", "mtp.fc",
      "weights_proj",       "dt_proj",    "x_proj",     "A_log"};
  for (const std::string_view part : kKept) {
    if (Contains(name, part)) return true;
  }
  return false;
}

bool HasExperts(const Architecture& architecture) {
  return std::any_of(architecture.tensors.begin(), architecture.tensors.end(),
                     [](const Tensor& tensor) { return tensor.role == TensorRole::kExpert; });
}

// Routers stay plain whatever a config says: they are bare parameters, or every recipe and engine keeps them.
bool IsMatrix(const Tensor& tensor) {
  return tensor.linear && tensor.columns > 1 && tensor.role != TensorRole::kRouter;
}

uint16_t QuantizedBy(const Architecture& architecture, const Tensor& tensor, bool has_experts) {
  switch (tensor.role) {
    case TensorRole::kAttention:
    case TensorRole::kRecurrent:
    case TensorRole::kMlp:
    case TensorRole::kExpert:
    case TensorRole::kSharedExpert:
    case TensorRole::kIndexer:
      break;
    case TensorRole::kEmbedding:
      // A table that its publisher stores as a matrix in FP8 (DeepSeek-V4.1's engrams).
      return tensor.linear ? Bit(FormatFamily::kFp8Block) : 0;
    case TensorRole::kHead:
    case TensorRole::kRouter:
    case TensorRole::kNorm:
    case TensorRole::kVision:
    case TensorRole::kAudio:
    case TensorRole::kProjector:
    case TensorRole::kOther:
      return 0;
  }
  if (!IsMatrix(tensor) || IsKeptByEveryTool(tensor.name)) return 0;
  // MTP layers are invisible to tools that load through Transformers; publishers of FP8 quantise them
  // themselves.
  if (tensor.part == TensorPart::kMtp) return Bit(FormatFamily::kFp8Block);
  if (tensor.part == TensorPart::kVision) return 0;
  uint16_t bits = kAllFamilies;
  // Published MXFP4 mixtures (gpt-oss, Kimi, AMD's) quantise experts and MLPs, never attention.
  const bool mixer = tensor.role == TensorRole::kAttention || tensor.role == TensorRole::kRecurrent ||
                     tensor.role == TensorRole::kIndexer;
  if (has_experts && mixer) bits &= static_cast<uint16_t>(~Bit(FormatFamily::kMxfp4));
  // Published NVFP4 keeps MLA projections and linear attention (NVIDIA's DeepSeek, GLM-5, Kimi, Qwen3.5).
  const bool latent =
      tensor.group >= 0 && static_cast<size_t>(tensor.group) < architecture.groups.size() &&
      architecture.groups[static_cast<size_t>(tensor.group)].shape.attention.kind == AttentionKind::kLatent;
  const bool kept = tensor.role == TensorRole::kRecurrent || tensor.role == TensorRole::kIndexer ||
                    (tensor.role == TensorRole::kAttention && latent);
  if (kept) bits &= static_cast<uint16_t>(~Bit(FormatFamily::kNvfp4));
  return bits;
}

// Of the scheme that a tensor has which no rule names: the first. A mixture may be called by another one.
FormatFamily DefaultFamily(const WeightFormat& format) {
  return format.schemes.empty() ? format.family : format.schemes[0].family;
}

bool IsQuantizedByDefault(const Tensor& tensor, const WeightFormat& format) {
  if (format.text_only && tensor.part == TensorPart::kVision) return false;
  if (format.embeddings && tensor.role == TensorRole::kEmbedding) return tensor.columns > 1;
  if (format.rules_only) return false;
  if (!format.every_linear) return (tensor.quantized_by & Bit(DefaultFamily(format))) != 0;
  return IsMatrix(tensor) && tensor.role != TensorRole::kEmbedding && tensor.role != TensorRole::kNorm;
}

// DeepSeek-V4 stores routed experts in FP4 with an e8m0 scale per 32 inputs beside FP8 blocks elsewhere
// ("expert_dtype": "fp4" of its config).
void StoreExpertsInFp4(const Architecture& architecture, FormatBinding* binding) {
  WeightScheme fp4;
  fp4.family = FormatFamily::kMxfp4;
  fp4.bits = 4;
  fp4.group_size = 32;
  const auto index = static_cast<uint8_t>(binding->schemes.size());
  binding->schemes.push_back(fp4);
  for (size_t i = 0; i < architecture.tensors.size(); ++i) {
    // Not those that have a scheme of their own (NVFP4 in NVIDIA's checkpoints).
    if (architecture.tensors[i].role == TensorRole::kExpert && binding->scheme[i] == 1)
      binding->scheme[i] = index;
  }
}

// Applies the rules of a format to one tensor after another.
class Binder {
 public:
  Binder(const Architecture& architecture, const WeightFormat& format, Steps* steps, FormatBinding* binding)
      : architecture_(architecture), format_(format), binding_(binding), steps_(steps) {
    layers_of_group_.resize(architecture.groups.size());
    for (size_t layer = 0; layer < architecture.layer_group.size(); ++layer) {
      const uint16_t group = architecture.layer_group[layer];
      if (group < layers_of_group_.size()) layers_of_group_[group].push_back(static_cast<int32_t>(layer));
    }
    std::unordered_set<std::string_view> seen;
    for (const FormatRule& rule : format.rules) {
      patterns_.emplace_back();
      if (!seen.insert(rule.pattern).second) {  // an equal one before it decides
        usable_.push_back(false);
        continue;
      }
      usable_.push_back(patterns_.back().Compile(rule.pattern, steps_));
      const std::string_view exact = patterns_.back().exact_layer();
      const size_t index = patterns_.size() - 1;
      exact.empty() ? general_.push_back(index) : of_layer_[std::string(exact)].push_back(index);
      if (Over(index)) return;
    }
    FindSubstrings();
  }

  // The rule at which the limit was passed; -1: it was not.
  int64_t over_at() const { return over_at_; }

  void Bind() {
    for (size_t i = 0; i < architecture_.tensors.size() && over_at_ < 0; ++i) BindTensor(i);
  }

 private:
  static std::string ModuleName(const Tensor& tensor, int64_t layer) {
    std::string name;
    std::string_view rest = tensor.name;
    while (!rest.empty()) {
      if (StartsWith(rest, "{}")) {
        name += std::to_string(layer);
        rest.remove_prefix(2);
      } else if (StartsWith(rest, "{e}")) {
        name += '0';
        rest.remove_prefix(3);
      } else {
        name += rest.front();
        rest.remove_prefix(1);
      }
    }
    constexpr std::string_view kWeight = ".weight";
    if (name.size() > kWeight.size() &&
        name.compare(name.size() - kWeight.size(), kWeight.size(), kWeight) == 0) {
      name.resize(name.size() - kWeight.size());
    }
    return name;
  }

  // Some tools mean a substring where they write a name ("attn", "vision"): if no module has the components,
  // look for the text anywhere.
  void FindSubstrings() {
    substring_.assign(patterns_.size(), false);
    std::vector<std::string> names;
    for (const Tensor& tensor : architecture_.tensors) names.push_back(ModuleName(tensor, 0));
    for (size_t r = 0; r < patterns_.size(); ++r) {
      if (!usable_[r] || !patterns_[r].is_components() || patterns_[r].sees_layers()) continue;
      substring_[r] = std::none_of(names.begin(), names.end(), [this, r](const std::string& name) {
        return patterns_[r].Matches(name, steps_);
      });
      if (Over(r)) return;
    }
  }

  bool Over(size_t rule) {
    if (steps_ == nullptr || !steps_->over()) return false;
    if (over_at_ < 0) over_at_ = static_cast<int64_t>(rule);
    return true;
  }

  bool Matches(size_t rule, const std::string& module) {
    if (!usable_[rule] || Over(rule)) return false;
    return substring_[rule] ? patterns_[rule].MatchesSubstring(module)
                            : patterns_[rule].Matches(module, steps_);
  }

  // The numbers that stand in the names of this tensor, and their place in its own stack.
  std::vector<std::pair<int32_t, int64_t>> Layers(const Tensor& tensor) const {
    std::vector<std::pair<int32_t, int64_t>> layers;
    if (!Contains(tensor.name, "{}")) return {{0, 0}};
    if (tensor.group >= 0) {
      if (static_cast<size_t>(tensor.group) >= layers_of_group_.size()) return {{0, 0}};
      for (const int32_t layer : layers_of_group_[static_cast<size_t>(tensor.group)])
        layers.push_back({layer, layer});
      return layers;
    }
    const int64_t count = std::clamp<int64_t>(tensor.times / std::max<int64_t>(tensor.copies, 1), 1, 4096);
    const bool follows = tensor.part == TensorPart::kMtp && Contains(tensor.name, "layers.{}") &&
                         !Contains(tensor.name, "mtp");
    for (int64_t i = 0; i < count; ++i) {
      layers.push_back({static_cast<int32_t>(i), follows ? architecture_.layers + i : i});
    }
    return layers;
  }

  uint8_t Apply(size_t rule, uint8_t fallback) const {
    const FormatRule& given = format_.rules[rule];
    if (given.if_quantized && fallback == 0) return 0;
    return static_cast<size_t>(given.scheme) < binding_->schemes.size() ? given.scheme : fallback;
  }

  void BindTensor(size_t index) {
    const Tensor& tensor = architecture_.tensors[index];
    const uint8_t fallback = IsQuantizedByDefault(tensor, format_) ? 1 : 0;
    binding_->scheme[index] = fallback;
    const bool embedding = format_.embeddings && tensor.role == TensorRole::kEmbedding;
    if (!IsMatrix(tensor) && !embedding) return;
    if (format_.text_only && tensor.part == TensorPart::kVision) return;
    const auto layers = Layers(tensor);
    if (layers.empty()) return;
    // The first rule that matches decides. Rules that name a layer are looked up by it, so that the long
    // lists that name every layer cost no more than their length.
    const size_t none = patterns_.size();
    std::vector<size_t> rule(layers.size(), none);
    std::vector<std::string> names(layers.size());
    const auto name_of = [&](size_t l) -> const std::string& {
      if (names[l].empty()) names[l] = ModuleName(tensor, layers[l].second);
      return names[l];
    };
    size_t open = layers.size();
    for (size_t i = 0; i < general_.size() && open > 0; ++i) {
      const size_t r = general_[i];
      const bool each = patterns_[r].sees_layers() && layers.size() > 1;
      if (!each && !(MayMatch(r, layers[0].second) && Matches(r, name_of(0)))) continue;
      for (size_t l = 0; l < layers.size(); ++l) {
        if (rule[l] != none || (each && !(MayMatch(r, layers[l].second) && Matches(r, name_of(l))))) continue;
        rule[l] = r;
        --open;
      }
    }
    if (!of_layer_.empty()) {
      for (size_t l = 0; l < layers.size(); ++l) {
        const auto found = of_layer_.find(std::to_string(layers[l].second));
        if (found == of_layer_.end()) continue;
        for (size_t i = 0; i < found->second.size() && found->second[i] < rule[l]; ++i) {
          if (Matches(found->second[i], name_of(l))) rule[l] = found->second[i];
        }
      }
    }
    std::vector<int16_t> decided(layers.size(), -1);
    for (size_t l = 0; l < layers.size(); ++l) {
      if (rule[l] != none) decided[l] = Apply(rule[l], fallback);
    }
    Record(index, layers, decided, fallback);
  }

  bool MayMatch(size_t rule, int64_t layer) {
    if (steps_ != nullptr) steps_->Take(1);
    return !patterns_[rule].sees_layers() || patterns_[rule].MayMatchLayer(std::to_string(layer));
  }

  void Record(size_t index, const std::vector<std::pair<int32_t, int64_t>>& layers,
              const std::vector<int16_t>& decided, uint8_t fallback) {
    int64_t counts[256] = {};
    for (const int16_t scheme : decided) ++counts[scheme < 0 ? fallback : scheme];
    uint8_t most = fallback;
    for (int s = 0; s < 256; ++s) {
      if (counts[s] > counts[most]) most = static_cast<uint8_t>(s);
    }
    binding_->scheme[index] = most;
    for (size_t l = 0; l < layers.size(); ++l) {
      const auto scheme = static_cast<uint8_t>(decided[l] < 0 ? fallback : decided[l]);
      if (scheme != most)
        binding_->exceptions.push_back({static_cast<int32_t>(index), layers[l].first, scheme});
    }
  }

  const Architecture& architecture_;
  const WeightFormat& format_;
  FormatBinding* binding_;
  std::vector<std::vector<int32_t>> layers_of_group_;
  std::vector<ModulePattern> patterns_;
  std::vector<bool> usable_;
  std::vector<bool> substring_;
  std::vector<size_t> general_;                                    // rules that may match in many layers
  std::unordered_map<std::string, std::vector<size_t>> of_layer_;  // those that name one
  Steps* steps_;
  int64_t over_at_ = -1;
};

// `over_at`: the rule at which the limit was passed.
FormatBinding ChooseSchemes(const Architecture& architecture, const WeightFormat& format, Steps* steps,
                            int64_t* over_at) {
  FormatBinding binding;
  binding.schemes.reserve(format.schemes.size() + 1);
  WeightScheme plain;
  // Quantised files keep the rest in the model's own 16-bit type; both have two bytes.
  plain.dtype = format.family == FormatFamily::kPlain ? format.dtype : DType::kBf16;
  plain.bits = 8 * BytesPerElement(plain.dtype);
  binding.schemes.push_back(plain);
  binding.scheme.assign(architecture.tensors.size(), 0);
  if (format.schemes.empty()) return binding;
  for (WeightScheme scheme : format.schemes) {
    if (scheme.scale_bytes == 0) scheme.scale_bytes = ScaleBytes(architecture, scheme.family);
    binding.schemes.push_back(scheme);
  }
  if (!format.rules.empty()) {
    Binder binder(architecture, format, steps, &binding);
    binder.Bind();
    *over_at = binder.over_at();
  } else {
    for (size_t i = 0; i < architecture.tensors.size(); ++i) {
      binding.scheme[i] = IsQuantizedByDefault(architecture.tensors[i], format) ? 1 : 0;
    }
  }
  if (architecture.fp4_experts && DefaultFamily(format) == FormatFamily::kFp8Block)
    StoreExpertsInFp4(architecture, &binding);
  return binding;
}

}  // namespace

FormatBinding BindFormat(const Architecture& architecture, const WeightFormat& format) {
  int64_t over_at = -1;
  FormatBinding binding = ChooseSchemes(architecture, format, nullptr, &over_at);
  binding.tensors = ListBoundTensors(architecture, format, binding);
  return binding;
}

Result<FormatBinding> BindFormat(const Architecture& architecture, const WeightFormat& format,
                                 std::string_view where, Steps* steps) {
  int64_t over_at = -1;
  FormatBinding binding = ChooseSchemes(architecture, format, steps, &over_at);
  if (over_at >= 0) {
    return Error{std::string(where), Quoted(format.rules[static_cast<size_t>(over_at)].pattern),
                 "fewer or simpler patterns for a model of this many modules"};
  }
  binding.tensors = ListBoundTensors(architecture, format, binding);
  return binding;
}

void PrepareFormats(Architecture* architecture) {
  const bool has_experts = HasExperts(*architecture);
  for (Tensor& tensor : architecture->tensors)
    tensor.quantized_by = QuantizedBy(*architecture, tensor, has_experts);
  architecture->gguf = ListGgufTensors(*architecture);
}

}  // namespace plimsoll
