#include "core/engines/llama_cpp/llama_compute_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace plimsoll {
namespace {

Architecture Dense(int64_t layers, int64_t hidden, int64_t heads, int64_t kv_heads, int64_t head,
                   int64_t intermediate, int64_t vocab) {
  Architecture architecture;
  architecture.hidden = hidden;
  architecture.vocab = vocab;
  architecture.layers = layers;
  LayerShape shape;
  shape.attention.kind = AttentionKind::kFull;
  shape.attention.heads = heads;
  shape.attention.kv_heads = kv_heads;
  shape.attention.key_dim = head;
  shape.attention.value_dim = head;
  shape.mlp.kind = MlpKind::kDense;
  shape.mlp.intermediate = intermediate;
  architecture.groups.push_back({shape, static_cast<int32_t>(layers)});
  architecture.layer_group.assign(static_cast<size_t>(layers), 0);
  return architecture;
}

LlamaGraph Spring2026(const Architecture& architecture, int64_t cells, bool flash_attention) {
  LlamaGraph graph;
  graph.architecture = &architecture;
  graph.tokens = 512;
  graph.outputs = 512;
  graph.cells = cells;
  graph.window_cells = cells;
  graph.flash_attention = flash_attention;
  graph.half_mask = false;
  return graph;
}

LlamaGraph Autumn2026(const Architecture& architecture, int64_t cells, bool flash_attention) {
  LlamaGraph graph = Spring2026(architecture, cells, flash_attention);
  graph.half_mask = true;
  graph.outputs = 1;
  return graph;
}

LlamaGraphPart Whole(const Architecture& architecture) {
  LlamaGraphPart part;
  part.end_layer = architecture.layers;
  return part;
}

// Two decimals, as the log prints them.
double Mib(Bytes bytes) { return std::round(bytes.mib() * 100) / 100; }

// Llama 3.1 8B; figures of llama.cpp's own reservation without allocating, spring and autumn of 2026.
TEST(LlamaComputeBuffer, DenseModelMatchesTheReservedBuffers) {
  const Architecture llama = Dense(32, 4096, 32, 8, 128, 14336, 128256);
  const LlamaGraphPart whole = Whole(llama);
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(Spring2026(llama, 4096, true), whole)), 258.50);
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(Spring2026(llama, 131072, true), whole)), 416.01);
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(Spring2026(llama, 32768, false), whole)), 2148.01);
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(Autumn2026(llama, 4096, true), whole)), 112.01);
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(Autumn2026(llama, 131072, true), whole)), 236.01);
  EXPECT_DOUBLE_EQ(Mib(HostComputeBuffer(Spring2026(llama, 4096, true), 1, 0)), 24.01);
  EXPECT_DOUBLE_EQ(Mib(HostComputeBuffer(Spring2026(llama, 32768, false), 1, 0)), 84.01);
  EXPECT_DOUBLE_EQ(Mib(HostComputeBuffer(Autumn2026(llama, 131072, true), 1, 0)), 144.01);
}

TEST(LlamaComputeBuffer, RotatedQuantisedCacheMovesTheHoles) {
  const Architecture llama = Dense(32, 4096, 32, 8, 128, 14336, 128256);
  LlamaGraph graph = Spring2026(llama, 32768, true);
  graph.types = {KvType::kQ8_0, KvType::kQ8_0};
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(graph, Whole(llama))), 266.50);
  EXPECT_DOUBLE_EQ(Mib(HostComputeBuffer(graph, 1, 0)), 80.09);
  graph.rotate_cache = false;
  EXPECT_DOUBLE_EQ(Mib(HostComputeBuffer(graph, 1, 0)), 80.01);
}

// Llama 3 70B over two cards, with and without pipeline parallelism.
TEST(LlamaComputeBuffer, PipelineCopiesEveryInput) {
  const Architecture llama = Dense(80, 8192, 64, 8, 128, 28672, 128256);
  const LlamaGraph graph = Spring2026(llama, 32768, true);
  LlamaGraphPart first;
  first.end_layer = 41;
  first.output = false;
  LlamaGraphPart second;
  second.first_layer = 41;
  second.end_layer = 80;
  second.casts_mask = false;
  EXPECT_NEAR(ComputeBuffer(graph, first).mib(), 280, 0.6);
  EXPECT_NEAR(ComputeBuffer(graph, second).mib(), 266, 0.6);
  first.copies = second.copies = 4;
  EXPECT_NEAR(ComputeBuffer(graph, first).mib(), 552, 0.6);
  EXPECT_NEAR(ComputeBuffer(graph, second).mib(), 522, 0.6);
}

// The cost stops growing because the buffer does: many layers need what a few need.
TEST(LlamaComputeBuffer, DepthDoesNotChangeTheBuffer) {
  const Architecture shallow = Dense(4, 5120, 64, 8, 128, 25600, 32000);
  const Architecture deep = Dense(120, 5120, 64, 8, 128, 25600, 32000);
  for (const bool flash : {true, false}) {
    EXPECT_EQ(ComputeBuffer(Autumn2026(shallow, 16384, flash), Whole(shallow)),
              ComputeBuffer(Autumn2026(deep, 16384, flash), Whole(deep)));
  }
}

TEST(LlamaComputeBuffer, GrowsWithBatchContextAndStagedExperts) {
  Architecture model = Dense(8, 2048, 32, 4, 128, 6144, 151936);
  Mlp& mlp = model.groups[0].shape.mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = 128;
  mlp.experts_per_token = 8;
  mlp.expert_intermediate = 768;
  mlp.expert_hidden = 2048;
  LlamaGraphPart part = Whole(model);
  LlamaGraph graph = Autumn2026(model, 4096, true);
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(graph, part)), 88.01);
  const Bytes at_512 = ComputeBuffer(graph, part);
  graph.tokens = 2048;
  EXPECT_DOUBLE_EQ(Mib(ComputeBuffer(graph, part)), 352.04);
  EXPECT_GT(ComputeBuffer(graph, part), at_512 * 3);
  graph.tokens = 512;
  part.staged_layers = 8;
  part.staged_bytes = MiB(300).count();
  EXPECT_GT(ComputeBuffer(graph, part), at_512 + MiB(250));
}

Architecture Experts(int64_t layers) {
  Architecture model = Dense(layers, 2048, 32, 4, 128, 6144, 32000);
  Mlp& mlp = model.groups[0].shape.mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = 128;
  mlp.experts_per_token = 8;
  mlp.expert_intermediate = 768;
  return model;
}

// Each stack of experts in RAM is as large as it is, layer by layer.
TEST(LlamaComputeBuffer, ExpertsInRamAreStagedBySize) {
  const Architecture model = Experts(8);
  const LlamaGraph graph = Autumn2026(model, 4096, true);
  LlamaGraphPart alike = Whole(model);
  alike.staged_layers = 8;
  alike.staged_bytes = MiB(300).count();
  const Bytes largest = ComputeBuffer(graph, alike);
  LlamaGraphPart listed = alike;
  const int64_t bytes = alike.staged_bytes;
  listed.experts.assign(8, {bytes, bytes, bytes});
  EXPECT_EQ(ComputeBuffer(graph, listed), largest);
  listed.experts.assign(8, {bytes / 2, bytes / 2, bytes / 2});
  EXPECT_EQ(ComputeBuffer(graph, listed), largest - MiB(150)) << "one at a time";
  listed.experts.assign(8, {});
  listed.experts[5].down = bytes;
  EXPECT_GT(ComputeBuffer(graph, listed), MiB(300));
  listed.experts[5].down = 0;
  EXPECT_EQ(ComputeBuffer(graph, listed), ComputeBuffer(graph, Whole(model))) << "none is";
}

// Four layers on each of two cards, the experts of layer 6 in RAM, 300 MiB a stack: the first card multiplies them. It is
// empty by then, for its own layers are done. A stack lies at 0, the 4 MiB that experts read and the choices behind it, two
// products of 12 MiB behind these; the third product fits where the second stack was, so the third stack does not.
TEST(LlamaComputeBuffer, ExpertsOfOtherCardsAreMultipliedOnTheFirst) {
  const Architecture model = Experts(8);
  LlamaGraph graph = Autumn2026(model, 4096, true);
  graph.outputs = 512;
  graph.keeps_norms = true;
  LlamaGraphPart first;
  first.end_layer = 4;
  first.output = false;
  const Bytes own = ComputeBuffer(graph, first);
  first.last_card_layer = 4;
  first.visits_until = 8;
  first.experts.assign(8, {});
  EXPECT_EQ(ComputeBuffer(graph, first), own) << "nobody visits";
  const int64_t stack = MiB(300).count();
  first.experts[6] = {stack, stack, stack};
  const Bytes choices = Bytes(4) * 512 * 8;
  EXPECT_EQ(ComputeBuffer(graph, first), MiB(300) * 2 + MiB(4) + choices);
  first.experts[6] = {
      0, 0, stack};  // what the first two make comes over: 12 MiB, and the rows' 32, beside the residual
  EXPECT_EQ(ComputeBuffer(graph, first), MiB(300) + MiB(12) + choices * 2 + MiB(4) + MiB(32));

  // A mask that was cast on the first card stays there until the last one has it: 4 MiB of 16 bits.
  graph.half_mask = false;
  first.last_card_layer = 7;
  EXPECT_GT(ComputeBuffer(graph, first), MiB(300) + MiB(12) + choices * 2 + MiB(4) + MiB(32));
}

// The second card then holds attention alone at its fullest: stream, mask and rows, the normalised stream, queries before
// and behind RoPE.
TEST(LlamaComputeBuffer, ExpertsMultipliedElsewhereLeaveRoom) {
  Architecture model = Experts(8);
  model.groups[0].shape.attention.rope = true;
  LlamaGraph graph = Autumn2026(model, 4096, true);
  graph.keeps_norms = true;
  LlamaGraphPart second;
  second.first_layer = 4;
  second.end_layer = 8;
  second.casts_mask = false;
  const Bytes here = ComputeBuffer(graph, second);
  second.sends_experts = true;
  second.experts.assign(8, {MiB(300).count(), MiB(300).count(), MiB(300).count()});
  const Bytes inputs = MiB(4) + MiB(4) + Bytes(512) * (4 + 8 + 8) + Bytes(128);  // one row gives logits
  EXPECT_EQ(ComputeBuffer(graph, second), inputs + MiB(4) + MiB(8) * 2);
  EXPECT_GT(here, ComputeBuffer(graph, second));
  ComputeBufferWalk walk(graph, second);
  graph.cells = graph.window_cells = 65536;
  EXPECT_EQ(walk.BytesFor(graph, second), ComputeBuffer(graph, second));
}

// What is walked up to the last layer and finished later takes no input twice.
TEST(LlamaComputeBuffer, StagedPartsAreFinishedAsTheyAreWalked) {
  const Architecture model = Experts(6);
  const LlamaGraph graph = Autumn2026(model, 65536, true);
  for (const bool whole_layers : {false, true}) {
    LlamaGraphPart part = Whole(model);
    part.staged_layers = 6;
    part.host_layers = whole_layers ? 6 : 0;
    part.host_caches = whole_layers;
    part.staged_bytes = MiB(40).count();
    part.staged_matrix = MiB(4).count();
    part.matrix_elements = 2048 * 2048;
    ComputeBufferWalk walk(graph, part);
    EXPECT_EQ(walk.BytesFor(graph, part), ComputeBuffer(graph, part)) << whole_layers;
  }
}

// Attention of a layer in RAM runs on the card: keys and values are copied to it, 256 MiB each, and nothing says where
// the batch goes in a cache that is written there.
TEST(LlamaComputeBuffer, CachesInRamAreCopiedForAttention) {
  const Architecture model = Dense(4, 4096, 32, 8, 128, 14336, 32000);
  const LlamaGraph graph = Autumn2026(model, 131072, true);
  LlamaGraphPart part = Whole(model);
  part.host_layers = 4;
  part.staged_matrix = MiB(9).count();
  part.matrix_elements = 4096 * 4096;
  const Bytes caches_here = ComputeBuffer(graph, part);
  part.host_caches = true;
  const Bytes caches_there = ComputeBuffer(graph, part);
  // The mask's 128 MiB are there while they are.
  EXPECT_GE(caches_there, MiB(256) * 2 + MiB(128));
  EXPECT_LE(caches_there, caches_here + MiB(256) * 2 + MiB(128) + MiB(32))
      << "the mask and the stream lie above";
  part.matrix_elements = 0;  // every matrix is as large as that one: the MLP's are 3.5 times as large
  EXPECT_LE(ComputeBuffer(graph, part), caches_there);
}

// The second implementation is the walk of every length by itself.
// A layer in RAM has its matrices copied one at a time, each in its own type. Q4_K_M has some layers' last matrix in Q6_K.
TEST(LlamaComputeBuffer, MatricesInRamAreStagedByTheirTypes) {
  const Architecture model = Dense(4, 4096, 32, 8, 128, 14336, 32000);
  const LlamaGraph graph = Autumn2026(model, 4096, true);
  LlamaGraphPart part = Whole(model);
  part.host_layers = 4;
  part.staged_matrix = MiB(9).count();
  part.matrix_elements = 4096 * 4096;
  const Bytes alike = ComputeBuffer(graph, part);
  const double each = 9.0 / 16;
  part.types.assign(4, {each, each, each});
  EXPECT_EQ(ComputeBuffer(graph, part), alike) << "16 Mi elements are 9 MiB";
  part.types.assign(4, {0, 0, each});
  EXPECT_EQ(ComputeBuffer(graph, part), alike) << "without a type of their own they have the others'";
  // So large a matrix lies above all else, so that what one layer adds to it is what the buffer grows by.
  const Bytes elements = Bytes(4096) * 14336;
  part.types[2].down = 10;
  const Bytes large = ComputeBuffer(graph, part);
  EXPECT_GT(large, elements * 10);
  part.types[2].down = 12;
  EXPECT_EQ(ComputeBuffer(graph, part), large + elements * 2);
  part.types[1].value = 11;  // 4 Mi elements: far smaller
  EXPECT_EQ(ComputeBuffer(graph, part), large + elements * 2);
}

TEST(LlamaComputeBuffer, OneWalkAnswersForOtherLengths) {
  Architecture model = Dense(7, 4096, 32, 8, 128, 14336, 128256);
  model.groups.push_back(model.groups[0]);
  model.groups[1].shape.attention.kind = AttentionKind::kSliding;
  int differing = 0;
  for (const int pattern : {0, 1, 2, 3}) {  // which layers slide: none, all, all but the last, every second
    for (int64_t layer = 0; layer < 7; ++layer) {
      const bool slides = pattern == 1 || (pattern == 2 && layer < 6) || (pattern == 3 && layer % 2 == 1);
      model.layer_group[static_cast<size_t>(layer)] = slides ? 1 : 0;
    }
    for (const int64_t copies : {1, 4}) {
      for (const int variant : {0, 1, 2, 3}) {
        LlamaGraphPart part = Whole(model);
        part.copies = copies;
        part.casts_mask = variant != 3;
        LlamaGraph graph = Autumn2026(model, 8192, variant != 1);  // without flash attention
        if (variant == 2) graph.half_mask = false;
        graph.windowed = pattern != 0;
        ComputeBufferWalk walk(graph, part);
        Bytes last;
        for (int64_t cells = 256; cells < 200000; cells = cells * 5 / 4 / 256 * 256 + 256) {
          graph.cells = cells;
          graph.window_cells = std::min<int64_t>(cells, 4608);
          graph.tokens = std::min<int64_t>(512, cells);
          const Bytes bytes = walk.BytesFor(graph, part);
          EXPECT_EQ(bytes, ComputeBuffer(graph, part)) << pattern << copies << variant << " for " << cells;
          if (bytes != last) ++differing;
          last = bytes;
        }
      }
    }
  }
  EXPECT_GT(differing, 300);
}

TEST(LlamaComputeBuffer, PartsThatWalkAlikeShareAWalk) {
  Architecture model = Dense(24, 2048, 16, 4, 128, 8192, 32000);
  model.groups.push_back(model.groups[0]);
  model.groups[1].shape.attention.kind = AttentionKind::kSliding;
  for (size_t layer = 0; layer < 24; ++layer) model.layer_group[layer] = layer % 4 == 3 ? 0 : 1;
  int alike = 0, unlike = 0;
  for (const int64_t copies : {1, 4}) {
    LlamaGraph graph = Autumn2026(model, 32768, true);
    graph.windowed = true;
    graph.window_cells = 2048;
    std::vector<LlamaGraphPart> parts;
    for (int64_t first = 0; first < 24; first += 3) {
      for (const int64_t layers : {3, 6, 7}) {
        LlamaGraphPart part;
        part.first_layer = first;
        part.end_layer = std::min<int64_t>(first + layers, 24);
        part.output = part.end_layer == 24;
        part.casts_mask = first == 0;
        part.copies = copies;
        parts.push_back(part);
      }
    }
    for (const LlamaGraphPart& a : parts) {
      for (const LlamaGraphPart& b : parts) {
        if (!WalkAlike(graph, a, b)) {
          ++unlike;
          continue;
        }
        ++alike;
        EXPECT_EQ(ComputeBufferWalk(graph, a).BytesFor(graph, b), ComputeBuffer(graph, b));
      }
    }
  }
  EXPECT_GT(alike, 100);
  EXPECT_GT(unlike, 100);
}

TEST(LlamaComputeBuffer, TheUsualWalkIsTheWholeModelOnOneCard) {
  const Architecture model = Dense(9, 4096, 32, 8, 128, 14336, 128256);
  ComputeBufferWalk usual = UsualWalk(model);
  LlamaGraph graph = Autumn2026(model, 16384, true);
  graph.outputs = graph.sequences = 4;
  EXPECT_EQ(usual.BytesFor(graph, usual.part()), ComputeBuffer(graph, Whole(model)));
  graph.types = {KvType::kQ8_0, KvType::kQ8_0};
  EXPECT_EQ(usual.BytesFor(graph, usual.part()), ComputeBuffer(graph, Whole(model)));
}

TEST(LlamaComputeBuffer, EmptyPartsAndHostileShapesAnswer) {
  Architecture model = Dense(2, INT64_MAX / 4, INT64_MAX / 2, 3, INT64_MAX / 8, INT64_MAX, INT64_MAX);
  LlamaGraph graph = Autumn2026(model, INT64_MAX / 2, false);
  EXPECT_GE(ComputeBuffer(graph, Whole(model)), Bytes(0));
  LlamaGraphPart none;
  none.output = false;
  EXPECT_GE(ComputeBuffer(graph, none), Bytes(0));
}

}  // namespace
}  // namespace plimsoll
