// The weights, opened: the layer stack as a picture of what each layer holds, and the same bytes as a table
// by role, by type or by layer. This is the checkpoint's inventory, as `plimsoll inventory` prints it.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/weights/weights.h"
#include "imgui_internal.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// The kinds of bytes that the stack tells apart.
enum class Kind : uint8_t { kAttention, kRecurrent, kDense, kExperts, kOther };
constexpr size_t kKinds = 5;
constexpr std::array<std::string_view, kKinds> kKindNames = {"Attention", "Linear or state space", "MLP",
                                                             "Experts", "Norms and others"};

Kind KindOf(TensorRole role) {
  switch (role) {
    case TensorRole::kAttention:
    case TensorRole::kIndexer:
      return Kind::kAttention;
    case TensorRole::kRecurrent:
      return Kind::kRecurrent;
    case TensorRole::kMlp:
    case TensorRole::kSharedExpert:
      return Kind::kDense;
    case TensorRole::kExpert:
      return Kind::kExperts;
    default:
      return Kind::kOther;
  }
}

ImU32 KindColor(const Ui& ui, size_t kind) {
  // All of it are weights: shades of their one colour.
  const Palette& c = *ui.colors;
  const std::array<ImU32, kKinds> colors = {c.weights, Faded(c.weights, 0.8F), Faded(c.weights, 0.55F),
                                            Faded(c.weights, 0.35F), Faded(c.weights, 0.18F)};
  return colors[kind];
}

struct Layer {
  std::array<double, kKinds> bytes{};
  double total() const {
    double sum = 0;
    for (double part : bytes) sum += part;
    return sum;
  }
};

// Bytes of each layer by kind. A row's bytes divide evenly over its layers but for formats that give some
// layers another type; those are rows of their own.
std::vector<Layer> Stack(const std::vector<InventoryRow>& rows, int64_t layers) {
  std::vector<Layer> stack(static_cast<size_t>(std::max<int64_t>(layers, 0)));
  for (const InventoryRow& row : rows) {
    if (row.layers.empty() || row.part != TensorPart::kText) continue;
    const double each = static_cast<double>(row.bytes.count()) / static_cast<double>(row.layers.size());
    for (int32_t layer : row.layers) {
      if (layer < 0 || layer >= layers) continue;
      stack[static_cast<size_t>(layer)].bytes[static_cast<size_t>(KindOf(row.role))] += each;
    }
  }
  return stack;
}

std::string MixerName(const LayerShape& shape) {
  std::string name;
  switch (shape.attention.kind) {
    case AttentionKind::kNone:
      break;
    case AttentionKind::kFull:
      name = "full attention";
      break;
    case AttentionKind::kSliding:
      name = "window of " + CountText(shape.attention.window);
      break;
    case AttentionKind::kChunked:
      name = "chunks of " + CountText(shape.attention.window);
      break;
    case AttentionKind::kLatent:
      name = "latent attention";
      break;
    case AttentionKind::kCompressed:
      name = "compressed attention";
      break;
    case AttentionKind::kBidirectional:
      name = "attention both ways";
      break;
  }
  if (shape.cross.heads > 0) name += (name.empty() ? "" : " and ") + std::string("cross-attention");
  if (shape.recurrent.kind != RecurrentKind::kNone)
    name += (name.empty() ? "" : " and ") + std::string("a state");
  if (name.empty()) name = "no attention";
  if (shape.mlp.kind == MlpKind::kMoe) name += ", " + CountText(shape.mlp.experts) + " experts";
  return name;
}

// The layer's mixer in words, where the architecture is known.
std::string MixerOf(const Architecture* architecture, size_t layer) {
  if (architecture == nullptr || layer >= architecture->layer_group.size()) return "";
  return MixerName(architecture->groups[architecture->layer_group[layer]].shape);
}

void DrawStack(Ui& ui, const Architecture* architecture, const std::vector<Layer>& stack, float width) {
  if (stack.empty()) return;
  double most = 0;
  std::set<size_t> kinds;
  for (const Layer& layer : stack) {
    most = std::max(most, layer.total());
    for (size_t k = 0; k < kKinds; ++k) {
      if (layer.bytes[k] > 0) kinds.insert(k);
    }
  }
  const float height = 96;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Interaction item = Item(ui, "layer stack", ImVec2(width, height), "img", "Layer stack",
                                CountedText(static_cast<int64_t>(stack.size()), "layer", "layers") +
                                    ", the largest " + SizeText(BytesFromDouble(most)));
  if (item.visible && most > 0) {
    ImDrawList* draw = ImGui::GetWindowDrawList();
    const float step = width / static_cast<float>(stack.size());
    const float gap = step >= 4 ? 1.0F : 0.0F;
    for (size_t i = 0; i < stack.size(); ++i) {
      float bottom = at.y + height;
      const float x = at.x + step * static_cast<float>(i);
      for (size_t k = 0; k < kKinds; ++k) {
        const float part = static_cast<float>(stack[i].bytes[k] / most) * height;
        draw->AddRectFilled(ImVec2(x, bottom - part), ImVec2(x + std::max(step - gap, 0.6F), bottom),
                            KindColor(ui, k));
        bottom -= part;
      }
    }
    if (item.hovered) {
      const float pointer = ImGui::GetIO().MousePos.x - at.x;
      const size_t index =
          static_cast<size_t>(std::clamp(pointer / step, 0.0F, static_cast<float>(stack.size()) - 1));
      const std::string mixer = MixerOf(architecture, index);
      const std::string text = "Layer " + CountText(static_cast<int64_t>(index)) + ": " +
                               SizeText(BytesFromDouble(stack[index].total())) +
                               (mixer.empty() ? "" : ", " + mixer);
      const TextStyle style = {ui.colors->ink, kNote};
      const float box = TextWidth(ui, text, style) + 16;
      const float left = std::clamp(at.x + pointer - box / 2, at.x, std::max(at.x, at.x + width - box));
      draw->AddRectFilled(ImVec2(left, at.y + 4), ImVec2(left + box, at.y + 28), ui.colors->panel, 5);
      draw->AddRect(ImVec2(left, at.y + 4), ImVec2(left + box, at.y + 28), ui.colors->line, 5);
      DrawText(ui, ImVec2(left + 8, at.y + 16), text, style);
    }
  }
  ImVec2 legend(at.x, at.y + height + 14);
  const TextStyle note = {ui.colors->muted, kNote};
  for (size_t k : kinds) {
    const float wide = 16 + TextWidth(ui, kKindNames[k], note) + 18;
    if (legend.x + wide > at.x + width && legend.x > at.x) legend = ImVec2(at.x, legend.y + 20);
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(legend.x, legend.y - 5),
                                              ImVec2(legend.x + 10, legend.y + 5), KindColor(ui, k), 2);
    DrawText(ui, ImVec2(legend.x + 16, legend.y), kKindNames[k], note);
    legend.x += wide;
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, legend.y + 14));
}

struct Line {
  std::string name, note;
  int64_t parameters = 0;
  Bytes bytes;
};

std::string_view PartName(TensorPart part) {
  switch (part) {
    case TensorPart::kText:
      return "";
    case TensorPart::kVision:
      return "vision";
    case TensorPart::kMtp:
      return "MTP";
  }
  return "";
}

int64_t Parameters(const InventoryRow& row) {
  return (Bytes(row.rows) * row.columns * row.count).count();  // saturates
}

// Rows merged under a name, largest first. Roles and types of vision and MTP layers stay apart.
std::vector<Line> Grouped(const std::vector<InventoryRow>& rows, int by) {
  std::map<std::string, Line> lines;
  for (const InventoryRow& row : rows) {
    std::string name = by == 0 ? RoleTitle(row.role) : row.type;
    if (row.part != TensorPart::kText && by == 0) name = std::string(PartName(row.part)) + ": " + name;
    Line& line = lines[name];
    line.name = name;
    line.parameters += Parameters(row);
    line.bytes += row.bytes;
    if (by == 0 && line.note.find(row.type) == std::string::npos)
      line.note += (line.note.empty() ? "" : ", ") + row.type;
    if (by == 1 && line.note.find(RoleName(row.role)) == std::string::npos) {
      line.note += (line.note.empty() ? "" : ", ") + std::string(RoleName(row.role));
    }
  }
  std::vector<Line> sorted;
  for (auto& [name, line] : lines) sorted.push_back(std::move(line));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Line& a, const Line& b) { return a.bytes > b.bytes; });
  return sorted;
}

// Runs of layers that hold the same bytes of each kind.
std::vector<Line> ByLayer(const std::vector<Layer>& stack, const Architecture* architecture) {
  std::vector<Line> lines;
  size_t begin = 0;
  for (size_t i = 1; i <= stack.size(); ++i) {
    if (i < stack.size() && stack[i].bytes == stack[begin].bytes) continue;
    Line line;
    line.name = i - begin == 1 ? "Layer " + std::to_string(begin)
                               : "Layers " + std::to_string(begin) + " to " + std::to_string(i - 1);
    line.note = MixerOf(architecture, begin);
    line.bytes = BytesFromDouble(stack[begin].total() * static_cast<double>(i - begin));
    lines.push_back(std::move(line));
    begin = i;
  }
  return lines;
}

void DrawLines(Ui& ui, const std::vector<Line>& lines, float width) {
  constexpr size_t kMostLines = 64;
  const float height = 25;
  const TextStyle grey = {ui.colors->muted, 13};
  const float note = std::round(width * 0.395F);
  ImVec2 at = ImGui::GetCursorScreenPos();
  for (size_t i = 0; i < std::min(lines.size(), kMostLines); ++i) {
    const Line& line = lines[i];
    const std::string figure = SizeFigure(ui, line.bytes, line.bytes.gib() < 0.1 ? 4 : 2);
    const float number = TextWidth(ui, figure, grey);
    DrawText(ui, ImVec2(at.x, at.y + height / 2), line.name, {0, 13},
             width >= 560 ? note - 12 : width - number - 24);
    std::string text = line.note;
    if (line.parameters > 0) text = ParametersText(line.parameters) + (text.empty() ? "" : ", " + text);
    if (width >= 560) {
      DrawText(ui, ImVec2(at.x + note, at.y + height / 2), text, {ui.colors->muted, kNote},
               width - note - number - 24);
    }
    DrawTextRight(ui, ImVec2(at.x + width - 6, at.y + height / 2), figure, grey);
    ui.tree->Add({"row", line.name, figure + " " + UnitOf(ui), at.x, at.y, width, height});
    at.y += height;
  }
  ImGui::SetCursorScreenPos(at);
  if (lines.size() > kMostLines) {
    Paragraph(ui, CountText(static_cast<int64_t>(lines.size() - kMostLines)) + " more", width,
              {ui.colors->muted, kNote});
  }
}

}  // namespace

void DrawTensors(Ui& ui, const std::vector<InventoryRow>& rows, const Architecture* architecture,
                 int64_t layers, int* by, float width) {
  if (rows.empty()) return;
  const std::vector<Layer> stack = Stack(rows, layers);
  Gap(6);
  DrawStack(ui, architecture, stack, width);
  Gap(8);
  constexpr std::array<std::string_view, 3> kBy = {"By role", "By type", "By layer"};
  for (int i = 0; i < 3; ++i) {
    if (i > 0) ImGui::SameLine(0, 16);
    if (TabButton(ui, kBy[static_cast<size_t>(i)], i == *by)) *by = i;
  }
  Gap(4);
  DrawLines(ui, *by == 2 ? ByLayer(stack, architecture) : Grouped(rows, *by), width);
  Gap(4);
}

void DrawInventory(Ui& ui, AppState& state, float width) {
  const std::vector<InventoryRow>& rows = state.inventory();
  if (rows.empty()) return;
  const Architecture& architecture = *state.resolved().architecture;
  DrawTensors(ui, rows, &architecture, architecture.layers, &state.view.inventory_by, width);
  Paragraph(ui, "The checkpoint as it is stored. What the engine loads of it differs by the rows above.",
            width, {ui.colors->muted, kNote});
  Gap(6);
}

}  // namespace plimsoll
