#include "core/solve/map.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/cost.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/solve/comparison.h"
#include "core/solve/variation.h"

namespace plimsoll {
namespace {

constexpr size_t kMostModels = 24;
// Cards that people ask about most, by memory.
constexpr std::string_view kUsualCards[] = {"rtx-3060-12gb",
                                            "rtx-3090",
                                            "rtx-4090",
                                            "rtx-5090",
                                            "l4",
                                            "l40s",
                                            "a100-sxm-40gb",
                                            "rtx-pro-6000-blackwell-ws",
                                            "a100-sxm-80gb",
                                            "h100-sxm",
                                            "h200",
                                            "b200",
                                            "mi300x"};

bool IsAxis(std::string_view axis) {
  return std::find(kMapAxes.begin(), kMapAxes.end(), axis) != kMapAxes.end();
}

std::vector<Json> Doublings(int64_t first, int64_t last) {
  std::vector<Json> values;
  for (int64_t value = first; value < last; value *= 2) values.emplace_back(value);
  values.emplace_back(last);
  return values;
}

std::vector<Json> Cards(const Resolved& resolved, const Catalog& catalog) {
  std::vector<const Gpu*> cards;
  for (const std::string_view id : kUsualCards) {
    const Gpu* gpu = catalog.FindGpu(id);
    if (gpu != nullptr) cards.push_back(gpu);
  }
  const Gpu* own = resolved.cards.empty() ? nullptr : resolved.cards.front().gpu;
  if (own != nullptr && std::find(cards.begin(), cards.end(), own) == cards.end()) cards.push_back(own);
  std::stable_sort(cards.begin(), cards.end(),
                   [](const Gpu* a, const Gpu* b) { return a->memory_gb < b->memory_gb; });
  std::vector<Json> values;
  for (const Gpu* gpu : cards) values.emplace_back(gpu->id);
  return values;
}

std::vector<Json> Models(const Resolved& resolved, const Catalog& catalog) {
  std::vector<const Model*> models;
  for (const Model& model : catalog.models()) {
    if (!model.refused() && model.parameters().total > 0) models.push_back(&model);
  }
  const double own = std::log(static_cast<double>(std::max<int64_t>(1, resolved.parameters.total)));
  const auto distance = [&](const Model* model) {
    return model == resolved.model ? -1
                                   : std::abs(std::log(static_cast<double>(model->parameters().total)) - own);
  };
  std::stable_sort(models.begin(), models.end(),
                   [&](const Model* a, const Model* b) { return distance(a) < distance(b); });
  if (models.size() > kMostModels) models.resize(kMostModels);
  std::stable_sort(models.begin(), models.end(), [](const Model* a, const Model* b) {
    return a->parameters().total < b->parameters().total;
  });
  std::vector<Json> values;
  for (const Model* model : models) values.emplace_back(model->id);
  return values;
}

// All that the engine loads for this model, most bits first.
std::vector<Json> Formats(const Config& base, const Resolved& resolved, const Catalog& catalog) {
  const struct Start start = StartOf(resolved, EstimateResolved(resolved));
  Config native = base;
  native.format = Json();
  Inquiry inquiry;
  struct Known {
    std::string id;
    double bits;
  };
  std::vector<Known> formats;
  const auto add = [&](const std::string& id) {
    if (id.empty() ||
        std::any_of(formats.begin(), formats.end(), [&](const Known& known) { return known.id == id; }))
      return;
    formats.push_back({id, BitsStored(WithFormat(native, id), catalog, &inquiry)});
  };
  const Result<Resolved> released = Settle(native, catalog);
  if (released.ok() && released->format) add(released->format->id);
  for (const std::string_view id : start.engine->Formats()) {
    if (IsPublished(start, id, catalog) || !NeedsPublication(start, id)) add(std::string(id));
  }
  if (resolved.format) add(resolved.format->id);
  std::stable_sort(formats.begin(), formats.end(),
                   [](const Known& a, const Known& b) { return a.bits > b.bits; });
  std::vector<Json> values;
  for (const Known& known : formats) values.emplace_back(known.id);
  return values;
}

std::vector<Json> CacheTypes(const EngineTraits& engine) {
  std::vector<Json> values;
  for (const KeyChoice& choice : kKvTypeChoices) {
    if (Offers(engine, choice)) values.emplace_back(choice.id);
  }
  return values;
}

void SetAxis(std::string_view axis, const Json& value, const Catalog& catalog, Config* config) {
  (void)SetConfigValue(*FindConfigKey(axis), value, config);
  if (axis == "gpu") config->gpu_memory_mib.clear();
  if (axis != "model") return;
  config->inline_model = Json();
  if (!config->format.is_string()) config->format = Json();
  // A context that this model does not have would say nothing of the card.
  const Model* model = catalog.FindModel(config->model);
  const int64_t longest = model == nullptr ? 0 : model->architecture().max_positions;
  if (longest > 0 && config->max_model_len.value_or(0) > longest) config->max_model_len = longest;
}

Config ConfigAsked(const MapQuestion& question, size_t x, size_t y, size_t z, const Catalog& catalog) {
  Config config = question.base;
  SetAxis(question.x, question.xs[x], catalog, &config);
  SetAxis(question.y, question.ys[y], catalog, &config);
  if (!question.z.empty()) SetAxis(question.z, question.zs[z], catalog, &config);
  return config;
}

double FigureOf(MapMeasure measure, const Resolved& resolved, const Report& report, const RentPrices& rents) {
  const GpuReport* card = FullestCard(report);
  switch (measure) {
    case MapMeasure::kHeadroom:
      return card != nullptr ? card->headroom.gib() : 0;
    case MapMeasure::kLongest:
      return static_cast<double>(report.kv.max_model_len_that_fits);
    case MapMeasure::kUsers:
      return report.kv.max_concurrency;
    case MapMeasure::kRate:
      return report.speed.decode_tokens_per_s;
    case MapMeasure::kFirstToken:
      return report.speed.ttft_ms / 1e3;
    case MapMeasure::kCost:
      break;
  }
  double rent = 0;
  for (const Card& each : resolved.cards) {
    const double price = RentOf(*each.gpu, rents);
    if (price <= 0) return 0;
    rent += price;
  }
  const double rate = report.speed.decode_tokens_per_s_total;
  return rate > 0 ? rent / 3600 / rate * 1e6 : 0;
}

}  // namespace

Result<std::vector<Json>> MapValues(std::string_view axis, const Config& base, const Catalog& catalog) {
  const Result<Resolved> resolved = Settle(base, catalog);
  if (!resolved.ok()) return resolved.error();
  if (axis == "model") return Models(*resolved, catalog);
  if (axis == "format") return Formats(base, *resolved, catalog);
  if (axis == "gpu") return Cards(*resolved, catalog);
  if (axis == "gpus") return std::vector<Json>{Json(1), Json(2), Json(4), Json(8), Json(16)};
  if (axis == "max_model_len")
    return Doublings(4096, std::max<int64_t>(8192, resolved->architecture->max_positions));
  if (axis == "concurrency") return Doublings(1, 256);
  if (axis == "kv_cache_dtype") return CacheTypes(*resolved->engine);
  return Error{"map", Quoted(axis), ListText({kMapAxes.begin(), kMapAxes.end()}, "or")};
}

Result<MapMaker> MapMaker::Start(MapQuestion question, const Catalog& catalog) {
  MapMaker maker(std::move(question), catalog);
  MapQuestion& q = maker.sheet_.question;
  if (q.x == q.y || q.x == q.z || q.y == q.z)
    return Error{"map", Quoted(q.x == q.y ? q.y : q.z) + " twice", "axes that differ"};
  struct Side {
    const std::string* axis;
    std::vector<Json>* values;
  };
  for (const Side& side : {Side{&q.x, &q.xs}, Side{&q.y, &q.ys}, Side{&q.z, &q.zs}}) {
    if (side.axis->empty() && side.axis == &q.z) {
      q.zs = {Json()};
      continue;
    }
    if (!IsAxis(*side.axis))
      return Error{"map", Quoted(*side.axis), ListText({kMapAxes.begin(), kMapAxes.end()}, "or")};
    if (!side.values->empty()) continue;
    Result<std::vector<Json>> values = MapValues(*side.axis, q.base, catalog);
    if (!values.ok()) return values.error();
    *side.values = std::move(*values);
  }
  if (q.xs.size() * q.ys.size() > kMostMapCells / std::max<size_t>(1, q.zs.size()))
    return Error{"map", "more than " + CountText(static_cast<int64_t>(kMostMapCells)) + " cells",
                 "fewer values"};
  maker.sheet_.cells.resize(q.xs.size() * q.ys.size() * q.zs.size());
  return maker;
}

Config MapSheet::ConfigOf(size_t x, size_t y, size_t z, const Catalog& catalog) const {
  const Config asked = ConfigAsked(question, x, y, z, catalog);
  const MapCell& chosen = cell(x, y, z);
  const int64_t count = int64_t{chosen.tp} * chosen.pp;
  if (count <= 1) return asked;
  Config config = WithGpus(asked, count, chosen.tp, chosen.pp);
  if (chosen.expert_parallel) config.expert_parallel = true;
  return config;
}

void MapMaker::Consider(const Config& config, MapCell* best) {
  Result<Resolved> resolved = Settle(config, *catalog_, inquiry_.get());
  if (!resolved.ok()) return;
  // What the catalog remembers stays where it is; what was read for this cell alone may not.
  if (resolved->owned == nullptr) resolved->shelf = shelf_.get();
  const Report report = EstimateResolved(*resolved);
  MapCell cell;
  cell.understood = true;
  cell.verdict = report.verdict;
  const bool degrees = resolved->engine->layout == CardLayout::kDegrees;
  cell.tp = static_cast<int32_t>(degrees ? resolved->tp : static_cast<int64_t>(resolved->cards.size()));
  cell.pp = static_cast<int32_t>(degrees ? resolved->pp : 1);
  cell.expert_parallel = resolved->expert_parallel && resolved->tp > 1;
  const GpuReport* card = FullestCard(report);
  const double left = card != nullptr ? card->headroom.gib() : 0;
  if (report.fits()) {
    cell.figure = FigureOf(sheet_.question.measure, *resolved, report, sheet_.question.rents);
  } else {
    cell.short_gib = std::max(0.0, -left);
  }
  const bool more = kMapMeasures[static_cast<size_t>(sheet_.question.measure)].more_is_better;
  const bool better =
      !best->understood || (cell.fits() && !best->fits()) ||
      (cell.fits() && best->fits() &&
       (more ? cell.figure > best->figure
             : cell.figure > 0 && (best->figure <= 0 || cell.figure < best->figure))) ||
      (!cell.fits() && !best->fits() && best->verdict == Verdict::kInvalid &&
       cell.verdict != Verdict::kInvalid) ||
      (!cell.fits() && !best->fits() && cell.verdict == best->verdict && cell.short_gib < best->short_gib);
  if (better) *best = cell;
}

MapCell MapMaker::Look(const Config& config) {
  MapCell best;
  const int64_t count = config.gpus.value_or(1) * config.nodes.value_or(1);
  const Engine* engine = FindEngine(config.engine);
  const bool given = config.tp || config.pp || config.dp || config.gpu.size() > 1;
  const bool varied =
      sheet_.question.x == "gpus" || sheet_.question.y == "gpus" || sheet_.question.z == "gpus";
  if (count <= 1 || engine == nullptr || (given && !varied)) {
    Consider(config, &best);
    return best;
  }
  const Model* model = catalog_->FindModel(config.model);
  const bool experts = model == nullptr || HasExperts(model->architecture());
  for (const Config& layout : LegalLayouts(config, count, *engine, experts)) Consider(layout, &best);
  return best;
}

bool MapMaker::Advance(size_t cells) {
  const MapQuestion& q = sheet_.question;
  const size_t columns = q.xs.size(), rows = q.ys.size();
  for (size_t i = 0; i < cells && next_ < total(); ++i, ++next_) {
    sheet_.cells[next_] =
        Look(ConfigAsked(q, next_ % columns, next_ / columns % rows, next_ / columns / rows, *catalog_));
  }
  return next_ >= total();
}

std::string EncodeMapAxes(const MapQuestion& question) {
  const MapQuestion usual;
  std::string text;
  const auto add = [&text](std::string word) { text += (text.empty() ? "" : "!") + std::move(word); };
  if (question.x != usual.x) add("x." + question.x);
  if (question.y != usual.y) add("y." + question.y);
  if (!question.z.empty()) add("z." + question.z);
  if (question.measure != usual.measure)
    add("c." + std::string(kMapMeasures[static_cast<size_t>(question.measure)].key));
  return text;
}

std::optional<Error> DecodeMapAxes(std::string_view text, MapQuestion* question) {
  MapQuestion read;
  for (const std::string_view word : text.empty() ? std::vector<std::string_view>() : SplitAt(text, '!')) {
    const std::string_view side = word.substr(0, 2),
                           name = word.size() > 2 ? word.substr(2) : std::string_view();
    if (side == "c.") {
      const auto measure = std::find_if(kMapMeasures.begin(), kMapMeasures.end(),
                                        [name](const MapMeasureInfo& info) { return info.key == name; });
      if (measure == kMapMeasures.end())
        return Error{"map", Quoted(word), "a measure such as c.max_model_len"};
      read.measure = static_cast<MapMeasure>(measure - kMapMeasures.begin());
      continue;
    }
    std::string* axis = side == "x." ? &read.x : side == "y." ? &read.y : side == "z." ? &read.z : nullptr;
    if (axis == nullptr || !IsAxis(name))
      return Error{"map", Quoted(word),
                   "x., y. or z. and " + ListText({kMapAxes.begin(), kMapAxes.end()}, "or")};
    *axis = name;
  }
  if (read.x == read.y || read.x == read.z || read.y == read.z)
    return Error{"map", Quoted(text), "axes that differ"};
  question->x = read.x;
  question->y = read.y;
  question->z = read.z;
  question->measure = read.measure;
  return std::nullopt;
}

}  // namespace plimsoll
