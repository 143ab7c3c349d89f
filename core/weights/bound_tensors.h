// The tensors of an architecture in a format, as estimates add them up: with everything worked out that
// depends neither on the layout nor on the engine.
//
// Layer groups repeat each other's tensors (DeepSeek-V4 Pro lists 162 of 32 shapes), so what is alike is kept
// once, with the groups that have it.
#ifndef PLIMSOLL_CORE_WEIGHTS_BOUND_TENSORS_H_
#define PLIMSOLL_CORE_WEIGHTS_BOUND_TENSORS_H_

#include <cstdint>
#include <vector>

#include "core/arch/architecture.h"
#include "core/formats/weight_format.h"
#include "core/weights/tensor_schemes.h"

namespace plimsoll {

// What a step of decoding reads.
enum class StepRole : uint8_t { kDense, kExpert, kHead };
struct StepTensor {
  double bytes = 0;       // as stored, all layers; 0 in a GGUF, which is laid out by layers
  double flops = 0;       // operations per token: of all layers; an expert's: of one expert
  double in_and_out = 0;  // rows and columns, of as many matrices as flops counts
  double rows = 0;        // of one matrix
  double kv_part = 0;     // kKvRows: of the rows, those that go by KV head
  int32_t kv_heads = 0;   // kKvRows with rows that go by KV head; else 0
  StepRole role = StepRole::kDense;
  Sharding sharding = Sharding::kReplicated;
  uint8_t scheme = 0;
};

// What an engine loads as one parameter of a layer: a tensor, or neighbours that it fuses (q, k and v; gate
// and up).
struct BoundParameter {
  uint32_t first_piece = 0, pieces = 0;  // of BoundTensors::pieces
  uint32_t first_group = 0, groups = 0;  // of BoundTensors::groups; none: outside the text's layers
  int64_t own_layers = 0;                // vision, MTP: how many hold it
  TensorPart part = TensorPart::kText;
  TensorRole role = TensorRole::kOther;
  uint8_t scheme = 0;
};

struct BoundTensors {
  std::vector<StepTensor> step;            // in the order of Architecture::tensors
  std::vector<BoundParameter> parameters;  // without duplicates
  std::vector<uint32_t> pieces;            // of a parameter, as indices into shapes
  std::vector<uint32_t> groups;            // that have a parameter, as often as they have it
  std::vector<uint32_t> shapes;            // the tensor that stands for all that weigh alike
};

// REQUIRES: schemes.scheme has an entry for each tensor.
BoundTensors ListBoundTensors(const Architecture& architecture, const WeightFormat& format,
                              const TensorSchemes& schemes);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_BOUND_TENSORS_H_
