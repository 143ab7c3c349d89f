// Appends tensors to an inventory: composes names, fills in the part, the group and the count. Internal to
// the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_TENSOR_LIST_H_
#define PLIMSOLL_CORE_ARCH_TENSOR_LIST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/units.h"

namespace plimsoll {

class TensorList {
 public:
  explicit TensorList(std::vector<Tensor>* tensors) : tensors_(tensors) {}

  // Where the following tensors belong: how many layers hold each of them and what stands before their names.
  void Enter(TensorPart part, int32_t group, int64_t layers, std::string prefix) {
    part_ = part;
    group_ = group;
    layers_ = layers;
    prefix_ = std::move(prefix);
  }

  struct Names {
    std::string_view scope;   // "self_attn."
    std::string_view module;  // "q_proj"
    std::string_view ggml;    // Tensor::ggml
  };

  // A parameter whose name is given in full ("{scope}{module}", no ".weight" added).
  Tensor& Parameter(const Names& names, TensorRole role, Sharding sharding, int64_t rows, int64_t columns = 1,
                    int64_t copies = 1) {
    return Add(names, "", role, sharding, rows, columns, copies);
  }
  // "<module>.weight" of a norm, an embedding or a convolution.
  Tensor& Weight(const Names& names, TensorRole role, Sharding sharding, int64_t rows, int64_t columns = 1,
                 int64_t copies = 1) {
    return Add(names, ".weight", role, sharding, rows, columns, copies);
  }
  Tensor& Bias(const Names& names, TensorRole role, Sharding sharding, int64_t rows, int64_t copies = 1) {
    return Add(names, ".bias", role, sharding, rows, 1, copies);
  }
  // An nn.Linear; its bias lies on the output features.
  void Linear(const Names& names, TensorRole role, Sharding sharding, int64_t rows, int64_t columns,
              bool bias = false) {
    Weight(names, role, sharding, rows, columns).linear = true;
    if (bias) Bias(names, role, sharding == Sharding::kColumns ? Sharding::kReplicated : sharding, rows);
  }
  // As Linear, but `kv_rows` of the rows go by KV head.
  void KvLinear(const Names& names, TensorRole role, int64_t rows, int64_t kv_rows, int64_t kv_heads,
                int64_t columns, bool bias = false) {
    SetKv(Weight(names, role, Sharding::kKvRows, rows, columns), kv_rows, kv_heads).linear = true;
    if (bias) SetKv(Bias(names, role, Sharding::kKvRows, rows), kv_rows, kv_heads);
  }
  static Tensor& SetKv(Tensor& tensor, int64_t kv_rows, int64_t kv_heads) {
    tensor.kv_rows = kv_rows;
    tensor.kv_heads = static_cast<int32_t>(kv_heads);
    return tensor;
  }

 private:
  Tensor& Add(const Names& names, std::string_view suffix, TensorRole role, Sharding sharding, int64_t rows,
              int64_t columns, int64_t copies) {
    tensors_->emplace_back();
    Tensor& tensor = tensors_->back();
    tensor.name.reserve(prefix_.size() + names.scope.size() + names.module.size() + suffix.size());
    tensor.name.append(prefix_).append(names.scope).append(names.module).append(suffix);
    tensor.ggml = names.ggml;
    tensor.role = role;
    tensor.part = part_;
    tensor.sharding = sharding;
    tensor.rows = rows;
    tensor.columns = columns;
    tensor.copies = copies;
    tensor.group = group_;
    tensor.times = internal::SaturatingMultiply(copies, layers_);
    return tensor;
  }

  std::vector<Tensor>* tensors_;
  TensorPart part_ = TensorPart::kText;
  int32_t group_ = -1;
  int64_t layers_ = 1;
  std::string prefix_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_TENSOR_LIST_H_
