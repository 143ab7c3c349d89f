#include "core/arch/architecture.h"

#include "core/base/units.h"

namespace plimsoll {

std::string_view RoleName(TensorRole role) {
  switch (role) {
    case TensorRole::kEmbedding:
      return "embedding";
    case TensorRole::kHead:
      return "head";
    case TensorRole::kAttention:
      return "attention";
    case TensorRole::kRecurrent:
      return "recurrent";
    case TensorRole::kMlp:
      return "mlp";
    case TensorRole::kExpert:
      return "experts";
    case TensorRole::kSharedExpert:
      return "shared expert";
    case TensorRole::kRouter:
      return "router";
    case TensorRole::kNorm:
      return "norms";
    case TensorRole::kIndexer:
      return "indexer";
    case TensorRole::kVision:
      return "vision";
    case TensorRole::kAudio:
      return "audio";
    case TensorRole::kProjector:
      return "projector";
    case TensorRole::kOther:
      return "other";
  }
  return "other";
}

int64_t Tensor::elements() const { return internal::SaturatingMultiply(rows, columns); }

ParameterCounts CountParameters(const Architecture& architecture) {
  ParameterCounts counts;
  for (const Tensor& tensor : architecture.tensors) {
    const int64_t elements = internal::SaturatingMultiply(tensor.elements(), tensor.times);
    counts.total = internal::SaturatingAdd(counts.total, elements);
    if (tensor.part != TensorPart::kText || tensor.duplicate) continue;
    counts.text = internal::SaturatingAdd(counts.text, elements);
    int64_t used = elements;
    if (tensor.role == TensorRole::kExpert && tensor.group >= 0 && tensor.copies > 0) {
      const Mlp& mlp = architecture.groups[static_cast<size_t>(tensor.group)].shape.mlp;
      used = internal::SaturatingMultiply(tensor.elements(), tensor.times / tensor.copies);
      used = internal::SaturatingMultiply(used, mlp.experts_per_token);
    }
    if (tensor.role == TensorRole::kEmbedding && tensor.linear) used = tensor.columns;
    counts.active = internal::SaturatingAdd(counts.active, used);
  }
  return counts;
}

std::string RoleTitle(TensorRole role) {
  std::string title(RoleName(role));
  if (title == "mlp") return "MLP";
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

}  // namespace plimsoll
