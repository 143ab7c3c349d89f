// How the KV cache is shared out: users at once against the length of each, with the operating points that have
// a name. A click on a cell takes it into the configuration.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/engines/server.h"
#include "core/schedule/capacity.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr std::array<int64_t, 9> kUsers = {1, 2, 4, 8, 16, 32, 64, 128, 256};
constexpr size_t kUsersOnPhone = 6;

// In place of the nearest value, so that what is asked for always has its cell.
void PutIn(int64_t asked, std::vector<int64_t>* values) {
  const auto after = std::lower_bound(values->begin(), values->end(), asked);
  if (after == values->end()) {
    values->back() = asked;
  } else if (*after != asked) {
    const bool down = after != values->begin() && asked - *(after - 1) < *after - asked;
    *(down ? after - 1 : after) = asked;
  }
}

std::vector<int64_t> Lengths(int64_t longest, int64_t asked) {
  std::vector<int64_t> lengths;
  for (int64_t length = 2048; length < longest; length *= 2) lengths.push_back(length);
  lengths.push_back(longest);
  if (lengths.size() > 9) lengths.erase(lengths.begin(), lengths.end() - 9);
  PutIn(asked, &lengths);
  return lengths;
}

std::vector<int64_t> UsersAcross(int64_t asked, float width) {
  std::vector<int64_t> users(kUsers.begin(), width < 520 ? kUsers.begin() + kUsersOnPhone : kUsers.end());
  PutIn(asked, &users);
  return users;
}

// The length that each user has now: a slot's part, where the slots of all users divide one context.
int64_t LengthEach(const Resolved& resolved) {
  const bool divided = resolved.engine->shares_context && resolved.max_num_seqs == resolved.concurrency;
  return resolved.max_model_len / (divided ? std::max<int64_t>(resolved.concurrency, 1) : 1);
}

// So many users with so much context each, in this engine's keys: slots are as many as users, a server with a pool
// takes more sequences only where it would not run them all.
Action Asking(const Resolved& resolved, int64_t users, int64_t length) {
  const bool divides = resolved.engine->shares_context;
  Action action = {{"max_model_len", Json(divides ? users * length : length)}, {"concurrency", Json(users)}};
  if (!resolved.engine->fills_share || users > resolved.max_num_seqs)
    action.push_back({"max_num_seqs", Json(users)});
  return action;
}

// What a cell says, in words as well as in colour.
std::string CellText(double share) {
  if (share > 9.95) return "×" + DecimalText(share, 0);
  if (share > 1) return "×" + DecimalText(share, 1);
  return DecimalText(share * 100, 0) + " %";
}

ImU32 CellColor(const Ui& ui, double share) {
  if (share > 1) return HeatColor(*ui.colors, Heat::kShort, 0.25F);
  if (share > 0.9) return HeatColor(*ui.colors, Heat::kTight, 1);
  return HeatColor(*ui.colors, Heat::kFits, 0.4F * static_cast<float>(share));
}

void Headline(Ui& ui, AppState& state, const Capacity& capacity, float width) {
  const Resolved& resolved = state.resolved();
  const KvReport& kv = state.report().kv;
  std::string text = "The cache holds " + CountText(kv.capacity_tokens) + " tokens";
  if (resolved.engine->fills_share) {
    text += ": " + DecimalText(kv.max_concurrency, 1) + " sequences of " + CountText(resolved.max_model_len);
    const int64_t each = capacity.TokensEach(resolved.max_num_seqs);
    if (each > 0 && each < resolved.max_model_len) {
      text += "; " + CountText(each) + " each with all " + CountText(resolved.max_num_seqs) + " that " +
              std::string(resolved.engine->name) + " runs at most";
    }
  } else {
    text += "; the cards have room for about " + CountText(capacity.TokensEach(1));
  }
  text += ".";
  Paragraph(ui, text, width);
  Gap(2);
  Paragraph(
      ui,
      resolved.engine->fills_share
          ? "Share of the cache that so many full sequences take. Above 100 % (shown as a multiple) they "
            "cannot all be there at once: the engine queues or preempts them."
          : "Share of that room which so many full sequences take: a click keeps as large a cache. Above "
            "100 % (shown as a multiple) it does not fit.",
      width, {ui.colors->muted, kNote});
}

void Grid(Ui& ui, AppState& state, const Capacity& capacity, float width) {
  const Resolved& resolved = state.resolved();
  const int64_t longest = std::max<int64_t>(resolved.architecture ? resolved.architecture->max_positions : 0,
                                            std::max<int64_t>(resolved.max_model_len, 2048));
  const int64_t length_now = LengthEach(resolved);
  const std::vector<int64_t> lengths = Lengths(longest, length_now);
  const std::vector<int64_t> users = UsersAcross(resolved.concurrency, width);
  const size_t columns = users.size();
  const float label = 76;
  const float cell = (width - label) / static_cast<float>(columns);
  const float height = ui.coarse ? 44 : 34;
  const TextStyle note = {ui.colors->muted, kNote};
  ImVec2 at = ImGui::GetCursorScreenPos();
  DrawText(ui, ImVec2(at.x, at.y + 12), "Context", note);
  DrawTextRight(ui, ImVec2(at.x + width, at.y + 12), "users at once", note);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  at.y += 26;
  for (size_t c = 0; c < columns; ++c) {
    const std::string text = CountText(users[c]);
    const float middle = at.x + label + cell * (static_cast<float>(c) + 0.5F);
    DrawText(ui, ImVec2(middle - TextWidth(ui, text, note) / 2, at.y + 10), text, note);
  }
  at.y += 24;
  for (size_t r = 0; r < lengths.size(); ++r) {
    DrawText(ui, ImVec2(at.x, at.y + height / 2), ContextText(lengths[r]), {});
    for (size_t c = 0; c < columns; ++c) {
      const double share = capacity.Share(users[c], lengths[r]);
      const std::string text = CellText(share);
      const ImVec2 corner(at.x + label + cell * static_cast<float>(c), at.y);
      ImGui::SetCursorScreenPos(ImVec2(corner.x + 1, corner.y + 1));
      const std::string name = CountText(users[c]) + " × " + CountText(lengths[r]) + " tokens";
      const Interaction item = Item(ui, name, ImVec2(cell - 2, height - 2), "button", name, text, 4);
      if (item.visible) {
        draw->AddRectFilled(item.min, item.max, CellColor(ui, share), 4);
        const bool chosen = users[c] == resolved.concurrency && lengths[r] == length_now;
        if (chosen || item.hovered) {
          draw->AddRect(item.min, item.max, chosen ? ui.colors->accent : ui.colors->muted, 4, 0,
                        chosen ? 2.0F : 1.0F);
        }
        const TextStyle style = {ui.colors->ink, 13};
        DrawText(
            ui,
            ImVec2((item.min.x + item.max.x - TextWidth(ui, text, style)) / 2, (item.min.y + item.max.y) / 2),
            text, style);
      }
      if (item.clicked) state.Dispatch(Asking(resolved, users[c], lengths[r]));
    }
    at.y += height;
  }
  ImGui::SetCursorScreenPos(at);
}

void Points(Ui& ui, AppState& state, const Capacity& capacity, float width) {
  const Resolved& resolved = state.resolved();
  const int64_t longest =
      resolved.architecture ? resolved.architecture->max_positions : resolved.max_model_len;
  const std::vector<OperatingPoint> points = OperatingPoints(capacity, std::max<int64_t>(longest, 1));
  const StepModel model = MakeStepModel(resolved);
  const bool narrow = width < 560;  // then the meaning has a line of its own
  const float height = narrow ? 72 : 52;
  for (const OperatingPoint& point : points) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(at, ImVec2(at.x + width, at.y + 1), ui.colors->line);
    const std::string figure = CountText(point.sequences) + " × " + ContextText(point.context);
    const SpeedReport speed = SpeedOf(point, model, OperationOf(resolved, state.report()));
    const std::string users = (point.sequences > 1 ? "each " : "") +
                              DecimalText(speed.decode_tokens_per_s, speed.decode_tokens_per_s < 10 ? 1 : 0) +
                              " tok/s, first token in " + DurationText(Seconds(speed.ttft_ms / 1e3));
    const Interaction item =
        Item(ui, point.name, ImVec2(width, height), "button", point.name, figure + ", " + users, 4);
    if (item.visible) {
      if (item.hovered) {
        ImGui::GetWindowDrawList()->AddRectFilled(item.min, item.max, Faded(ui.colors->line, 0.35F), 4);
      }
      const TextStyle note = {ui.colors->muted, kNote};
      const float upper = at.y + 17, lower = at.y + 37, right = at.x + width - 6;
      DrawText(ui, ImVec2(at.x + 6, upper), point.name);
      DrawTextRight(ui, ImVec2(right, upper), figure);
      DrawText(ui, ImVec2(narrow ? at.x + 6 : right - TextWidth(ui, users, note), lower), users, note);
      DrawText(ui, ImVec2(at.x + 6, narrow ? lower + 18 : lower), point.meaning, note);
    }
    if (!item.clicked) continue;
    Action action = Asking(resolved, point.sequences, point.context);
    action.push_back({"prompt_tokens", Json(point.prompt)});
    action.push_back({"output_tokens", Json(point.output)});
    state.Dispatch(action);
  }
}

}  // namespace

void DrawCapacityTab(Ui& ui, AppState& state, float width) {
  // A cache as large as one asks for is held against what the cards have room for.
  const bool chosen = !state.resolved().engine->fills_share;
  const Capacity capacity(MakeSchedulerSetup(state.resolved(), state.report()),
                          chosen ? CacheRoom(state.report()) : 1);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(16);
  if (capacity.empty()) {
    Paragraph(ui, "There is no room for a KV cache here, so there is nothing to share out.", width,
              {ui.colors->muted});
    ImGui::PopStyleVar();
    return;
  }
  Headline(ui, state, capacity, width);
  Gap(14);
  Grid(ui, state, capacity, width);
  Gap(24);
  SectionLabel(ui, "Operating points: as many users as fit, all asking at once with a full context");
  Gap(8);
  Points(ui, state, capacity, width);
  ImGui::PopStyleVar();
}

}  // namespace plimsoll
