// What running a configuration costs: power and energy per token, money per hour and per million tokens,
// renting against buying, and the time until the first token can be asked for at all (download, load).
//
// Prices change by the week: those of the catalog are dated medians of public offers (models/prices.json), and a reader may
// give his own. Power is the cards' TDP: an upper bound for the cards, without the host.
//
// Units: watts, joules, US dollars, bits per second for networks and bytes per second for disks.
#ifndef PLIMSOLL_CORE_ESTIMATE_COST_H_
#define PLIMSOLL_CORE_ESTIMATE_COST_H_

#include "core/base/json.h"
#include "core/base/units.h"
#include "core/catalog/rent_prices.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct CostInputs {
  RentPrices rents;                 // renting a card, where it is not the catalog's price
  double usd_per_card = 0;          // buying one; zero: the card's own figure or unknown
  double usd_per_kwh = 0;           // zero: unknown
  double hours_per_day = 24;        // of use: rented by the hour, and drawing power when owned
  double years = 3;                 // over which a purchase is written off
  double link_bits_per_s = 1e9;     // of the download
  double disk_bytes_per_s = 2.5e9;  // reading the checkpoint: a PCIe 4 SSD through the page cache
};

struct CostReport {
  double watts = 0;             // all cards at their TDP; zero: unknown
  double joules_per_token = 0;  // per output token, all streams together
  double tokens_per_joule = 0;
  double usd_per_hour = 0;  // renting; zero: unknown
  double usd_per_million_tokens = 0;
  double usd_power_per_million_tokens = 0;
  double usd_to_buy = 0;
  // Of use, until what renting costs more than power has paid for the cards; zero: never, or unknown.
  double hours_to_break_even = 0, days_to_break_even = 0;
  double usd_owned_per_million_tokens = 0;  // purchase written off over `years`, and power
  Seconds download, load;                   // of the checkpoint; from disk to all cards
};

// `speed` may be empty (a configuration that cannot run): then only what does not depend on it is filled.
CostReport EstimateCost(const Resolved& resolved, const SpeedReport& speed, const CostInputs& inputs);

// Download at the link's rate less what protocols take; load at the slower of the disk and the host links of
// all cards, each of which copies its own share.
Seconds DownloadTime(Bytes checkpoint, double link_bits_per_s);
Seconds LoadTime(const Resolved& resolved, Bytes checkpoint, double disk_bytes_per_s);

// Where a reader's price of power may start: what commercial customers in the United States paid on average
// in 2024, 12.8 cents (EIA, Electric Power Monthly, table 5.3).
constexpr double kUsualUsdPerKwh = 0.13;

Json CostToJson(const CostReport& cost);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ESTIMATE_COST_H_
