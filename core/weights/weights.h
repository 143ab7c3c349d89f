// The bytes of a whole model in a format: the checkpoint on disk and the inventory table.
//
// What an engine holds after loading differs from the file (RoPE tables, padding, repacking) and is the
// engine's business: engine_vllm, engine_llama_cpp.
#ifndef PLIMSOLL_CORE_WEIGHTS_WEIGHTS_H_
#define PLIMSOLL_CORE_WEIGHTS_WEIGHTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/units.h"
#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"

namespace plimsoll {

struct StoredWeights {
  Bytes held;        // the tensors in the types they are loaded in: as checkpoint unless the engine casts
  Bytes checkpoint;  // tensor data as published: safetensors with vision and MTP, or the GGUF's tensors
  Bytes file;  // with header, metadata and padding where the format defines them (GGUF); else as checkpoint
  bool approximate = false;    // an average from published files (Unsloth dynamic and similar), not the rules
  Bytes low, high;             // approximate: what the checkpoint may be; else the same as checkpoint
  double bits_per_weight = 0;  // bits held / stored parameters
};
// How far off `held`, a part of these weights, may be; zero unless they are an average.
Bytes WeightsBand(const StoredWeights& stored, Bytes held);

StoredWeights StoreWeights(const Architecture& architecture, const WeightFormat& format,
                           const FormatBinding& binding);

// One line of the inventory: a tensor kind with its type and bytes. `layers` is empty for tensors outside
// layers.
struct InventoryRow {
  std::string name;
  TensorRole role = TensorRole::kOther;
  TensorPart part = TensorPart::kText;
  std::string type;  // "bf16", "int4 g128", "Q4_K"
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t count = 0;  // tensors like this one
  Bytes bytes;        // all of them
  Sharding sharding = Sharding::kReplicated;
  std::vector<int32_t> layers;  // which layers, in order
};
std::vector<InventoryRow> ListInventory(const Architecture& architecture, const WeightFormat& format,
                                        const FormatBinding& binding);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_WEIGHTS_H_
