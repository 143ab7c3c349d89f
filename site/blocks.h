// The parts of a prerendered page that show an answer.
#ifndef PLIMSOLL_SITE_BLOCKS_H_
#define PLIMSOLL_SITE_BLOCKS_H_

#include <string>
#include <string_view>

#include "core/catalog/catalog.h"
#include "site/page_numbers.h"

namespace plimsoll {

// The load line of the fullest card as an inline picture with its legend.
std::string LoadLineBlock(const Answer& answer);
// Headline, detail, load line, memory table, link into the estimator. `root` leads to the site's root:
// "../../".
std::string AnswerBlock(const Answer& answer, std::string_view root);

// Every published format of the model against common cards: how many are needed, and for which context.
std::string ModelTable(const Catalog& catalog, const Model& model, std::string_view root);
// Every model against one card.
std::string GpuTable(const Catalog& catalog, const Gpu& gpu, std::string_view root);

std::string ShortParameters(const Model& model);  // "70.6B", "235B, 22B active"
std::string ShortFormat(std::string_view id);     // "awq-int4" -> "AWQ int4"

}  // namespace plimsoll

#endif  // PLIMSOLL_SITE_BLOCKS_H_
