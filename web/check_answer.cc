#include "web/check_answer.h"

#include <array>

#include "core/base/json_members.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

void ReadFailure(const Json& failure, CheckAnswer* answer) {
  answer->stage = TextIn(failure, "stage");
  answer->cause = TextIn(failure, "cause");
  if (const Json* missing = failure.Find("missing_bytes")) answer->missing_bytes = missing->AsInt();
  for (const Json& row : ItemsIn(failure, "fixes")) {
    answer->fixes.push_back({TextIn(row, "label"), TextIn(row, "url"),
                             static_cast<int64_t>(NumberIn(row, "max_model_len")), NumberIn(row, "sequences"),
                             NumberIn(row, "decode_tokens_per_s")});
  }
}

struct MetricRow {
  std::string_view metric, words, unit;
};
constexpr std::array<MetricRow, 20> kMetrics = {
    {{"weights_gib_per_gpu", "Weights as loaded", "GiB"},
     {"activation_peak_gib", "Activation peak", "GiB"},
     {"non_torch_gib", "Outside PyTorch", "GiB"},
     {"cuda_graph_gib", "CUDA graphs", "GiB"},
     {"kv_cache_gib_per_gpu", "KV cache pool", "GiB"},
     {"kv_cache_tokens", "KV cache", "tokens"},
     {"kv_cache_tokens_given_pool", "KV cache in this pool", "tokens"},
     {"max_concurrency", "Maximum concurrency", "x"},
     {"model_buffer_mib", "Model buffers", "MiB"},
     {"kv_buffer_mib", "KV buffers", "MiB"},
     {"recurrent_buffer_mib", "Recurrent state", "MiB"},
     {"compute_buffer_mib", "Compute buffer", "MiB"},
     {"host_compute_buffer_mib", "Compute buffer, host", "MiB"},
     {"checkpoint_bytes", "Checkpoint", "bytes"},
     {"prefill_tps", "Prefill", "tokens/s"},
     {"decode_tps_per_stream", "Decode of one", "tokens/s"},
     {"output_tps_total", "Output of all", "tokens/s"},
     {"ttft_ms", "First token", "ms"},
     {"tpot_ms", "Each token", "ms"},
     {"total_params", "Parameters", ""}}};

}  // namespace

CheckAnswer ReadCheckAnswer(const Json& json) {
  CheckAnswer answer;
  answer.kind = TextIn(json, "kind");
  answer.what = TextIn(json, "what");
  answer.url = TextIn(json, "url");
  if (const Json* config = json.Find("config")) answer.config = *config;
  answer.has_model = answer.config.Has("model");
  if (const Json* report = json.Find("report"); report != nullptr && report->is_object()) {
    answer.headline = TextIn(*report, "headline");
    answer.verdict = TextIn(*report, "verdict");
    answer.detail = TextIn(*report, "detail");
    for (const Json& line : ItemsIn(*report, "engine_log")) answer.expected.push_back(line.AsString());
  }
  for (const Json& row : ItemsIn(json, "options")) {
    answer.options.push_back({TextIn(row, "option"), TextIn(row, "value"), TextIn(row, "effect"),
                              TextIn(row, "key"), TextIn(row, "note")});
  }
  for (const Json& text : ItemsIn(json, "not_understood")) answer.not_understood.push_back(text.AsString());
  for (const Json& row : ItemsIn(json, "problems")) {
    answer.problems.push_back(
        {TextIn(row, "severity"), TextIn(row, "option"), TextIn(row, "message"), TextIn(row, "fix")});
  }
  const Json* measured = json.Find("measured");
  const Json* ours = json.Find("predicted");
  if (measured != nullptr && measured->is_object()) {
    for (const Json::Member& member : measured->members()) {
      CheckAnswer::Figure figure = {member.first, member.second.AsDouble().value_or(0), std::nullopt};
      if (const Json* value = ours == nullptr ? nullptr : ours->Find(member.first))
        figure.ours = value->AsDouble();
      answer.figures.push_back(std::move(figure));
    }
  }
  if (const Json* failure = json.Find("failure"); failure != nullptr && failure->is_object())
    ReadFailure(*failure, &answer);
  if (const Json* calibration = json.Find("calibration")) answer.calibration = *calibration;
  if (const Json* mended = json.Find("mended")) {
    answer.mended = TextIn(*mended, "text");
    for (const Json& mark : ItemsIn(*mended, "marks")) {
      if (mark.items().size() != 2) continue;
      answer.marks.emplace_back(static_cast<size_t>(mark.items()[0].AsInt().value_or(0)),
                                static_cast<size_t>(mark.items()[1].AsInt().value_or(0)));
    }
  }
  return answer;
}

std::pair<std::string, std::string> MetricWords(std::string_view metric) {
  for (const MetricRow& row : kMetrics) {
    if (row.metric == metric) return {std::string(row.words), std::string(row.unit)};
  }
  return {std::string(metric), ""};
}

std::string_view StageWords(std::string_view stage) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kStages = {
      {{"loading", "loading the weights"},
       {"profiling", "making room for a step"},
       {"cache_too_small", "making the KV cache"},
       {"graph_capture", "capturing CUDA graphs"},
       {"sampler_warm_up", "warming the sampler up"},
       {"run_time", "serving"}}};
  for (const auto& [name, words] : kStages) {
    if (name == stage) return words;
  }
  return "starting";
}

std::string CalibrationWords(const Json& calibration) {
  std::string text;
  for (const Json::Member& member : calibration.members()) {
    const double value = member.second.AsDouble().value_or(0);
    if (!text.empty()) text += ", ";
    if (member.first == "outside_gib") {
      text += "memory outside " + std::string(value < 0 ? "−" : "+") +
              DecimalText(value < 0 ? -value : value, 2) + " GiB";
    } else {
      text += (member.first == "activation" ? "activations" : member.first) + " × " + DecimalText(value, 2);
    }
  }
  return text;
}

}  // namespace plimsoll
