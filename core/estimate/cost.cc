#include "core/estimate/cost.h"

#include <algorithm>

#include "core/catalog/interconnect.h"

namespace plimsoll {

namespace {

// TCP, TLS and HTTP leave about 0.94 of an Ethernet link's bits for the payload.
constexpr double kPayloadShare = 0.94;
// Host to device over PCIe: pinned copies reach about 0.85 of the link's nominal rate.
constexpr double kHostLinkShare = 0.85;
constexpr double kMillion = 1e6;
constexpr double kJoulesPerKwh = 3.6e6;

double Watts(const Resolved& resolved) {
  double watts = 0;
  for (const Card& card : resolved.cards) {
    if (card.gpu->tdp_w <= 0) return 0;  // a sum without one of them would mislead
    watts += card.gpu->tdp_w;
  }
  return watts;
}

double RentOfCards(const Resolved& resolved, const RentPrices& rents) {
  double total = 0;
  for (const Card& card : resolved.cards) {
    const double price = RentOf(*card.gpu, rents);
    if (price <= 0) return 0;
    total += price;
  }
  return total;
}

double PriceOfCards(const Resolved& resolved, double given) {
  double total = 0;
  for (const Card& card : resolved.cards) {
    const double price = given > 0 ? given : card.gpu->price_usd;
    if (price <= 0) return 0;
    total += price;
  }
  return total;
}

Json OrNull(double value) { return value > 0 ? Json(value) : Json(); }

}  // namespace

Seconds DownloadTime(Bytes checkpoint, double link_bits_per_s) {
  if (!(link_bits_per_s > 0)) return {};
  return Seconds(static_cast<double>(checkpoint.count()) * 8 / (link_bits_per_s * kPayloadShare));
}

Seconds LoadTime(const Resolved& resolved, Bytes checkpoint, double disk_bytes_per_s) {
  if (!(disk_bytes_per_s > 0)) return {};
  const double bytes = static_cast<double>(checkpoint.count());
  double links = 0;
  for (const Card& card : resolved.cards) links += kHostLinkShare * HostLink(*card.gpu).value();
  double seconds = bytes / disk_bytes_per_s;
  if (links > 0) seconds = std::max(seconds, bytes / links);
  return Seconds(seconds);
}

CostReport EstimateCost(const Resolved& resolved, const SpeedReport& speed, const CostInputs& inputs) {
  CostReport cost;
  const double rate = speed.decode_tokens_per_s_total;
  cost.watts = Watts(resolved);
  cost.usd_per_hour = RentOfCards(resolved, inputs.rents);
  cost.usd_to_buy = PriceOfCards(resolved, inputs.usd_per_card);
  if (rate > 0) {
    cost.joules_per_token = cost.watts / rate;
    cost.tokens_per_joule = cost.watts > 0 ? rate / cost.watts : 0;
    cost.usd_per_million_tokens = cost.usd_per_hour / 3600 / rate * kMillion;
    cost.usd_power_per_million_tokens = cost.joules_per_token / kJoulesPerKwh * inputs.usd_per_kwh * kMillion;
  }
  const double power_per_hour = cost.watts / 1000 * std::max(0.0, inputs.usd_per_kwh);
  const double saved_per_hour = cost.usd_per_hour - power_per_hour;
  const double hours = std::clamp(inputs.hours_per_day, 0.0, 24.0);
  if (cost.usd_to_buy > 0 && saved_per_hour > 0) {
    cost.hours_to_break_even = cost.usd_to_buy / saved_per_hour;
    if (hours > 0) cost.days_to_break_even = cost.hours_to_break_even / hours;
  }
  const double life = std::max(0.0, inputs.years) * 365.25 * hours;
  if (cost.usd_to_buy > 0 && rate > 0 && life > 0) {
    cost.usd_owned_per_million_tokens =
        cost.usd_to_buy / life / 3600 / rate * kMillion + cost.usd_power_per_million_tokens;
  }
  cost.download = DownloadTime(resolved.stored.file, inputs.link_bits_per_s);
  cost.load = LoadTime(resolved, resolved.stored.checkpoint, inputs.disk_bytes_per_s);
  return cost;
}

Json CostToJson(const CostReport& cost) {
  Json json = Json::MakeObject();
  json.Set("watts", OrNull(cost.watts))
      .Set("joules_per_token", OrNull(cost.joules_per_token))
      .Set("tokens_per_joule", OrNull(cost.tokens_per_joule))
      .Set("usd_per_hour", OrNull(cost.usd_per_hour))
      .Set("usd_per_million_tokens", OrNull(cost.usd_per_million_tokens))
      .Set("usd_power_per_million_tokens", OrNull(cost.usd_power_per_million_tokens))
      .Set("usd_to_buy", OrNull(cost.usd_to_buy))
      .Set("hours_to_break_even", OrNull(cost.hours_to_break_even))
      .Set("days_to_break_even", OrNull(cost.days_to_break_even))
      .Set("usd_owned_per_million_tokens", OrNull(cost.usd_owned_per_million_tokens))
      .Set("download_s", OrNull(cost.download.value()))
      .Set("load_s", OrNull(cost.load.value()));
  return json;
}

}  // namespace plimsoll
