// How much is asked of it: context and sequences.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// Eight steps to the octave, on multiples of a power of two: 16,384, 18,432, 20,480 …
int64_t Snapped(double tokens) {
  const double octave = std::floor(std::log2(std::max(tokens, 1.0)));
  const double step = std::max(1.0, std::exp2(octave - 3));
  return static_cast<int64_t>(std::llround(tokens / step) * std::llround(step));
}

}  // namespace

void DrawContextSlider(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const int64_t native = resolved.architecture != nullptr ? resolved.architecture->max_positions : 0;
  const int64_t longest = std::max<int64_t>({native, resolved.max_model_len, 2048});
  const double mark = static_cast<double>(state.report().kv.max_model_len_that_fits);
  const SliderResult result =
      Slider(ui, "Context", static_cast<double>(resolved.max_model_len), CountText(resolved.max_model_len),
             CountText(resolved.max_model_len), {256, static_cast<double>(longest), mark}, width);
  if (result.typed) {
    state.Dispatch({{"max_model_len", TypedNumber(*result.typed)}});
  } else if (result.value) {
    state.Dispatch({{"max_model_len", Json(std::clamp<int64_t>(Snapped(*result.value), 256, longest))}});
  }
}

void DrawUsersSlider(Ui& ui, AppState& state, float width) {
  const int64_t users = state.resolved().concurrency;
  const int64_t most = std::max<int64_t>(users, 1024);
  const SliderResult result = Slider(ui, "Users at once", static_cast<double>(users), CountText(users),
                                     CountText(users), {1, static_cast<double>(most), 0}, width);
  if (result.typed) {
    state.Dispatch({{"concurrency", TypedNumber(*result.typed)}});
  } else if (result.value) {
    state.Dispatch({{"concurrency", Json(std::clamp<int64_t>(Snapped(*result.value), 1, most))}});
  }
}

namespace {

// "2 s", "800 ms", "> 20 tok/s", "$5": the number in it, where milliseconds are seconds of a thousandth. Empty: null.
Json AmountOf(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || c == '.') digits += c;
  }
  if (digits.empty())
    return text.find_first_not_of(' ') == std::string_view::npos || Lower(text) == "any" ? Json()
                                                                                         : Json(text);
  const Json number = TypedNumber(digits);
  const bool thousandths = text.find("ms") != std::string_view::npos;
  return thousandths && number.AsDouble() ? Json(*number.AsDouble() / 1000) : number;
}

}  // namespace

void DrawWishes(Ui& ui, AppState& state, float width) {
  const Json& workload = state.config().workload;
  const auto wish = [&](std::string_view member) {
    const Json* value = workload.is_object() ? workload.Find(member) : nullptr;
    return value != nullptr ? value->AsDouble().value_or(0) : 0;
  };
  const float half = (width - 8) / 2;
  const double first = wish("ttft_ms") / 1000, each = wish("tpot_ms") > 0 ? 1000 / wish("tpot_ms") : 0;
  const auto shown = [](double value, std::string before, std::string_view unit) {
    return value > 0 ? std::move(before) + RoundedNumber(value) + std::string(unit) : std::string("any");
  };
  const auto initial = [](double value) { return value > 0 ? RoundedNumber(value) : std::string(); };
  if (const auto typed = NumberField(ui, "First token within, s", shown(first, "< ", " s"), false, half,
                                     initial(first), "First")) {
    const Json amount = AmountOf(*typed);
    state.SetWorkload("ttft_ms", amount.AsDouble() ? Json(*amount.AsDouble() * 1000) : amount);
  }
  ImGui::SameLine(0, 8);
  if (const auto typed = NumberField(ui, "Each user at least, tok/s", shown(each, "> ", " tok/s"), false,
                                     half, initial(each), "Each")) {
    const Json amount = AmountOf(*typed);
    const double rate = amount.AsDouble().value_or(0);
    state.SetWorkload("tpot_ms", rate > 0 ? Json(1000 / rate) : amount);
  }
  const FindAsk& ask = state.find.ask;
  if (const auto typed = NumberField(ui, "Budget, $ per hour", shown(ask.usd_per_h, "< $", "/h"), false, half,
                                     initial(ask.usd_per_h), "Budget"))
    state.SetLimit(&FindAsk::usd_per_h, "budget", AmountOf(*typed));
  ImGui::SameLine(0, 8);
  if (const auto typed = NumberField(ui, "Power of the cards, W", shown(ask.watts, "< ", " W"), false, half,
                                     initial(ask.watts), "Power"))
    state.SetLimit(&FindAsk::watts, "watts", AmountOf(*typed));
}

void DrawSequencesSlider(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const int64_t most = std::max<int64_t>(resolved.max_num_seqs, 1024);
  const SliderResult result = Slider(ui, "Sequences at most", static_cast<double>(resolved.max_num_seqs),
                                     CountText(resolved.max_num_seqs), CountText(resolved.max_num_seqs),
                                     {1, static_cast<double>(most), 0}, width);
  if (result.typed) {
    state.Dispatch({{"max_num_seqs", TypedNumber(*result.typed)}});
  } else if (result.value) {
    state.Dispatch({{"max_num_seqs", Json(std::clamp<int64_t>(Snapped(*result.value), 1, most))}});
  }
}

}  // namespace plimsoll
