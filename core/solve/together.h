// Several models beside each other on the same cards: a chat model, an embedder, a reranker. Whether there is room for all of
// them, and which share of a card each gets.
//
// Everything stands on the cards of the first: each other one on as many of them as it asks for, from card 0 on. An engine
// that fills its share is given what it needs for its users at full length, and of what is left as much as the others in
// proportion to its cache. Every answer is checked by an estimate of exactly the configuration that is handed back, with
// what the others hold taken off the card.
#ifndef PLIMSOLL_CORE_SOLVE_TOGETHER_H_
#define PLIMSOLL_CORE_SOLVE_TOGETHER_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/table.h"
#include "core/base/text.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/report.h"

namespace plimsoll {

struct Tenant {
  Config config;     // with its share, and with what the others hold
  std::string name;  // of the model
  Bytes least;       // on its fullest card, for its users at full length; for one where they are too many
  Bytes given;       // what it takes of that card with its share
  std::optional<double> share;  // of the card, for engines that are told one
  double users = 0;             // that it holds at full length; 0: not counted
  bool fits = false;
  bool alone = true;  // it starts there without the others
};

struct Together {
  bool fits = false;
  Bytes capacity;  // of a card
  Bytes free;      // of the fullest card; negative: what is missing
  std::vector<Tenant> tenants;
  std::string sentence;  // the answer
};

// The Error of the first configuration that is not understood, with its number: "2: model cannot be …".
Result<Together> FitTogether(const std::vector<Config>& configs, const Catalog& catalog, SizeUnits units);

Table TogetherTable(const Together& together, SizeUnits units);
Json TogetherToJson(const Together& together);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_TOGETHER_H_
