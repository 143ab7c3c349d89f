// What a page may ask the core for: one configuration (a link's fragment), answered once, and its numbers by
// name.
#ifndef PLIMSOLL_SITE_PAGE_NUMBERS_H_
#define PLIMSOLL_SITE_PAGE_NUMBERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/catalog/catalog.h"
#include "core/estimate/estimate.h"

namespace plimsoll {

// An answered configuration. Not copied: `resolved` points into `config`.
struct Answer {
  Config config;
  std::string fragment;
  std::optional<Resolved> resolved;
  Report report;
  Explanation explanation;
};

// The reference stays valid. REQUIRES: a fragment that decodes and resolves; anything else ends the program
// with a message, because a page with a wrong number must not be published.
const Answer& Ask(const Catalog& catalog, std::string_view fragment);

// The headline as a title: without the full stop.
std::string TitleOf(const Answer& answer);

// "weights_gib", "headline", "kv_token_kib", ...; empty when there is no such number.
std::optional<std::string> NumberOf(const Answer& answer, std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_SITE_PAGE_NUMBERS_H_
