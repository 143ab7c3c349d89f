#include "core/arch/tensor_list.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(TensorList, NamesAreComposedAndTensorsCounted) {
  std::vector<Tensor> tensors;
  TensorList list(&tensors);
  list.Enter(TensorPart::kText, 3, 12, "model.layers.{}.");
  list.Weight({"mlp.", "gate_proj", "ffn_gate"}, TensorRole::kExpert, Sharding::kExpert, 16, 8, 4);
  list.Enter(TensorPart::kMtp, -1, 2, "mtp.");
  list.Parameter({"", "A_log", "ssm_a"}, TensorRole::kRecurrent, Sharding::kRows, 7);
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "model.layers.{}.mlp.gate_proj.weight");
  EXPECT_EQ(tensors[0].ggml, "ffn_gate");
  EXPECT_EQ(tensors[0].group, 3);
  EXPECT_EQ(tensors[0].copies, 4);
  EXPECT_EQ(tensors[0].times, 48) << "copies in every layer";
  EXPECT_EQ(tensors[0].elements(), 128);
  EXPECT_FALSE(tensors[0].linear);
  EXPECT_EQ(tensors[1].name, "mtp.A_log");
  EXPECT_EQ(tensors[1].part, TensorPart::kMtp);
  EXPECT_EQ(tensors[1].times, 2);
  EXPECT_EQ(tensors[1].columns, 1);
}

// The bias of a row-parallel layer is added once: it is whole on every rank.
TEST(TensorList, ABiasLiesOnTheOutputs) {
  std::vector<Tensor> tensors;
  TensorList list(&tensors);
  list.Enter(TensorPart::kText, 0, 1, "");
  list.Linear({"", "up", ""}, TensorRole::kMlp, Sharding::kRows, 16, 8, true);
  list.Linear({"", "down", ""}, TensorRole::kMlp, Sharding::kColumns, 8, 16, true);
  list.Linear({"", "plain", ""}, TensorRole::kMlp, Sharding::kRows, 16, 8);
  ASSERT_EQ(tensors.size(), 5u);
  EXPECT_TRUE(tensors[0].linear);
  EXPECT_EQ(tensors[1].name, "up.bias");
  EXPECT_EQ(tensors[1].rows, 16);
  EXPECT_EQ(tensors[1].sharding, Sharding::kRows);
  EXPECT_FALSE(tensors[1].linear);
  EXPECT_EQ(tensors[3].rows, 8);
  EXPECT_EQ(tensors[3].sharding, Sharding::kReplicated);
}

TEST(TensorList, KvRowsKnowTheirHeads) {
  std::vector<Tensor> tensors;
  TensorList list(&tensors);
  list.Enter(TensorPart::kText, 0, 1, "");
  list.KvLinear({"", "qkv", ""}, TensorRole::kAttention, 48, 16, 2, 8, true);
  ASSERT_EQ(tensors.size(), 2u);
  for (const Tensor& tensor : tensors) {
    EXPECT_EQ(tensor.sharding, Sharding::kKvRows);
    EXPECT_EQ(tensor.rows, 48);
    EXPECT_EQ(tensor.kv_rows, 16);
    EXPECT_EQ(tensor.kv_heads, 2);
  }
  EXPECT_TRUE(tensors[0].linear);
}

TEST(TensorList, HostileNumbersSaturate) {
  std::vector<Tensor> tensors;
  TensorList list(&tensors);
  list.Enter(TensorPart::kText, 0, int64_t{1} << 40, "");
  list.Weight({"", "w", ""}, TensorRole::kMlp, Sharding::kRows, 1, 1, int64_t{1} << 40);
  EXPECT_EQ(tensors[0].times, internal::kInt64Max);
}

}  // namespace
}  // namespace plimsoll
