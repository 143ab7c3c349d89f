#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/engines/engine.h"
#include "core/formats/format_ids.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// Where the page asks in another way than the table of keys says.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kFieldLabels = {{
    {"model", "Model"},
    {"format", "Format"},
    {"gpu", "GPU"},
    {"max_model_len", "Context"},
    {"max_num_seqs", "Sequences at most"},
    {"concurrency", "Users at once"},
    {"workload.ttft_ms", "First token within, s"},
    {"workload.tpot_ms", "Each user at least, tok/s"},
    {"budget", "Budget, $ per hour"},
    {"watts", "Power of the cards, W"},
}};

}  // namespace

std::string_view FieldLabel(std::string_view field) {
  for (const auto& [known, label] : kFieldLabels) {
    if (known == field) return label;
  }
  for (const Price& price : kPrices) {
    if (price.label == field || price.key == field) return price.label;
  }
  const ConfigKey* key = FindConfigKey(field.substr(0, field.find_first_of("[.")));
  return key != nullptr ? key->label : std::string_view();
}

std::string InSentence(std::string name) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const size_t word = std::min(name.find(' '), name.size());
  const auto capitals =
      std::count_if(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(word), capital);
  if (capitals == 1 && capital(name[0])) name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return name;
}

std::string PageWords(std::string_view text) {
  const auto in_key = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  std::string words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && in_key(text[end])) ++end;
    const std::string_view token = text.substr(i, end - i);
    // "--max_model_len" and what stands in quotes are somebody's own words.
    const bool own = i > 0 && std::string_view("-\"`'").find(text[i - 1]) != std::string_view::npos;
    const std::string_view label =
        own || token.find('_') == std::string_view::npos ? std::string_view() : FieldLabel(token);
    const bool begins = words.empty() || words.ends_with(". ");
    if (label.empty()) {
      words += token;
    } else {
      words += begins ? std::string(label) : InSentence(std::string(label));
    }
    if (end < text.size()) words += text[end];
    i = end + 1;
  }
  return words;
}

std::string FormatName(std::string_view id) {
  if (const std::string_view name = NameOfFormat(id); !name.empty()) return std::string(name);
  constexpr std::string_view kGguf = "gguf-";
  if (id.substr(0, kGguf.size()) != kGguf) return std::string(id);
  std::string name(id.substr(kGguf.size()));
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

std::string FormatQualifier(const Resolved& resolved) {
  if (resolved.format == nullptr) return "";
  const WeightFormat& format = *resolved.format;
  if (format.family == FormatFamily::kGguf) return "GGUF";
  const WeightScheme* scheme = format.main_scheme();
  if (scheme == nullptr) return format.dtype == DType::kFp32 ? "32 bit" : "16 bit";
  if (scheme->group_size > 0) return "g" + std::to_string(scheme->group_size);
  return std::to_string(scheme->bits) + " bit";
}

std::string ModelQualifier(const Model& model) {
  const ParameterCounts& counts = model.parameters();
  if (counts.total <= 0) return "";
  const bool dense = counts.active >= counts.text * 9 / 10;
  if (dense) return ParametersText(counts.total) + " dense";
  return ParametersText(counts.total) + ", " + ParametersText(counts.active) + " active";
}

std::string ModelTitle(const Resolved& resolved) {
  if (resolved.model != nullptr) return resolved.model->name;
  // A repository's config says where it is from.
  if (const Json* from = resolved.config->inline_model.Find("_name_or_path")) {
    const std::string_view path = from->AsString();
    if (!path.empty() && path.size() < 200) return std::string(path.substr(path.find_last_of('/') + 1));
  }
  return resolved.architecture != nullptr ? resolved.architecture->name : "Own model";
}

SizeUnits UnitsOf(const Ui& ui) { return ui.decimal ? SizeUnits::kDecimal : SizeUnits::kBinary; }
std::string UnitOf(const Ui& ui) { return ui.decimal ? "GB" : "GiB"; }
std::string SizeFigure(const Ui& ui, Bytes bytes, int decimals) {
  return DecimalText(ui.decimal ? bytes.gb() : bytes.gib(), decimals);
}

std::string RoundedNumber(double value) {
  constexpr double kWhole = 100;  // three digits from here on anyway
  if (!(value > 0) || value >= kWhole) return CompactNumber(std::round(value));
  const double unit = std::pow(10.0, std::floor(std::log10(value)) - 2);
  return CompactNumber(std::round(value / unit) * unit);
}

std::string CompactNumber(double value) {
  std::string text = DecimalText(value, 3);
  while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
    const bool dot = text.back() == '.';
    text.pop_back();
    if (dot) break;
  }
  return text;
}

SideBySide::SideBySide(float width, int count, float gap, float least)
    : at_(ImGui::GetCursorScreenPos()), gap_(gap), bottom_(at_.y), count_(width >= least ? count : 1) {
  cell_ = (width - gap * static_cast<float>(count_ - 1)) / static_cast<float>(count_);
}

void SideBySide::Next() {
  if (next_ > 0) bottom_ = std::max(bottom_, ImGui::GetCursorScreenPos().y);
  const int column = next_++ % count_;
  if (column == 0) at_.y = bottom_;
  ImGui::SetCursorScreenPos(ImVec2(at_.x + (cell_ + gap_) * static_cast<float>(column), at_.y));
}

void SideBySide::End() {
  if (next_ > 0) bottom_ = std::max(bottom_, ImGui::GetCursorScreenPos().y);
  ImGui::SetCursorScreenPos(ImVec2(at_.x, bottom_));
}

}  // namespace plimsoll
