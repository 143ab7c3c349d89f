#include "site/blocks.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"
#include "site/html.h"

namespace plimsoll {
namespace {

std::string Gib(Bytes bytes, int decimals = 1) { return DecimalText(bytes.gib(), decimals); }

// The picture is as wide as its column and its text keeps its size, so every x is a share of the width.
std::string Across(double share) { return DecimalText(share * 100, 2) + "%"; }

// In the colour of a token of the style sheet.
std::string Fill(std::string_view token) { return "fill=\"var(--" + std::string(token) + ")\""; }

std::string Rectangle(std::string_view token, double x, double width) {
  return "<rect " + Fill(token) + " x=\"" + Across(x) + "\" y=\"46\" width=\"" + Across(width) +
         "\" height=\"40\"/>";
}

std::string Seam(double x) {
  return "<line class=\"seam\" x1=\"" + Across(x) + "\" y1=\"46\" x2=\"" + Across(x) + "\" y2=\"86\"/>";
}

// A line through the bar with its label above. `row` 0 or 1 keeps two labels apart; the one further left
// takes row 1, so that its line does not cross the other label.
std::string Mark(std::string_view style, double x, int row, std::string_view text) {
  const std::string at = Across(x);
  const std::string top = row == 0 ? "4" : "22";
  return "<line class=\"" + std::string(style) + "\" x1=\"" + at + "\" y1=\"" + top + "\" x2=\"" + at +
         "\" y2=\"94\"/><text x=\"" + at + "\" dx=\"" + (x > 0.5 ? "-6" : "6") + "\" y=\"" +
         (row == 0 ? "14" : "32") + "\" text-anchor=\"" + (x > 0.5 ? "end" : "start") + "\">" +
         Escaped(text) + "</text>";
}

std::string VerdictHeading(const Answer& answer) {
  const std::string headline = TitleOf(answer);
  const size_t colon = headline.find(':');
  const std::string verdict(VerdictName(answer.report.verdict));
  if (colon == std::string::npos) return "<p class=\"verdict\">" + Escaped(headline) + "</p>\n";
  return "<p class=\"verdict\"><span class=\"" + verdict + "\">" + Escaped(headline.substr(0, colon + 1)) +
         "</span>" + Escaped(headline.substr(colon + 1)) + "</p>\n";
}

std::string AppLink(std::string_view root, std::string_view fragment, std::string_view text,
                    std::string_view style) {
  std::string link = "<a ";
  if (!style.empty()) link += "class=\"" + std::string(style) + "\" ";
  return link + "href=\"" + std::string(root) + "app/#" + Escaped(fragment) + "\">" + Escaped(text) + "</a>";
}

// Formats that a page compares: as released, then what is published for the model or usual.
std::vector<std::string> FormatsOf(const Model& model) {
  std::vector<std::string> formats = {model.native_format};
  const auto add = [&formats](std::string_view id) {
    if (std::find(formats.begin(), formats.end(), id) == formats.end()) formats.emplace_back(id);
  };
  for (const Checkpoint& checkpoint : model.checkpoints()) {
    if (checkpoint.format.family != FormatFamily::kGguf) add(checkpoint.format.id);
  }
  if (formats.size() < 2) add("fp8");
  if (formats.size() < 3) add("awq-int4");
  return formats;
}

constexpr std::array<std::string_view, 7> kCommonCards = {"rtx-4090", "rtx-5090", "l40s", "a100-sxm-80gb",
                                                          "h100-sxm", "h200",     "b200"};
constexpr std::array<int64_t, 4> kCounts = {1, 2, 4, 8};

int64_t PageContext(const Model& model) {
  const int64_t longest = model.architecture().max_positions;
  return longest > 0 ? std::min<int64_t>(longest, 16384) : 4096;
}

std::string FragmentFor(const Model& model, std::string_view format, std::string_view gpu, int64_t count) {
  std::string fragment = "m=" + model.id + "&q=" + std::string(format) + "&g=" + std::string(gpu);
  if (count > 1) fragment += "&n=" + std::to_string(count);
  return fragment + "&ctx=" + std::to_string(PageContext(model));
}

std::string Longest(const Answer& answer) {
  return CountText(answer.report.kv.max_model_len_that_fits) + " tokens";
}

// The fewest cards of a kind that hold the model; an empty answer when eight do not.
const Answer* Fewest(const Catalog& catalog, const Model& model, std::string_view format,
                     std::string_view gpu) {
  for (const int64_t count : kCounts) {
    const Answer& answer = Ask(catalog, FragmentFor(model, format, gpu, count));
    if (answer.report.fits()) return &answer;
  }
  return nullptr;
}

}  // namespace

std::string ShortParameters(const Model& model) {
  const ParameterCounts& counts = model.parameters();
  if (counts.active >= counts.text * 9 / 10) return ParametersText(counts.total);
  return ParametersText(counts.total) + ", " + ParametersText(counts.active) + " active";
}

std::string ShortFormat(std::string_view id) {
  std::string name;
  for (const char c : id)
    name += c == '-' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const std::string_view width : {"INT4", "INT8"}) {
    const size_t at = name.find(width);
    if (at != std::string::npos && at > 0) name.replace(at, 3, "int");
  }
  return name;
}

std::string LoadLineBlock(const Answer& answer) {
  const GpuReport* fullest = FullestCard(answer.report);
  if (fullest == nullptr) return "";
  const GpuReport& gpu = *fullest;
  const MemorySegments segments = SegmentsOf(gpu);
  double stacked = 0;
  for (const MemorySegment& segment : segments) stacked += std::max(0.0, segment.bytes.gib());
  const double full = std::max({stacked, gpu.capacity.gib(), gpu.total.gib(), 0.001});

  std::string picture = "<svg class=\"load-line\" role=\"img\" aria-label=\"" +
                        Escaped(Gib(gpu.total) + " of " + Gib(gpu.capacity) + " GiB on the fullest card") +
                        "\"><rect class=\"track\" y=\"46.5\" width=\"100%\" height=\"39\" rx=\"5\"/>";
  std::string legend = "<ul class=\"legend\">";
  double x = 0;
  std::string_view left_of_it;  // the colour there: two of one colour are kept apart by a seam
  for (const auto& [part, bytes] : segments) {
    if (bytes <= Bytes(0)) continue;
    const double width = bytes.gib() / full;
    picture += Rectangle(part->color, x, width);
    if (part->color == left_of_it) picture += Seam(x);
    left_of_it = part->color;
    x += width;
    legend += "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect " + Fill(part->color) +
              " width=\"10\" height=\"10\" rx=\"2.5\"/></svg>" + std::string(part->label) + " " + Gib(bytes) +
              "</li>";
  }
  if (gpu.budget > Bytes(0) && gpu.budget < gpu.capacity) {
    picture += Mark("share", gpu.budget.gib() / full, 1, "engine's share " + Gib(gpu.budget));
  }
  picture +=
      Mark("card-line", std::min(gpu.capacity.gib() / full, 0.999), 0, "card " + Gib(gpu.capacity) + " GiB");
  return picture + "</svg>\n" + legend + "</ul>\n";
}

std::string AnswerBlock(const Answer& answer, std::string_view root) {
  std::string block = "<div class=\"card\">\n" + VerdictHeading(answer);
  block += "<p>" + Escaped(answer.explanation.detail) + "</p>\n" + LoadLineBlock(answer);
  block +=
      "<table><thead><tr><th scope=\"col\">Term</th><th scope=\"col\">How</th><th scope=\"col\" "
      "class=\"number\">GiB per GPU</th></tr></thead><tbody>\n";
  for (const Term& term : answer.explanation.terms) {
    if (term.depth > 0) continue;
    block += "<tr><th scope=\"row\">" + Escaped(term.name) + "</th><td>" + Escaped(term.substituted) +
             "</td><td class=\"number\">" + Gib(term.bytes, 2) + "</td></tr>\n";
  }
  block += "</tbody></table>\n<div class=\"actions\">" +
           AppLink(root, answer.fragment, "Open in the estimator", "button primary") + "</div>\n</div>\n";
  return block;
}

std::string ModelTable(const Catalog& catalog, const Model& model, std::string_view root) {
  std::string table = "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Card</th>";
  const std::vector<std::string> formats = FormatsOf(model);
  for (const std::string& format : formats) {
    const Answer& answer = Ask(catalog, FragmentFor(model, format, "h100-sxm", 1));
    table += "<th scope=\"col\">" + Escaped(ShortFormat(format)) + ", " +
             DecimalText(answer.report.weights.checkpoint.gb(), 1) + " GB</th>";
  }
  table += "</tr></thead><tbody>\n";
  for (const std::string_view id : kCommonCards) {
    const Gpu* gpu = catalog.FindGpu(id);
    if (gpu == nullptr) continue;
    table += "<tr><th scope=\"row\"><a href=\"" + std::string(root) + "gpus/" + gpu->id + "/\">" +
             Escaped(gpu->name) + "</a></th>";
    for (const std::string& format : formats) {
      const Answer* answer = Fewest(catalog, model, format, id);
      if (answer == nullptr) {
        table += "<td class=\"note\">not on 8</td>";
        continue;
      }
      table += "<td>" +
               AppLink(root, answer->fragment, CountedText(answer->resolved->gpus, "card", "cards"), "") +
               "<br><span class=\"note\">up to " + Longest(*answer) + "</span></td>";
    }
    table += "</tr>\n";
  }
  return table + "</tbody></table></div>\n";
}

std::string GpuTable(const Catalog& catalog, const Gpu& gpu, std::string_view root) {
  std::vector<const Model*> models;
  for (const Model& model : catalog.models()) {
    if (!model.refused()) models.push_back(&model);
  }
  std::stable_sort(models.begin(), models.end(), [](const Model* a, const Model* b) {
    return a->parameters().total < b->parameters().total;
  });
  std::string table =
      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Parameters</th>"
      "<th scope=\"col\">As released</th><th scope=\"col\">4 bits</th></tr></thead><tbody>\n";
  for (const Model* model : models) {
    table += "<tr><th scope=\"row\"><a href=\"" + std::string(root) + "models/" + model->id + "/\">" +
             Escaped(model->name) + "</a></th><td>" + ShortParameters(*model) + "</td>";
    for (const std::string_view format :
         {std::string_view(model->native_format), std::string_view("awq-int4")}) {
      const Answer* answer = Fewest(catalog, *model, format, gpu.id);
      if (answer == nullptr) {
        table += "<td class=\"note\">not on 8</td>";
      } else {
        table += "<td>" +
                 AppLink(root, answer->fragment, CountedText(answer->resolved->gpus, "card", "cards"), "") +
                 " <span class=\"note\">up to " + Longest(*answer) + "</span></td>";
      }
    }
    table += "</tr>\n";
  }
  return table + "</tbody></table></div>\n";
}

}  // namespace plimsoll
