// Beside bound_tensors_test.cc: which neighbours an engine loads as one parameter.
#include <gtest/gtest.h>

#include "core/weights/bound_tensors.h"

namespace plimsoll {
namespace {

size_t Parameters(const Tensor& second) {
  Architecture architecture;
  architecture.groups.emplace_back();
  Tensor first;
  first.name = "model.layers.{}.self_attn.q_proj.weight";
  first.role = TensorRole::kAttention;
  first.sharding = Sharding::kRows;
  first.linear = true;
  first.rows = 64;
  first.columns = 32;
  first.group = 0;
  architecture.tensors = {first, second};
  TensorSchemes schemes;
  schemes.schemes.emplace_back();
  schemes.scheme = {0, 0};
  return ListBoundTensors(architecture, WeightFormat(), schemes).parameters.size();
}

TEST(BoundTensorsFuse, NeighboursThatReadTheSameInput) {
  Tensor alike;
  alike.role = TensorRole::kAttention;
  alike.sharding = Sharding::kRows;
  alike.linear = true;
  alike.rows = 16;
  alike.columns = 32;
  alike.group = 0;
  EXPECT_EQ(Parameters(alike), 1u);
  Tensor narrower = alike;
  narrower.columns = 16;
  EXPECT_EQ(Parameters(narrower), 2u) << "another input";
  Tensor across = alike;
  across.sharding = Sharding::kColumns;
  EXPECT_EQ(Parameters(across), 2u) << "cut the other way";
  Tensor vector = alike;
  vector.linear = false;
  EXPECT_EQ(Parameters(vector), 2u);
  Tensor other = alike;
  other.role = TensorRole::kMlp;
  EXPECT_EQ(Parameters(other), 2u);
}

}  // namespace
}  // namespace plimsoll
