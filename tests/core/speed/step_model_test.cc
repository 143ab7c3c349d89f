#include "core/speed/step_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/catalog/interconnect.h"
#include "core/engines/registry.h"
#include "core/speed/card_rates.h"
#include "core/speed/measured_speeds_table.h"
#include "core/speed/serving_speed.h"
#include "tests/support/speed_setup.h"

namespace plimsoll {
namespace {

// A slower machine: each kind of step by its own factor, and still affine.
TEST(StepModel, ASlowerMachineIsAsMuchSlowerAsItIs) {
  const auto s = Make(R"({"model":"gpt-oss-20b","gpu":"rtx-4090"})");
  StepModel slow = s->model;
  slow.Slow(2, 3);
  StepLoad decode;
  decode.decode_sequences = 8;
  for (int i = 0; i < slow.span_count(); ++i) decode.decode_kv_tokens[static_cast<size_t>(i)] = 5000;
  EXPECT_NEAR(slow.Time(decode).value(), 2 * s->model.Time(decode).value(), 1e-12);
  StepLoad prompt;
  prompt.prefill_tokens = 512;
  prompt.prefill_sequences = 1;
  for (int i = 0; i < slow.span_count(); ++i) prompt.prefill_kv_pairs[static_cast<size_t>(i)] = 90000;
  EXPECT_NEAR(slow.Time(prompt).value(), 3 * s->model.Time(prompt).value(), 1e-12);
  StepLoad mixed = decode;
  mixed.prefill_tokens = 512;
  mixed.prefill_sequences = 1;
  const double with = slow.Time(mixed).value();
  double cached = 0;
  for (int i = 0; i < slow.span_count(); ++i) {
    cached += slow.PerCachedToken(i).value() * 5000;
    mixed.decode_kv_tokens[static_cast<size_t>(i)] = 0;
  }
  EXPECT_NEAR(with, slow.Time(mixed).value() + cached, 1e-12);
}

TEST(StepModel, IsAffineInCachedTokens) {
  for (const char* json :
       {R"({"model":"gpt-oss-20b","gpu":"rtx-4090"})", R"({"model":"llama-3.1-70b","gpu":"h200","gpus":4})",
        R"({"model":"llama-3-8b","engine":"llama.cpp","gpu":"rtx-3090"})"}) {
    const auto s = Make(json);
    StepLoad load;
    load.decode_sequences = 12;
    load.prefill_tokens = 100;
    load.prefill_sequences = 1;
    const double none = s->model.Time(load).value();
    for (int i = 0; i < s->model.span_count(); ++i) {
      const auto span = static_cast<size_t>(i);
      load.decode_kv_tokens[span] = 12345;
      load.prefill_kv_pairs[span] = 67890;
      const double with = s->model.Time(load).value();
      EXPECT_NEAR(
          with,
          none + s->model.PerCachedToken(i).value() * 12345 + s->model.PerPrefillPair(i).value() * 67890,
          1e-12)
          << json;
      EXPECT_GT(with, none);
      load.decode_kv_tokens[span] = load.prefill_kv_pairs[span] = 0;
    }
  }
}

TEST(StepModel, PartsAddUp) {
  const auto s = Make(R"({"model":"qwen3-30b-a3b","format":"gptq-int4","gpu":"rtx-4090","gpus":2})");
  StepLoad load = Decode(s->model, 8, 2000);
  load.prefill_tokens = 512;
  load.prefill_sequences = 1;
  load.prefill_kv_pairs[0] = CausalPairs(0, 512, kWholeSequence);
  const StepTime t = s->model.Explain(load);
  EXPECT_NEAR(t.total.value(),
              (t.weights + t.compute + t.kv_read + t.recurrent_state + t.attention + t.all_reduce + t.launch +
               t.offload + t.head)
                  .value(),
              1e-12);
  EXPECT_GT(t.all_reduce.value(), 0);
  EXPECT_EQ(t.offload.value(), 0);
}

TEST(StepModel, NothingToDoTakesNoTime) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  EXPECT_EQ(s->model.Time({}).value(), 0);
}

TEST(StepModel, IsBoundByMemoryAtOneSequenceAndByComputeAtThousandsOfTokens) {
  const auto s = Make(R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200"})");
  EXPECT_EQ(s->model.Explain(Decode(s->model, 1, 1000)).bottleneck, Bottleneck::kMemory);
  StepLoad prompt;
  prompt.prefill_tokens = 8192;
  prompt.prefill_sequences = 1;
  EXPECT_EQ(s->model.Explain(prompt).bottleneck, Bottleneck::kCompute);
  const auto small = Make(R"({"model":"qwen3-0.6b","gpu":"b200"})");
  EXPECT_EQ(small->model.Explain(Decode(small->model, 1, 100)).bottleneck, Bottleneck::kLatency);
}

TEST(StepModel, MoreWorkNeverTakesLess) {
  for (
      const char* json :
      {R"({"model":"gpt-oss-120b","gpu":"h200","gpus":2})", R"({"model":"llama-3.1-8b","gpu":"rtx-4090"})",
       R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090","n_cpu_moe":20})"}) {
    const auto s = Make(json);
    double before = 0;
    for (int64_t sequences = 1; sequences <= 256; sequences += 5) {
      const double now = s->model.Time(Decode(s->model, sequences, 1000)).value();
      EXPECT_GE(now, before) << json << " " << sequences;
      before = now;
    }
  }
}

TEST(StepModel, DistinctExpertsSaturate) {
  const auto s = Make(R"({"model":"qwen3-30b-a3b","gpu":"h200"})");
  const double one = s->model.Explain(Decode(s->model, 1, 1)).weights.value();
  const double four = s->model.Explain(Decode(s->model, 4, 1)).weights.value();
  const double many = s->model.Explain(Decode(s->model, 512, 1)).weights.value();
  const double dense = s->model.coefficients().weights;
  // 128 experts of which 8 are chosen. Were all alike, 4 tokens would touch 29.1 (1 - (15/16)^4 of 128); with
  // favourites fewer, by little: half are missed with 1 - (1 + skew) / 16, half with 1 - (1 - skew) / 16.
  const double skew = s->model.coefficients().skew;
  EXPECT_GT(skew, 0.1);
  EXPECT_LT(skew, 1);
  const double missed = (std::pow(1 - (1 + skew) / 16, 4) + std::pow(1 - (1 - skew) / 16, 4)) / 2;
  EXPECT_NEAR((four - dense) / (one - dense), 16 * (1 - missed), 0.01);
  EXPECT_LT((four - dense) / (one - dense), 29.1 / 8);
  EXPECT_NEAR((many - dense) / (one - dense), 16, 0.1);
}

TEST(StepModel, CardsOfALayerSplitAreNoFasterThanOne) {
  for (const char* gpu : {"a40", "p40", "rtx-3090"}) {  // two of them with error codes inline
    const std::string one =
        std::string(R"({"model":"llama-3-8b","format":"gguf-q4_k_m","engine":"llama.cpp",)") +
        R"("prompt_tokens":1,"gpu":")" + gpu + R"(","gpus":)";
    EXPECT_NEAR(DecodeRate((one + "1}").c_str()), DecodeRate((one + "3}").c_str()), 1e-6) << gpu;
  }
}

TEST(PrefillTime, WithoutFlashAttentionScoresCrossTheMemory) {
  // Two dies of one generation whose memories differ by 1.67 and units by 1.4: the longer the prompt, the
  // nearer its time goes with the memory.
  const char* kWith =
      R"({"model":"llama-3-8b","format":"gguf-f16","engine":"llama.cpp","flash_attention":true,"gpu":")";
  const char* kWithout =
      R"({"model":"llama-3-8b","format":"gguf-f16","engine":"llama.cpp","flash_attention":false,"gpu":")";
  auto seconds = [](const char* start, const char* gpu) {
    const auto s = Make((std::string(start) + gpu + "\"}").c_str());
    return PrefillTime(s->model, 8192, 0).value();
  };
  const double with = seconds(kWith, "rtx-5000-ada") / seconds(kWith, "rtx-6000-ada");
  const double without = seconds(kWithout, "rtx-5000-ada") / seconds(kWithout, "rtx-6000-ada");
  EXPECT_GT(without, with);
  EXPECT_GT(seconds(kWithout, "rtx-5000-ada"), 1.2 * seconds(kWith, "rtx-5000-ada"));
}

TEST(StepModel, LayersAndExpertsInMemoryOfTheHostAreSlow) {
  const auto all =
      Make(R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090"})");
  const auto moe = Make(
      R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090","n_cpu_moe":48})");
  const auto none = Make(
      R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090","n_gpu_layers":0})");
  const double a = all->model.Time(Decode(all->model, 1, 100)).value();
  const double b = moe->model.Time(Decode(moe->model, 1, 100)).value();
  const double c = none->model.Time(Decode(none->model, 1, 100)).value();
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_EQ(none->model.Explain(Decode(none->model, 1, 100)).bottleneck, Bottleneck::kHostMemory);
}

TEST(StepModel, SpeculationAcceptsMoreThanOneAndAtMostAll) {
  const auto s = Make(
      R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200","speculative":{"method":"draft","model":"llama-3.2-1b","num_tokens":4}})");
  EXPECT_GT(s->model.tokens_per_step(), 1);
  EXPECT_LE(s->model.tokens_per_step(), 5);
  const auto plain = Make(R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200"})");
  const Operation one{};
  EXPECT_GT(SpeedAt(s->model, one).decode_tokens_per_s, SpeedAt(plain->model, one).decode_tokens_per_s);
}

TEST(PrefillTime, IsTheSumOfItsChunks) {
  const auto s = Make(R"({"model":"gpt-oss-20b","gpu":"rtx-4090"})");
  for (const int64_t prompt : {100, 2048, 5000}) {
    double sum = 0;
    for (int64_t from = 0; from < prompt; from += 2048) {
      StepLoad load;
      load.prefill_sequences = 1;
      load.prefill_tokens = std::min<int64_t>(2048, prompt - from);
      for (int i = 0; i < s->model.span_count(); ++i) {
        load.prefill_kv_pairs[static_cast<size_t>(i)] =
            CausalPairs(from, load.prefill_tokens, s->model.span(i));
      }
      sum += s->model.Time(load).value();
    }
    EXPECT_NEAR(PrefillTime(s->model, prompt, 2048).value(), sum, 1e-9) << prompt;
  }
}

// The sum of a step as its comments say it, once more and without any thrift.
double Overlapped(double memory, double compute) {
  return std::pow(std::pow(memory, 4) + std::pow(compute, 4), 0.25);
}
double PaddedTo(double n, double tile) { return n + n * tile / (n + tile); }

double StepByHand(const StepCoefficients& c, const StepLoad& load) {
  const auto up = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  const int64_t decoding = up(load.decode_sequences, c.stages), prompt = up(load.prefill_tokens, c.stages);
  const int64_t tokens = decoding * c.tokens_per_sequence + prompt;
  if (tokens == 0) return 0;
  const int64_t passes = c.chunk > 0 ? up(tokens, c.chunk) : 1;
  const double n = static_cast<double>(up(tokens, passes));
  const double times = static_cast<double>(passes);
  double overlap = 1;
  if (c.split_cards > 1 && passes > 1) {
    const double ideal =
        static_cast<double>(c.split_cards) * times / (times + static_cast<double>(c.split_cards) - 1);
    overlap = 1 / (1 + (ideal - 1) * c.split_share);
  }
  double each = Overlapped(c.weights, c.compute_per_token * PaddedTo(n, c.tile)) + c.token * n;
  double host = c.host_weights;
  if (c.expert_count > 0) {
    const double chosen = static_cast<double>(c.experts_per_token) / static_cast<double>(c.expert_count);
    const double skew = std::min(c.skew, 1 / std::min(1.0, chosen) - 1);
    const double distinct =
        static_cast<double>(c.expert_count) *
        (1 - (std::pow(1 - chosen * (1 + skew), n) + std::pow(1 - chosen * (1 - skew), n)) / 2);
    const double each_expert = n * static_cast<double>(c.experts_per_token) / distinct;
    each += Overlapped(c.experts * distinct / static_cast<double>(c.expert_count),
                       c.expert_per_pair * distinct * PaddedTo(each_expert, c.expert_tile));
    host += c.host_experts * distinct / static_cast<double>(c.expert_count);
  }
  double streamed = c.streamed_always;
  if (c.streamed_weights > 0 && n >= static_cast<double>(c.stream_threshold)) {
    streamed += std::min(c.streamed_weights, host * n);
    host = 0;
  }
  const double sampled = static_cast<double>(decoding * c.tokens_per_sequence + load.prefill_sequences);
  double sum = each * times * overlap + (host + streamed) * times;
  if (sampled > 0) sum += Overlapped(c.head, c.head_per_sequence * sampled);
  sum += c.launch * times * overlap + c.step + c.sequence * static_cast<double>(load.decode_sequences);
  if (prompt > 0) sum += c.prefill_step * times * overlap;
  if (decoding > 0) sum += c.draft;
  sum += (c.reduce_latency + c.reduce_per_token * n) * times;
  sum += c.state_per_sequence * static_cast<double>(decoding + load.prefill_sequences);
  sum += c.recurrent_per_token * static_cast<double>(prompt) * overlap;
  if (prompt > 0) {  // launched from the host, in the shadow of what the card does for weights and states
    double card = each * times * overlap + c.launch * times * overlap;
    if (sampled > 0) card += Overlapped(c.head, c.head_per_sequence * sampled);
    card += (c.reduce_latency + c.reduce_per_token * n) * times;
    card += c.state_per_sequence * static_cast<double>(decoding + load.prefill_sequences);
    card += c.recurrent_per_token * static_cast<double>(prompt) * overlap;
    const int64_t whole = decoding * c.tokens_per_sequence + prompt;
    sum += Overlapped(card, (whole <= c.graph_tokens ? c.prefill_graph : c.prefill_host) * times * overlap) -
           card;
  }
  for (size_t i = 0; i < kMaxSpans; ++i) {
    sum += c.cached_token[i] * load.decode_kv_tokens[i];
    sum += c.prefill_pair[i] * load.prefill_kv_pairs[i] / static_cast<double>(c.stages) * overlap;
  }
  return sum;
}

TEST(StepModel, EqualsTheSumByHand) {
  for (
      const char* json :
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})",
       R"({"model":"qwen3-30b-a3b","gpu":"rtx-4090","gpus":2})", R"({"model":"gpt-oss-120b","gpu":"b200"})",
       R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2})",
       R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200","gpus":4,"tp":2,"pp":2})",
       R"({"model":"llama-3.1-70b","gpu":"h200","gpus":2,"cpu_offload_gb":10})",
       R"({"model":"llama-3.1-70b","gpu":"h200","gpus":2,"speculative":{"method":"draft","model":"llama-3.2-1b","num_tokens":4}})",
       R"({"model":"llama-3-70b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090","gpus":3})",
       R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090","n_cpu_moe":20})",
       R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q8_0","gpu":"rtx-3090","n_gpu_layers":10})"}) {
    const auto s = Make(json);
    for (const int64_t sequences : {0, 1, 7, 300}) {
      for (const int64_t prompt : {0, 1, 31, 32, 700, 5000}) {
        StepLoad load = Decode(s->model, sequences, 900);
        load.prefill_tokens = prompt;
        load.prefill_sequences = prompt > 0 ? 2 : 0;
        for (size_t i = 0; i < kMaxSpans; ++i)
          load.prefill_kv_pairs[i] = 1000.0 * static_cast<double>(prompt);
        const double hand = StepByHand(s->model.coefficients(), load);
        EXPECT_NEAR(s->model.Time(load).value(), hand, 1e-9 * hand)
            << json << " " << sequences << " " << prompt;
      }
    }
  }
}

// Within the captured sizes a step with prompts costs no launches from the host but attention's; one token more, and
// every layer is launched: 32 of them, with nothing else to do for the card.
TEST(StepModel, StepsBeyondTheGraphsAreLaunchedFromTheHost) {
  MeasuredSpeeds speeds = FittedSpeeds();
  for (EngineSpeeds& engine : speeds.engines) {
    engine.prefill_layer_us.value = 1e6;
    engine.prefill_graph_us.value = 1e4;
  }
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_num_seqs":256})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  ASSERT_EQ(style.graph_tokens, 512);
  const StepModel model = StepModel::Make(s->resolved, style, s->work, speeds);
  const auto launched = [&](int64_t tokens) {
    StepLoad load;
    load.prefill_tokens = tokens;
    load.prefill_sequences = 1;
    return model.Explain(load).launch.value();
  };
  EXPECT_NEAR(launched(512), 32 * 1e-2, 0.1);
  EXPECT_NEAR(launched(513), 32, 0.1);
}

// Layers with a latent have more for the host to launch: 27 of DeepSeek-V2-Lite's. Graphs replay them.
TEST(StepModel, MixersOfMoreThanOneKernelAreLaunchedFromTheHost) {
  MeasuredSpeeds speeds = FittedSpeeds();
  for (EngineSpeeds& engine : speeds.engines) engine.prefill_latent_us.value = 0;
  const auto s = Make(R"({"model":"deepseek-v2-lite","gpu":"h100-sxm"})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  const auto none = StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
  for (EngineSpeeds& engine : speeds.engines) engine.prefill_latent_us.value = 1e6;
  const auto some = StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
  EXPECT_NEAR(some.prefill_host - none.prefill_host, 27, 1e-9);
  EXPECT_EQ(some.prefill_graph, none.prefill_graph);
  EXPECT_EQ(some.launch, none.launch);
}

// 36 of Qwen3-Next's 48 layers are recurrences: each has one chunk of 64 tokens after the other to scan, on any card.
TEST(StepModel, RecurrencesScanAPromptInOrder) {
  MeasuredSpeeds speeds = FittedSpeeds();
  for (EngineSpeeds& engine : speeds.engines) engine.scan_us.value = engine.prefill_recurrent_us.value = 0;
  const auto s = Make(R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  const auto none = StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
  for (EngineSpeeds& engine : speeds.engines) engine.scan_us.value = 6.4e6;
  const auto some = StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
  EXPECT_NEAR(some.recurrent_per_token - none.recurrent_per_token, 36 * 0.1, 1e-9);
  EXPECT_EQ(some.state_per_sequence, none.state_per_sequence);
  for (EngineSpeeds& engine : speeds.engines) engine.prefill_recurrent_us.value = 1e6;
  const auto more = StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
  EXPECT_NEAR(more.prefill_host - none.prefill_host, 36, 1e-9);
}

TEST(StepModel, TakesItsCoefficientsFromTheTable) {
  MeasuredSpeeds speeds = FittedSpeeds();
  for (EngineSpeeds& engine : speeds.engines) {
    engine.tile.value = 11;
    engine.expert_tile.value = 13;
    engine.step_us.value = 17;
    engine.sequence_us.value = 19;
    engine.prefill_step_us.value = 23;
    engine.request_ms.value = 29;
  }
  speeds.routing_skew.value = 0.31;
  const auto s = Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm"})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  const StepModel model = StepModel::Make(s->resolved, style, s->work, speeds);
  const StepCoefficients& c = model.coefficients();
  EXPECT_EQ(c.tile, 11);
  EXPECT_EQ(c.expert_tile, 13);
  EXPECT_DOUBLE_EQ(c.step, 17e-6);
  EXPECT_DOUBLE_EQ(c.sequence, 19e-6);
  EXPECT_DOUBLE_EQ(c.prefill_step, 23e-6);
  EXPECT_DOUBLE_EQ(model.request_overhead(0).value(), 29e-3);
  EXPECT_EQ(c.skew, 0.31);
  EXPECT_EQ(c.expert_count, 128);
  EXPECT_EQ(c.experts_per_token, 8);
}

// An expert of Qwen3-30B-A3B is 768 wide, half of that on each of two ranks: with as much again lost, its weights take twice
// as long, and its products no longer.
TEST(StepModel, NarrowExpertsAreReadMoreSlowly) {
  MeasuredSpeeds speeds = FittedSpeeds(), narrow = FittedSpeeds();
  for (EngineSpeeds& engine : speeds.engines) engine.expert_narrow.value = 0;
  for (EngineSpeeds& engine : narrow.engines) engine.expert_narrow.value = 384;
  for (const auto& [json, times] : {std::pair(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm"})", 1.5),
                                    std::pair(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm","gpus":2})", 2.0),
                                    std::pair(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})", 1.0)}) {
    const auto s = Make(json);
    const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
    const auto wide = StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
    const auto slow = StepModel::Make(s->resolved, style, s->work, narrow).coefficients();
    EXPECT_DOUBLE_EQ(slow.experts, times * wide.experts) << json;
    EXPECT_EQ(slow.expert_per_pair, wide.expert_per_pair);
  }
}

// A kernel that unpacks its weights anew for each 16 tokens unpacks them 32 times for 512.
TEST(StepModel, WeightsAreUnpackedAgainForEachTile) {
  MeasuredSpeeds once = FittedSpeeds();
  for (EngineSpeeds& engine : once.engines) {
    engine.unpack_tokens = 0;
    for (Coefficient& unpack : engine.unpack) unpack.value = 8;
  }
  MeasuredSpeeds again = once;
  for (EngineSpeeds& engine : again.engines) engine.unpack_tokens = 16;
  const auto s = Make(R"({"model":"llama-2-7b","format":"awq-int4","gpu":"rtx-3090"})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  const auto of = [&](const MeasuredSpeeds& speeds) {
    return StepModel::Make(s->resolved, style, s->work, speeds).coefficients();
  };
  constexpr size_t kInt4 = static_cast<size_t>(FormatClass::kInt4);
  // Half of an RTX 3090's lanes do integers: 35.6e12 / 4 instructions a second.
  const double unpack = s->work.dense_flops[kInt4] / 2 * 8 / (35.6e12 / 4);
  EXPECT_NEAR(of(again).compute_per_token, Overlapped(of(once).compute_per_token, unpack / 16),
              1e-3 * unpack / 16);
  EXPECT_DOUBLE_EQ(of(again).weights, of(once).weights);
}

// Larger tiles waste more of each expert's product, at any number of tokens.
TEST(StepModel, AnExpertsTileCounts) {
  MeasuredSpeeds narrow = FittedSpeeds(), wide = FittedSpeeds();
  for (EngineSpeeds& engine : narrow.engines) engine.expert_tile.value = 0;
  for (EngineSpeeds& engine : wide.engines) engine.expert_tile.value = 64;
  const auto s = Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm"})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  StepLoad load;
  load.prefill_tokens = 4096;
  load.prefill_sequences = 1;
  const double without = StepModel::Make(s->resolved, style, s->work, narrow).Time(load).value();
  const double with = StepModel::Make(s->resolved, style, s->work, wide).Time(load).value();
  EXPECT_GT(with, 1.02 * without);
  EXPECT_TRUE(std::isfinite(without)) << "a tile of nothing divides nothing";
}

TEST(StepModel, CoefficientsByHand) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":2})");
  const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
  const CardRates rates =
      FindRates(s->resolved, style, FittedSpeeds(), *s->resolved.cards[0].gpu, FormatClass::kHalf);
  const StepCoefficients& c = s->model.coefficients();
  const StepWork& w = s->work;
  constexpr size_t kHalf = static_cast<size_t>(FormatClass::kHalf);
  EXPECT_DOUBLE_EQ(c.compute_per_token, w.dense_flops[kHalf] / rates.compute[kHalf]);
  EXPECT_DOUBLE_EQ(c.weights, Overlapped(w.dense_bytes[kHalf] / rates.stream[kHalf],
                                         w.dense_flops[kHalf] / 2 * rates.unpack[kHalf]));
  EXPECT_DOUBLE_EQ(c.token, w.activations * rates.activation);
  EXPECT_DOUBLE_EQ(c.head_per_sequence, w.head_flops / rates.compute[kHalf]);
  EXPECT_DOUBLE_EQ(c.launch, 32 * rates.layer);
  EXPECT_DOUBLE_EQ(c.cached_token[0],
                   std::max(w.cached_bytes[0] / rates.cache, w.cached_flops[0] / rates.attention));
  EXPECT_DOUBLE_EQ(c.prefill_pair[0], w.pair_flops[0] / rates.attention);
  // Two reductions in each of 32 layers and one of the logits, of 4096 values of two bytes for each token.
  const CollectiveCost reduce = AllReduce(FindLink(*s->resolved.cards[0].gpu, 2, false), 2);
  EXPECT_DOUBLE_EQ(c.reduce_latency, reduce.latency.value() * FittedSpeeds().engines[0].reduce.value * 65);
  EXPECT_DOUBLE_EQ(c.reduce_per_token, reduce.seconds_per_byte * 2 * 4096 * 65);
  const auto alone = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  EXPECT_EQ(alone->model.coefficients().reduce_latency, 0);
}

// A draft model of plain 16 bits is read whole once per proposed token; a quantised one costs some four to
// eight bits a weight.
TEST(StepModel, ADraftIsReadOnceForEachProposedToken) {
  const auto draft = [](const char* format) {
    const std::string json =
        std::string(
            R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200","speculative":{"method":"draft",)") +
        R"("model":"llama-3.2-1b","format":")" + format + R"(","num_tokens":4}})";
    const auto s = Make(json.c_str());
    const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
    const CardRates rates =
        FindRates(s->resolved, style, FittedSpeeds(), *s->resolved.cards[0].gpu, FormatClass::kFp8);
    const double read = s->model.coefficients().draft / 4 - 2 * rates.layer;
    return read * rates.stream[0] * 8 / static_cast<double>(s->resolved.draft->parameters().active);  // bits
  };
  EXPECT_NEAR(draft("bf16"), 16, 1e-6);
  EXPECT_GT(draft("awq-int4"), 4);
  EXPECT_LT(draft("awq-int4"), 8);
}

// Each proposed token holds with the same probability p: 1 + p + p^2 + … of them.
TEST(StepModel, AcceptedTokensAreAGeometricSum) {
  MeasuredSpeeds speeds = FittedSpeeds();
  speeds.accept_draft.value = 0.5;
  speeds.accept_mtp.value = 0.8;
  speeds.accept_eagle.value = 0.25;
  const struct {
    const char* speculative;
    double accepted;
  } cases[] = {
      {R"({"method":"draft","model":"llama-3.2-1b","num_tokens":3})", 1 + 0.5 + 0.25 + 0.125},
      {R"({"method":"eagle","num_tokens":2})", 1 + 0.25 + 0.0625},
      {R"({"method":"mtp","num_tokens":1})", 1.8},
  };
  for (const auto& c : cases) {
    const auto s = Make((std::string(R"({"model":"llama-3.1-70b","gpu":"h200","gpus":2,"speculative":)") +
                         c.speculative + "}")
                            .c_str());
    const StepStyle style = EngineOf(s->resolved).StyleOf(s->resolved);
    EXPECT_NEAR(StepModel::Make(s->resolved, style, s->work, speeds).tokens_per_step(), c.accepted, 1e-12)
        << c.speculative;
  }
}

TEST(StepModel, NamesOfWhatBounds) {
  EXPECT_EQ(BottleneckName(Bottleneck::kMemory), "memory");
  EXPECT_EQ(BottleneckName(Bottleneck::kCompute), "compute");
  EXPECT_EQ(BottleneckName(Bottleneck::kLatency), "latency");
  EXPECT_EQ(BottleneckName(Bottleneck::kCommunication), "communication");
  EXPECT_EQ(BottleneckName(Bottleneck::kHostMemory), "host_memory");
  EXPECT_EQ(BottleneckName(Bottleneck::kHostLink), "host_link");
}

TEST(StepModel, TheBandIsTheEnginesAndWiderForACardNobodyMeasured) {
  struct Setup {
    const char* json;
    bool measured;
  };
  for (const Setup& setup : {
           Setup{R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})", true},
           Setup{R"({"model":"llama-3-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"p40"})", true},
           Setup{R"({"model":"llama-3-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"b200"})", false},
       }) {
    const auto s = Make(setup.json);
    const EngineSpeeds& engine = FittedSpeeds().OfEngine(s->resolved.engine->id);
    const double widened = setup.measured ? 1 : 1.5;
    EXPECT_DOUBLE_EQ(s->model.below(), engine.decode.below * widened) << setup.json;
    EXPECT_DOUBLE_EQ(s->model.above(), engine.decode.above * widened) << setup.json;
    EXPECT_DOUBLE_EQ(s->model.decode_band(1).below, engine.alone.below * widened) << setup.json;
    EXPECT_DOUBLE_EQ(s->model.first_token_band().below, std::min(0.9, engine.first_token.below * widened));
    EXPECT_DOUBLE_EQ(s->model.total_band().above, std::min(3.0, engine.total.above * widened));
  }
}

TEST(StepModel, AScaledModelTakesAsMuchLongerForEverything) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  StepLoad load;
  load.decode_sequences = 7;
  load.prefill_tokens = 300;
  load.prefill_sequences = 2;
  load.decode_kv_tokens[0] = 9000;
  const StepModel slow = s->model.Scaled(1.5);
  EXPECT_NEAR(slow.Time(load).value(), 1.5 * s->model.Time(load).value(), 1e-15);
  EXPECT_DOUBLE_EQ(slow.PerCachedToken(0).value(), 1.5 * s->model.PerCachedToken(0).value());
  EXPECT_DOUBLE_EQ(slow.PerPrefillPair(0).value(), 1.5 * s->model.PerPrefillPair(0).value());
  EXPECT_DOUBLE_EQ(slow.request_overhead(500).value(), s->model.request_overhead(500).value()) << "no step";
}

// What was measured of prompts with uneven experts: a rank that holds whole experts waits for the fullest one.
TEST(StepModel, WholeExpertsOnRanksAreWorkedOnUnevenly) {
  const auto slices = Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm","gpus":8,"tp":8})");
  const auto whole =
      Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm","gpus":8,"tp":8,"expert_parallel":true})");
  MeasuredSpeeds speeds = FittedSpeeds();  // but slices are read as fast as whole ones
  for (EngineSpeeds& engine : speeds.engines) engine.expert_narrow.value = 0;
  const auto weights = [&](const auto& made, int64_t sequences) {
    StepLoad load;
    load.decode_sequences = sequences;
    const StepStyle style = EngineOf(made.resolved).StyleOf(made.resolved);
    return StepModel::Make(made.resolved, style, made.work, speeds).Explain(load).weights.value();
  };
  // Eight experts on eight ranks: about 2 to 3 of them on the fullest.
  EXPECT_GT(weights(*whole, 1), 1.3 * weights(*slices, 1));
  EXPECT_LT(weights(*whole, 512), 1.2 * weights(*slices, 512)) << "all are read everywhere";
}

}  // namespace
}  // namespace plimsoll
