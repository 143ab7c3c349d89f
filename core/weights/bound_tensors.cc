#include "core/weights/bound_tensors.h"

#include <algorithm>
#include <cstddef>

namespace plimsoll {
namespace {

// The head; of a model that has none of its own, the embedding that it reads instead.
size_t FindHead(const Architecture& architecture) {
  size_t embedding = architecture.tensors.size();
  for (size_t i = 0; i < architecture.tensors.size(); ++i) {
    const Tensor& tensor = architecture.tensors[i];
    if (tensor.part != TensorPart::kText) continue;
    if (tensor.role == TensorRole::kHead && !tensor.duplicate) return i;
    if (tensor.role == TensorRole::kEmbedding && embedding == architecture.tensors.size()) embedding = i;
  }
  return embedding;
}

double StepFlops(const Tensor& tensor, StepRole role) {
  const double one = 2 * (static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns));
  if (role == StepRole::kHead) return one;
  const double all = one * static_cast<double>(tensor.times);
  return role == StepRole::kExpert ? all / std::max<double>(1, static_cast<double>(tensor.copies)) : all;
}

bool WeighAlike(const Tensor& a, const Tensor& b) {
  return a.rows == b.rows && a.columns == b.columns && a.copies == b.copies && a.sharding == b.sharding &&
         a.expert_by_columns == b.expert_by_columns && a.fp32 == b.fp32 && a.kv_heads == b.kv_heads &&
         a.kv_rows == b.kv_rows;
}

bool ByRows(const Tensor& tensor) {
  return tensor.sharding == Sharding::kRows || tensor.sharding == Sharding::kKvRows ||
         (tensor.sharding == Sharding::kExpert && !tensor.expert_by_columns);
}

// vllm/model_executor/layers/linear.py: QKVParallelLinear, MergedColumnParallelLinear; FusedMoE for experts.
bool Fuse(const Tensor& a, const Tensor& b) {
  return a.group >= 0 && a.group == b.group && a.role == b.role && a.columns == b.columns && a.linear &&
         b.linear && ByRows(a) && ByRows(b);
}

class Lister {
 public:
  Lister(const Architecture& architecture, const WeightFormat& format, const TensorSchemes& schemes)
      : tensors_(architecture.tensors), gguf_(format.family == FormatFamily::kGguf), schemes_(schemes) {}

  BoundTensors List(size_t head) {
    for (size_t i = 0; i < tensors_.size(); ++i) {
      if (tensors_[i].part == TensorPart::kText) AddStep(i, i == head);
      if (!tensors_[i].duplicate) AddPiece(i);
    }
    CloseParameter();
    for (size_t p = 0; p < list_.parameters.size(); ++p) {
      list_.parameters[p].first_group = static_cast<uint32_t>(list_.groups.size());
      list_.parameters[p].groups = static_cast<uint32_t>(groups_[p].size());
      list_.groups.insert(list_.groups.end(), groups_[p].begin(), groups_[p].end());
    }
    return std::move(list_);
  }

 private:
  static constexpr size_t kWayBack = 256;  // what is listed twice costs time, nothing else

  void AddStep(size_t index, bool head) {
    const Tensor& tensor = tensors_[index];
    if (!head && (tensor.role == TensorRole::kEmbedding || tensor.duplicate)) return;
    StepTensor step;
    if (head) {
      step.role = StepRole::kHead;
    } else if (tensor.role == TensorRole::kExpert) {
      step.role = StepRole::kExpert;
    }
    step.sharding = tensor.sharding;
    step.scheme = schemes_.scheme[index];
    step.flops = StepFlops(tensor, step.role);
    const double elements = static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns);
    if (elements > 0) {
      const double matrices = step.flops / 2 / elements;
      step.in_and_out = matrices * static_cast<double>(tensor.rows + tensor.columns);
      step.rows = static_cast<double>(tensor.rows);
    }
    if (!gguf_) {
      const WeightScheme& scheme = schemes_.schemes[step.scheme];
      const Bytes one = EncodedBytes(scheme, tensor.fp32, tensor.rows, tensor.columns);
      step.bytes = static_cast<double>(one.count()) * static_cast<double>(tensor.times);
    }
    if (tensor.sharding == Sharding::kKvRows && tensor.rows > 0 && tensor.kv_heads > 0) {
      step.kv_heads = tensor.kv_heads;
      step.kv_part = static_cast<double>(tensor.kv_rows) / static_cast<double>(tensor.rows);
    }
    list_.step.push_back(step);
  }

  void AddPiece(size_t index) {
    const Tensor& tensor = tensors_[index];
    const bool continues =
        !open_.empty() && open_scheme_ == schemes_.scheme[index] && Fuse(*open_tensor_, tensor);
    if (!continues) CloseParameter();
    open_tensor_ = &tensor;
    open_scheme_ = schemes_.scheme[index];
    open_.push_back(ShapeOf(index));
  }

  uint32_t ShapeOf(size_t index) {
    const size_t known = list_.shapes.size();
    for (size_t s = known > kWayBack ? known - kWayBack : 0; s < known; ++s) {
      const uint32_t other = list_.shapes[s];
      if (schemes_.scheme[other] == schemes_.scheme[index] && WeighAlike(tensors_[other], tensors_[index])) {
        return static_cast<uint32_t>(s);
      }
    }
    list_.shapes.push_back(static_cast<uint32_t>(index));
    return static_cast<uint32_t>(known);
  }

  bool IsOpen(const BoundParameter& parameter, size_t index) const {
    if (parameter.part != open_tensor_->part || parameter.role != open_tensor_->role) return false;
    if (parameter.scheme != open_scheme_ || parameter.pieces != open_.size()) return false;
    if (groups_[index].empty() != (open_tensor_->group < 0)) return false;
    return std::equal(open_.begin(), open_.end(), list_.pieces.data() + parameter.first_piece);
  }

  // Adds what is open to the parameters, or to the one that is like it.
  void CloseParameter() {
    if (open_.empty()) return;
    const size_t known = list_.parameters.size();
    size_t at = known > kWayBack ? known - kWayBack : 0;
    while (at < known && !IsOpen(list_.parameters[at], at)) ++at;
    if (at == known) {
      BoundParameter fresh;
      fresh.first_piece = static_cast<uint32_t>(list_.pieces.size());
      fresh.pieces = static_cast<uint32_t>(open_.size());
      fresh.part = open_tensor_->part;
      fresh.role = open_tensor_->role;
      fresh.scheme = open_scheme_;
      list_.pieces.insert(list_.pieces.end(), open_.begin(), open_.end());
      list_.parameters.push_back(fresh);
      groups_.emplace_back();
    }
    if (open_tensor_->group >= 0) groups_[at].push_back(static_cast<uint32_t>(open_tensor_->group));
    list_.parameters[at].own_layers += open_tensor_->times / std::max<int64_t>(1, open_tensor_->copies);
    open_.clear();
  }

  const std::vector<Tensor>& tensors_;
  const bool gguf_;
  const TensorSchemes& schemes_;
  BoundTensors list_;
  std::vector<std::vector<uint32_t>> groups_;  // of each parameter
  std::vector<uint32_t> open_;                 // shapes of the parameter that may go on
  const Tensor* open_tensor_ = nullptr;        // the last of them
  uint8_t open_scheme_ = 0;
};

}  // namespace

BoundTensors ListBoundTensors(const Architecture& architecture, const WeightFormat& format,
                              const TensorSchemes& schemes) {
  return Lister(architecture, format, schemes).List(FindHead(architecture));
}

}  // namespace plimsoll
