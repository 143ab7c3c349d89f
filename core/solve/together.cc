#include "core/solve/together.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

struct Need {
  Resolved resolved;
  Report report;
  size_t cards = 1;
  Bytes fixed;     // of its fullest card, without the pool
  Bytes sequence;  // of the pool there, for one of full length
  int64_t users = 1;
  bool takes_share = false;
  Bytes Least() const { return fixed + sequence * users; }
};

Config OnCardsOf(Config config, const Config& first, size_t cards_of_first) {
  if (first.gpu != config.gpu) config.gpu_memory_mib = first.gpu_memory_mib;
  config.gpu = first.gpu.empty() ? config.gpu : std::vector<std::string>{first.gpu.front()};
  const int64_t ranks = config.tp.value_or(1) * config.pp.value_or(1) * config.dp.value_or(1);
  const int64_t own = std::max(config.gpus.value_or(1) * config.nodes.value_or(1), ranks);
  if (own > static_cast<int64_t>(cards_of_first)) {
    config.gpus = static_cast<int64_t>(cards_of_first);
    config.tp.reset();
    config.pp.reset();
    config.dp.reset();
    config.nodes.reset();
  }
  return config;
}

Result<Need> NeedOf(const Config& config, const Catalog& catalog, Inquiry* inquiry) {
  Result<Resolved> resolved = Settle(config, catalog, inquiry);
  if (!resolved.ok()) return resolved.error();
  Need need;
  need.report = EstimateResolved(*resolved);
  need.cards = std::max<size_t>(1, resolved->cards.size());
  need.users = std::max<int64_t>(1, resolved->concurrency);
  const GpuReport* card = FullestCard(need.report);
  if (card != nullptr) {
    need.fixed = card->total;
    // Where the engine fills its share, what it has of cache says nothing of what it needs.
    if (resolved->engine->fills_share) {
      need.sequence = std::max(Bytes(0), card->kv_cache - card->headroom);
      need.fixed = card->total - card->kv_cache;
    }
  }
  need.takes_share =
      resolved->engine->fills_share && Takes(*resolved->engine, *FindConfigKey("gpu_memory_utilization"));
  need.resolved = std::move(*resolved);
  return need;
}

// Shares are given in thousandths.
constexpr int64_t kShareSteps = 1000;

// What is added of the free memory to each: in proportion to the caches of those who can use more. Who has no cache
// gets a step of its share, so that rounding takes nothing from it.
std::vector<Bytes> Given(const std::vector<Need>& needs, Bytes free, Bytes capacity) {
  const Bytes step = capacity / kShareSteps;
  double wanting = 0;
  for (const Need& need : needs) {
    if (!need.takes_share) continue;
    if (need.sequence > Bytes(0)) {
      wanting += (need.sequence * need.users).gib();
    } else {
      free -= step;
    }
  }
  std::vector<Bytes> given;
  for (const Need& need : needs) {
    Bytes bytes = need.Least();
    if (need.takes_share && need.sequence <= Bytes(0) && free >= Bytes(0)) bytes += step;
    if (need.takes_share && wanting > 0 && free > Bytes(0))
      bytes += GiBFromDouble(free.gib() * (need.sequence * need.users).gib() / wanting);
    given.push_back(bytes);
  }
  return given;
}

std::string SizeOf(Bytes bytes, SizeUnits units) {
  return bytes < GiB(1) ? SizeText(bytes, units) : GibText(bytes, units);
}

std::string SentenceOf(const Together& together, size_t cards, const std::string& card, SizeUnits units) {
  const std::string where =
      cards == 1 ? "on one " + card : "on " + CountText(static_cast<int64_t>(cards)) + " " + card;
  const std::string all = CountedText(static_cast<int64_t>(together.tenants.size()), "model", "models");
  if (together.free < Bytes(0))
    return "Do not fit together: " + all + " " + where + " are short by " +
           SizeOf(Bytes(0) - together.free, units) + " on the fullest card.";
  if (together.fits) {
    return "Fit together: " + all + " " + where + ", " + SizeOf(together.free, units) +
           " of the fullest card stay free for more cache.";
  }
  for (const Tenant& tenant : together.tenants) {
    if (tenant.fits) continue;
    return "Do not fit together: " + tenant.name + " cannot start " + where +
           (tenant.alone ? ", beside the others." : ", not even alone.");
  }
  return "Do not fit together.";
}

}  // namespace

Result<Together> FitTogether(const std::vector<Config>& configs, const Catalog& catalog, SizeUnits units) {
  if (configs.empty()) return Error{"together", "nothing", "two or more configurations"};
  Inquiry inquiry;
  const Result<Need> first = NeedOf(configs.front(), catalog, &inquiry);
  if (!first.ok()) return first.error();
  const size_t cards = first->cards;
  std::vector<Need> needs;
  Together together;
  for (const Config& config : configs) {
    Tenant tenant;
    tenant.config = OnCardsOf(config, configs.front(), cards);
    tenant.config.reserved_mib.clear();
    Result<Need> need = NeedOf(tenant.config, catalog, &inquiry);
    if (!need.ok()) {
      return Error{CountText(static_cast<int64_t>(needs.size()) + 1) + ": " + need.error().field,
                   need.error().given, need.error().accepted};
    }
    tenant.name = need->resolved.model != nullptr ? need->resolved.model->name : "Own model";
    // Room for one is what starting takes; for all users only where the card could hold them.
    if (need->Least() > need->resolved.cards.front().capacity) need->users = 1;
    tenant.least = need->Least();
    tenant.alone = need->report.fits();
    needs.push_back(std::move(*need));
    together.tenants.push_back(std::move(tenant));
  }
  together.capacity =
      needs.front().resolved.cards.empty() ? Bytes(0) : needs.front().resolved.cards.front().capacity;
  Bytes sum;  // card 0 is everybody's
  for (const Need& need : needs) sum += need.Least();
  together.free = together.capacity - sum;
  const std::vector<Bytes> given = Given(needs, together.free, together.capacity);
  together.fits = together.free >= Bytes(0);
  for (size_t i = 0; i < needs.size(); ++i) {
    Tenant& tenant = together.tenants[i];
    Bytes others;
    for (size_t j = 0; j < needs.size(); ++j) {
      if (j != i) others += given[j];
    }
    const GpuReport* alone = FullestCard(needs[i].report);
    if (others > Bytes(0)) tenant.config.reserved_mib = {std::ceil(others.mib())};
    // Of its memory, what it counts against its share: without what stands beside it, such as the driver's context
    // and, in some releases, the graphs; who fills its share shows both.
    const Bytes beside = alone != nullptr ? std::max(alone->driver, alone->total - alone->budget) : Bytes(0);
    const auto answer = [&](Bytes counted) {
      if (needs[i].takes_share && together.capacity > Bytes(0)) {
        const double share = std::floor(counted.gib() / together.capacity.gib() * kShareSteps) / kShareSteps;
        tenant.share = std::clamp(share, 1.0 / kShareSteps, 0.99);
        tenant.config.gpu_memory_utilization = tenant.share;
      }
      return Estimate(tenant.config, catalog, &inquiry);
    };
    Result<Report> report = answer(given[i] - beside);
    // Some releases count what others hold against the share, too.
    if (needs[i].takes_share && report.ok() && !report->fits()) report = answer(given[i] - beside + others);
    tenant.given = given[i];
    tenant.fits = report.ok() && report->fits();
    tenant.users = report.ok() ? report->kv.max_concurrency : 0;
    together.fits = together.fits && tenant.fits;
  }
  const std::string card =
      needs.front().resolved.cards.empty() ? "RAM" : needs.front().resolved.cards.front().gpu->name;
  together.sentence = SentenceOf(together, cards, card, units);
  return together;
}

Table TogetherTable(const Together& together, SizeUnits units) {
  Table table({"Together", "Needs per card>", "Gets per card>", "Share>", "Users at full length>",
               "Beside the others"});
  for (const Tenant& tenant : together.tenants) {
    table.Add({tenant.name, SizeOf(tenant.least, units), SizeOf(tenant.given, units),
               tenant.share ? DecimalText(*tenant.share, 3) : "",
               tenant.users > 0 ? DecimalText(tenant.users, 1) : "", tenant.fits ? "fits" : "does not fit"});
  }
  return table;
}

Json TogetherToJson(const Together& together) {
  Json json = Json::MakeObject();
  json.Set("fits", Json(together.fits)).Set("sentence", together.sentence);
  json.Set("capacity_bytes", Json(together.capacity.count())).Set("free_bytes", Json(together.free.count()));
  Json tenants = Json::MakeArray();
  for (const Tenant& tenant : together.tenants) {
    Json entry = Json::MakeObject();
    entry.Set("model", tenant.name)
        .Set("config", EncodeConfigJson(tenant.config))
        .Set("url", EncodeConfigUrl(tenant.config))
        .Set("needs_bytes", Json(tenant.least.count()))
        .Set("given_bytes", Json(tenant.given.count()))
        .Set("share", tenant.share ? Json(*tenant.share) : Json())
        .Set("users", Json(tenant.users))
        .Set("fits", Json(tenant.fits));
    tenants.Append(std::move(entry));
  }
  json.Set("tenants", std::move(tenants));
  return json;
}

}  // namespace plimsoll
