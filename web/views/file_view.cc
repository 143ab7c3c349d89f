// A model file that somebody dropped on the page or opened: what it is, and exactly its tensors.
#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// "GGUF, Q4_K_M: 291 tensors, 8.03B parameters, 4.58 GiB".
std::string Summary(const GivenFile& given, SizeUnits units) {
  const ModelFile& file = given.file;
  std::string text(FileKindName(file.kind));
  if (!file.format.empty()) text += ", " + FormatName(file.format);
  if (given.tensors > 0) {
    text += ": " + CountedText(given.tensors, "tensor", "tensors") + ", " + ParametersText(given.parameters) +
            " parameters";
  }
  if (file.bytes.count() > 0) text += ", " + SizeText(file.bytes, units);
  return text;
}

int64_t LayersOf(const std::vector<InventoryRow>& rows) {
  constexpr int64_t kMost = 4096;  // of the picture; a file may number its layers as it likes
  int64_t layers = 0;
  for (const InventoryRow& row : rows) {
    if (!row.layers.empty()) layers = std::max<int64_t>(layers, row.layers.back() + 1);
  }
  return std::min(layers, kMost);
}

}  // namespace

void DrawOpenFile(Ui& ui, AppState& state) {
  if (LinkText(ui, "Read a model file", "Read a model file")) ++state.view.files_asked;
}

void DrawGivenFile(Ui& ui, AppState& state, float width) {
  const GivenFile* given = state.given_file();
  if (given == nullptr) return;
  Gap(8);
  const TextStyle note = {ui.colors->muted, kNote};
  Paragraph(ui, given->name, width, {0, kBody, Weight::kSemibold}, "heading");
  Paragraph(ui, Summary(*given, UnitsOf(ui)), width);
  if (given->selected) Paragraph(ui, "Its architecture is the model of this page.", width, note);
  for (const std::string& remark : given->file.remarks) Paragraph(ui, remark, width, note);
  Paragraph(ui,
            given->fetched
                ? "Fetched from " + state.hub.host + " at your request: no more than its header or index."
                : "Only the header was read, in your browser; nothing of it was sent anywhere.",
            width, note);
  const std::vector<InventoryRow>& rows = given->file.rows;
  if (!rows.empty()) {
    if (Disclosure(ui, "Tensors of the file", state.view.file_open))
      state.view.file_open = !state.view.file_open;
    ImGui::SameLine(0, 24);
  }
  const bool forget = LinkText(ui, "Forget the file", "Forget the file");
  if (!rows.empty() && state.view.file_open) {
    ImGui::PushID("file");
    DrawTensors(ui, rows, nullptr, LayersOf(rows), &state.view.file_by, width);
    ImGui::PopID();
  }
  Gap(8);
  if (forget) state.ForgetFile();
}

}  // namespace plimsoll
