// Tensors as a file names them, folded into inventory rows: what differs only in the number of its layer or
// expert is one row. Shared by the readers of safetensors and GGUF headers.
#ifndef PLIMSOLL_CORE_FILES_FILE_TENSORS_H_
#define PLIMSOLL_CORE_FILES_FILE_TENSORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/units.h"
#include "core/weights/weights.h"

namespace plimsoll {

class RowCollector {
 public:
  void Add(std::string_view name, std::string_view type, int64_t rows, int64_t columns, Bytes bytes);
  // In order of first appearance.
  std::vector<InventoryRow> Take();

 private:
  std::vector<InventoryRow> rows_;
  std::unordered_map<std::string, size_t> index_;
};

// What a tensor is for, by its Hugging Face or GGUF name.
TensorRole RoleOfName(std::string_view name);

// The layer's number in "model.layers.12.mlp…" or "blk.12.…"; -1: none.
int32_t LayerOfName(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FILES_FILE_TENSORS_H_
