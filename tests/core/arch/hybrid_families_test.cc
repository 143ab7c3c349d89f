#include "core/arch/hybrid_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

const Architecture& Of(std::string_view id) { return ShippedCatalog().FindModel(id)->architecture(); }

int64_t LayersWith(const Architecture& a, RecurrentKind kind) {
  int64_t layers = 0;
  for (const LayerGroup& group : a.groups) {
    if (group.shape.recurrent.kind == kind) layers += group.count;
  }
  return layers;
}

int64_t LayersWithAttention(const Architecture& a) {
  int64_t layers = 0;
  for (const LayerGroup& group : a.groups) {
    if (group.shape.attention.kind != AttentionKind::kNone) layers += group.count;
  }
  return layers;
}

const Recurrent& StateOf(const Architecture& a) {
  for (const LayerGroup& group : a.groups) {
    if (group.shape.recurrent.kind != RecurrentKind::kNone) return group.shape.recurrent;
  }
  return a.groups[0].shape.recurrent;
}

// Model cards: how many layers of each kind.
TEST(HybridFamilies, LayersOfEachKind) {
  const struct {
    const char* id;
    RecurrentKind kind;
    int64_t recurrent, attention;
  } cases[] = {
      {"qwen3-next-80b-a3b", RecurrentKind::kGatedDeltaNet, 36, 12},  // one in four is full
      {"qwen3.5-27b", RecurrentKind::kGatedDeltaNet, 48, 16},
      {"falcon-h1-7b", RecurrentKind::kMamba2, 44, 44},   // side by side in every layer
      {"jamba-1.5-mini", RecurrentKind::kMamba1, 28, 4},  // one in eight
      {"minimax-m1", RecurrentKind::kLightning, 70, 10},  // one in eight
      {"granite-4.0-h-small", RecurrentKind::kMamba2, 36, 4},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(LayersWith(Of(c.id), c.kind), c.recurrent) << c.id;
    EXPECT_EQ(LayersWithAttention(Of(c.id)), c.attention) << c.id;
  }
}

TEST(HybridFamilies, StatesByHand) {
  // 32 value heads of 128 over keys of 128; q and k of 16 heads and v of 32 pass a convolution of 4 taps.
  const Recurrent& next = StateOf(Of("qwen3-next-80b-a3b"));
  EXPECT_EQ(StateElements(next), 32 * 128 * 128);
  EXPECT_EQ(ConvolutionElements(next), 3 * (2 * 16 * 128 + 32 * 128));
  // Mamba 1: twice the hidden size of 4096, a state of 16.
  const Recurrent& jamba = StateOf(Of("jamba-1.5-mini"));
  EXPECT_EQ(StateElements(jamba), 8192 * 16);
  EXPECT_EQ(ConvolutionElements(jamba), 3 * 8192);
  // Mamba 2: 128 heads of 64 and a state of 128; one group beside x.
  const Recurrent& granite = StateOf(Of("granite-4.0-h-small"));
  EXPECT_EQ(StateElements(granite), 128 * 64 * 128);
  EXPECT_EQ(ConvolutionElements(granite), 3 * (128 * 64 + 2 * 128));
}

TEST(HybridFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("hybrid"), 3); }

}  // namespace
}  // namespace plimsoll
