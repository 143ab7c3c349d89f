// How fast: decode against batch and context with its band, where a step's time goes, and this card against
// others.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/engines/server.h"
#include "core/estimate/cost.h"
#include "web/chart.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

std::string_view BoundText(Bottleneck bound) {
  switch (bound) {
    case Bottleneck::kMemory:
      return "memory bandwidth";
    case Bottleneck::kCompute:
      return "compute";
    case Bottleneck::kLatency:
      return "launch latency";
    case Bottleneck::kCommunication:
      return "communication between cards";
    case Bottleneck::kHostMemory:
      return "host memory";
    case Bottleneck::kHostLink:
      return "the link to the host";
  }
  return "";
}

std::string Rate(double value) {
  if (value >= 100) return CountText(static_cast<int64_t>(std::llround(value)));
  return DecimalText(value, 1);
}

// A decode step of `sequences` at a context of `tokens` each.
StepLoad DecodeLoad(const StepModel& model, int64_t sequences, double tokens) {
  StepLoad load;
  load.decode_sequences = sequences;
  for (int i = 0; i < model.span_count(); ++i) {
    load.decode_kv_tokens[static_cast<size_t>(i)] =
        static_cast<double>(sequences) * std::min(tokens, static_cast<double>(model.span(i)));
  }
  return load;
}

double MiddleContext(const Resolved& resolved) {
  return static_cast<double>(resolved.prompt_tokens) + static_cast<double>(resolved.output_tokens) / 2;
}

void Figures(Ui& ui, AppState& state, float width) {
  const SpeedReport& speed = state.report().speed;
  const Resolved& resolved = state.resolved();
  const std::string fits = state.report().fits() ? "" : ", if it did fit";
  DrawFigures(ui,
              {{"Decode, each user", Rate(speed.decode_tokens_per_s) + " tok/s",
                Rate(speed.low) + " to " + Rate(speed.high) + fits},
               {"Decode, all users", Rate(speed.decode_tokens_per_s_total) + " tok/s",
                CountedText(resolved.concurrency, "user", "users") + " at once"},
               {"Prefill", Rate(speed.prefill_tokens_per_s) + " tok/s",
                CountText(resolved.prompt_tokens) + " prompt tokens"},
               {"First token", DurationText(Seconds(speed.ttft_ms / 1e3)),
                DecimalText(speed.tpot_ms, 1) + " ms for each next"}},
              width);
}

void WorkloadSliders(Ui& ui, AppState& state, float width) {
  SideBySide columns(width, 3, 24, 620);
  const float cell = columns.cell();
  columns.Next();
  LoadSlider(ui, state, "Prompt tokens", "prompt_tokens", state.resolved().prompt_tokens, 131072, cell);
  columns.Next();
  LoadSlider(ui, state, "Output tokens", "output_tokens", state.resolved().output_tokens, 16384, cell);
  columns.Next();
  LoadSlider(ui, state, "Users at once", "concurrency", state.resolved().concurrency, 1024, cell);
  columns.End();
}

ChartSeries WithBand(std::string name, ImU32 color) {
  ChartSeries series;
  series.name = std::move(name);
  series.color = color;
  return series;
}

// The load that the figures above are for, at another number of users and another context in the middle of an answer:
// at the mark a curve reads what the figure says.
SpeedReport SpeedWith(const StepModel& model, Operation operation, double users, double tokens) {
  operation.concurrency = users;
  operation.prompt_tokens =
      std::max<int64_t>(0, std::llround(tokens - static_cast<double>(operation.output_tokens) / 2));
  return SpeedAt(model, operation);
}

void AddPoint(ChartSeries* series, const Band& band, double value) {
  series->y.push_back(value);
  series->low.push_back(value * (1 - band.below));
  series->high.push_back(value * (1 + band.above));
}

// What bounds the step there, for the strip below the curve.
void AddBound(Chart* chart, const StepModel& model, int64_t sequences, double tokens) {
  chart->strip.push_back(BoundText(model.Explain(DecodeLoad(model, sequences, tokens)).bottleneck));
}

void BatchChart(Ui& ui, const Resolved& resolved, const StepModel& model, const Operation& operation,
                float width) {
  Chart chart;
  chart.title = "All users, tok/s";
  chart.x_label = "users at once";
  chart.log_x = true;
  const auto here = static_cast<double>(resolved.concurrency);
  chart.mark_x = here;
  ChartSeries total = WithBand("together", ui.colors->accent);
  const double most =
      std::max(static_cast<double>(std::clamp<int64_t>(resolved.max_num_seqs, 32, 1024)), here);
  const double tokens = MiddleContext(resolved);
  const auto add = [&](double users) {
    chart.x.push_back(users);
    AddPoint(&total, model.decode_band(users),
             SpeedWith(model, operation, users, tokens).decode_tokens_per_s_total);
    AddBound(&chart, model, static_cast<int64_t>(users), tokens);
  };
  double before = 0;
  for (double users = 1; users <= most; users *= users < 2 ? 2.0 : std::sqrt(2.0)) {
    if (before < here && here < std::round(users)) add(here);
    before = std::round(users);
    add(before);
  }
  if (before < here) add(here);
  chart.series.push_back(std::move(total));
  DrawChart(ui, chart, width, 260);
}

void ContextChart(Ui& ui, const Resolved& resolved, const StepModel& model, const Operation& operation,
                  float width) {
  Chart chart;
  chart.title = "One user, tok/s";
  chart.x_label = "tokens of context";
  chart.log_x = true;
  chart.x_scale = Scale::kTokens;
  chart.mark_x = MiddleContext(resolved);
  ChartSeries one = WithBand("alone", ui.colors->weights);
  ChartSeries many = WithBand("beside others", ui.colors->kv_cache);
  const double most = static_cast<double>(std::max<int64_t>(resolved.max_model_len, 1024));
  const auto users = static_cast<double>(resolved.concurrency);
  for (double tokens = 256; tokens <= most * 1.001; tokens *= std::sqrt(2.0)) {
    chart.x.push_back(tokens);
    AddPoint(&one, model.decode_band(1), SpeedWith(model, operation, 1, tokens).decode_tokens_per_s);
    AddBound(&chart, model, resolved.concurrency, tokens);
    if (users > 1)
      AddPoint(&many, model.decode_band(users),
               SpeedWith(model, operation, users, tokens).decode_tokens_per_s);
  }
  chart.series.push_back(std::move(one));
  if (users > 1) chart.series.push_back(std::move(many));
  DrawChart(ui, chart, width, 260);
}

// Where the time of one decode step goes, as rows with bars.
void StepParts(Ui& ui, const Resolved& resolved, const StepModel& model, float width) {
  const StepTime time = model.Explain(DecodeLoad(model, resolved.concurrency, MiddleContext(resolved)));
  struct Part {
    const char* name;
    Seconds seconds;
    ImU32 color;
  };
  const Palette& c = *ui.colors;
  const std::array<Part, 9> parts = {{{"Reading weights", time.weights, c.weights},
                                      {"Computing", time.compute, c.activation},
                                      {"Reading the KV cache", time.kv_read, c.kv_cache},
                                      {"Recurrent state", time.recurrent_state, c.recurrent_state},
                                      {"Attention", time.attention, c.activation},
                                      {"Talking to other cards", time.all_reduce, c.accent},
                                      {"Launching kernels", time.launch, c.runtime},
                                      {"Output head", time.head, c.weights},
                                      {"Host memory and link", time.offload, c.host}}};
  SectionLabel(ui, "One decode step, " + DecimalText(time.total.value() * 1e3, 2) + " ms, bound by " +
                       std::string(BoundText(time.bottleneck)));
  Gap(6);
  const float name = std::min(200.0F, width * 0.4F);
  for (const Part& part : parts) {
    if (part.seconds.value() < time.total.value() * 0.001) continue;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const double share = time.total.value() > 0 ? part.seconds / time.total : 0;
    const std::string text = DecimalText(part.seconds.value() * 1e3, 2) + " ms";
    DrawText(ui, ImVec2(at.x, at.y + 13), part.name, {0, 13.5F}, name - 8);
    DrawTextRight(ui, ImVec2(at.x + width, at.y + 13), text, {ui.colors->muted, 13});
    const float room = width - name - 84;
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(at.x + name, at.y + 8),
        ImVec2(at.x + name + std::max(2.0F, static_cast<float>(share) * room), at.y + 18), part.color, 3);
    ui.tree->Add({"row", part.name, text, at.x, at.y, width, 26});
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 26));
  }
}

constexpr std::array<std::string_view, 10> kOthers = {
    "t4", "rtx-3090", "rtx-4090", "rtx-5090", "l40s", "a100-sxm-80gb", "h100-sxm", "h200", "b200", "mi300x"};

// The same configuration on other cards. Memory is not asked here: a card that cannot hold it says so.
void OtherCards(Ui& ui, AppState& state, float width) {
  struct Row {
    const Gpu* gpu;
    double rate;
    bool fits, here;
  };
  std::vector<Row> rows;
  double most = 0;
  const Config& config = state.config();
  std::vector<std::string> ids(kOthers.begin(), kOthers.end());
  if (!config.gpu.empty() && std::find(ids.begin(), ids.end(), config.gpu.front()) == ids.end()) {
    ids.push_back(config.gpu.front());
  }
  for (const std::string& id : ids) {
    Config other = config;
    other.gpu = {id};
    other.gpu_memory_mib.clear();
    other.gpus = static_cast<int64_t>(state.resolved().gpus);
    const Result<Report> report = Estimate(other, state.catalog(), &state.inquiry());
    const Gpu* gpu = state.catalog().FindGpu(id);
    if (!report.ok() || gpu == nullptr) continue;
    const double rate = report->speed.decode_tokens_per_s;
    rows.push_back({gpu, rate, report->fits(), !config.gpu.empty() && id == config.gpu.front()});
    most = std::max(most, rate);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.rate < b.rate; });
  SectionLabel(ui, "Decode rate of each user on other cards");
  Gap(6);
  const float name = std::min(190.0F, width * 0.4F);
  const auto words = [](const Row& row) {
    return Rate(row.rate) + " tok/s" + (row.fits ? "" : ", does not fit");
  };
  float widest = 0;
  for (const Row& row : rows) {
    if (row.rate > most / 2) widest = std::max(widest, TextWidth(ui, words(row), {0, 13}));
  }
  for (const Row& row : rows) {
    const float height = ui.coarse ? 44 : 28;
    const std::string text = words(row);
    const Interaction item = Item(ui, row.gpu->id, ImVec2(width, height), "button", row.gpu->name, text, 4);
    if (item.visible) {
      ImDrawList* draw = ImGui::GetWindowDrawList();
      if (item.hovered) draw->AddRectFilled(item.min, item.max, Faded(ui.colors->line, 0.35F), 4);
      const float middle = (item.min.y + item.max.y) / 2;
      DrawText(ui, ImVec2(item.min.x, middle), row.gpu->name,
               {0, 13.5F, row.here ? Weight::kSemibold : Weight::kRegular}, name - 8);
      DrawTextRight(ui, ImVec2(item.max.x, middle), text, {ui.colors->muted, 13});
      const float room = width - name - widest - 16;
      const float bar = most > 0 ? static_cast<float>(row.rate / most) * room : 0;
      const ImU32 color = row.here ? ui.colors->accent : Faded(ui.colors->runtime, row.fits ? 0.75F : 0.3F);
      draw->AddRectFilled(ImVec2(item.min.x + name, middle - 5),
                          ImVec2(item.min.x + name + std::max(2.0F, bar), middle + 5), color, 3);
    }
    if (item.clicked) state.Dispatch({{"gpu", Json(row.gpu->id)}});
  }
}

// What the catalog knows of the card is where a price starts.
double PriceShown(const AppState& state, const Price& price) {
  const Gpu* gpu = state.resolved().cards.empty() ? nullptr : state.resolved().cards.front().gpu;
  if (price.value == nullptr) return gpu != nullptr ? RentOf(*gpu, state.view.cost.rents) : 0;
  const double own = state.view.cost.*price.value / price.unit;
  return own > 0 || price.key != "buy" || gpu == nullptr ? own : gpu->price_usd;
}

void Prices(Ui& ui, AppState& state, float width) {
  SideBySide columns(width, 3, 12, 620);
  for (const Price& price : kPrices) {
    columns.Next();
    const double value = PriceShown(state, price);
    const std::string text = value > 0 ? CompactNumber(value) : "not set";
    const auto typed = NumberField(ui, price.label, text, false, columns.cell(), value > 0 ? text : "");
    Gap(8);
    if (typed) state.SetPrice(price, TypedNumber(*typed));
  }
  columns.End();
}

std::string Dollars(double value) { return "$" + DecimalText(value, value < 0.1 ? 4 : value < 1000 ? 2 : 0); }

std::string BreakEven(const CostReport& cost) {
  if (cost.usd_per_hour <= 0 || cost.usd_to_buy <= 0) return "needs both prices";
  if (cost.hours_to_break_even <= 0) return "never: power alone costs more than renting";
  return CountText(std::llround(cost.hours_to_break_even)) + " hours of use, " +
         (cost.days_to_break_even > 0 ? CountText(std::llround(cost.days_to_break_even)) + " days"
                                      : "never reached");
}

void Cost(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const CostReport cost = EstimateCost(resolved, state.report().speed, state.view.cost);
  SectionLabel(ui, "Power, renting against buying, and the start");
  Gap(8);
  Prices(ui, state, width);
  const auto fact = [&](const char* name, double value, const std::string& text) {
    if (value > 0) DrawFact(ui, name, text, width);
  };
  fact("Power of the cards, at most", cost.watts, CountText(std::llround(cost.watts)) + " W");
  fact("Output tokens per joule", cost.tokens_per_joule,
       DecimalText(cost.tokens_per_joule, cost.tokens_per_joule < 1 ? 3 : 2) + ", " +
           DecimalText(cost.joules_per_token, 2) + " J each");
  fact("Power per million output tokens", cost.usd_power_per_million_tokens,
       Dollars(cost.usd_power_per_million_tokens));
  fact("Rent, all cards", cost.usd_per_hour, Dollars(cost.usd_per_hour) + " per hour");
  fact("Rent per million output tokens", cost.usd_per_million_tokens, Dollars(cost.usd_per_million_tokens));
  fact("Owned, per million output tokens", cost.usd_owned_per_million_tokens,
       Dollars(cost.usd_owned_per_million_tokens));
  DrawFact(ui, "Buying pays after", BreakEven(cost), width);
  fact("Download of the weights", cost.download.value(), DurationText(cost.download));
  fact("Load onto the cards", cost.load.value(), DurationText(cost.load));
  const std::string note =
      "Power is the cards' limit, without the host; its price starts at what commercial customers in the "
      "United States paid in 2024 (EIA).";
  Gap(4);
  Paragraph(ui, note, width, {ui.colors->muted, kNote});
  DrawSources(ui, state, SourcesOf(state, SourceKind::kMeasured), width);
  DrawPriceNote(ui, state, width);
}

}  // namespace

void DrawSpeedTab(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const StepModel model = MakeStepModel(resolved);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(18);
  Figures(ui, state, width);
  if (!state.report().fits()) {
    Paragraph(ui, "These are the rates if it did fit.", width, {ui.colors->does_not_fit, kNote});
  }
  if (resolved.concurrency > 1) {
    Paragraph(ui,
              "For users who always have a request running, spread evenly. The Schedule tab lets them begin "
              "together: their "
              "prompts then wait for each other.",
              width, {ui.colors->muted, kNote});
  }
  DrawRemarks(ui, state, width);
  Gap(8);
  WorkloadSliders(ui, state, width);
  Gap(20);
  SideBySide columns(width, 2, 32, 760);
  columns.Next();
  const Operation operation = OperationOf(resolved, state.report());
  BatchChart(ui, resolved, model, operation, columns.cell());
  columns.Next();
  ContextChart(ui, resolved, model, operation, columns.cell());
  columns.End();
  Gap(16);
  StepParts(ui, resolved, model, width);
  Gap(20);
  OtherCards(ui, state, width);
  Gap(20);
  Cost(ui, state, width);
  ImGui::PopStyleVar();
}

}  // namespace plimsoll
