#include "core/weights/bound_tensors.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

Bytes OneLayer(const Architecture& model, const FormatBinding& binding, uint32_t index) {
  const Tensor& tensor = model.tensors[index];
  return EncodedBytes(binding.schemes[binding.scheme[index]], tensor.fp32, tensor.rows, tensor.columns) *
         tensor.copies;
}

// Parameters times their layers are the tensors times theirs, whatever was merged and fused.
TEST(BoundTensors, ParametersHoldWhatTheTensorsHold) {
  size_t tensors = 0, parameters = 0;
  for (const Model& model : TestCatalog().models()) {
    if (model.refused()) continue;
    const Architecture& architecture = model.architecture();
    for (const char* id : {"bf16", "fp8", "awq-int4"}) {
      const FormatBinding& binding = *TestCatalog().Bind(model, id)->binding;
      const Architecture& bound = *TestCatalog().Bind(model, id)->architecture;
      Bytes expected, found;
      for (uint32_t i = 0; i < bound.tensors.size(); ++i) {
        const Tensor& tensor = bound.tensors[i];
        if (tensor.duplicate) continue;
        expected += OneLayer(bound, binding, i) * (tensor.times / tensor.copies);
      }
      for (const BoundParameter& parameter : binding.tensors.parameters) {
        int64_t layers = parameter.groups > 0 ? 0 : parameter.own_layers;
        for (uint32_t g = 0; g < parameter.groups; ++g) {
          layers += bound.groups[binding.tensors.groups[parameter.first_group + g]].count;
        }
        for (uint32_t p = 0; p < parameter.pieces; ++p) {
          const uint32_t shape = binding.tensors.pieces[parameter.first_piece + p];
          found += OneLayer(bound, binding, binding.tensors.shapes[shape]) * layers;
        }
      }
      EXPECT_EQ(found, expected) << model.id << " " << id;
      parameters += binding.tensors.parameters.size();
    }
    tensors += 3 * architecture.tensors.size();
  }
  EXPECT_LT(2 * parameters, tensors + parameters) << "something is merged";
}

TEST(BoundTensors, FusesNeighboursAndNothingElse) {
  const Model& llama = *TestCatalog().FindModel("llama-3.1-8b");
  const BoundTensors& bound = TestCatalog().Bind(llama, "bf16")->binding->tensors;
  int qkv = 0, gate_up = 0, alone = 0;
  for (const BoundParameter& parameter : bound.parameters) {
    if (parameter.pieces == 3 && parameter.role == TensorRole::kAttention) ++qkv;
    if (parameter.pieces == 2 && parameter.role == TensorRole::kMlp) ++gate_up;
    if (parameter.pieces == 1) ++alone;
    EXPECT_LE(parameter.pieces, 3U);
  }
  EXPECT_EQ(qkv, 1);
  EXPECT_EQ(gate_up, 1);
  EXPECT_GE(alone, 4) << "embedding, head, o_proj, down_proj, norms";
}

TEST(BoundTensors, AStepReadsOneHeadAndNoEmbedding) {
  for (const Model& model : TestCatalog().models()) {
    if (model.refused()) continue;
    int heads = 0;
    double flops = 0;
    for (const StepTensor& tensor : TestCatalog().Bind(model, "bf16")->binding->tensors.step) {
      heads += tensor.role == StepRole::kHead ? 1 : 0;
      flops += tensor.flops;
    }
    EXPECT_EQ(heads, 1) << model.id;
    EXPECT_GT(flops, 0) << model.id;
  }
}

}  // namespace
}  // namespace plimsoll
