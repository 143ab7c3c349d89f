// The accuracy page: every published measurement that the estimator is held against, with what it predicts.
#ifndef PLIMSOLL_SITE_ACCURACY_PAGE_H_
#define PLIMSOLL_SITE_ACCURACY_PAGE_H_

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/catalog/catalog.h"
#include "core/validate/validation.h"

namespace plimsoll {

// One file of measured cases under a heading of its own.
struct AccuracySection {
  std::string title;
  std::string about;  // one sentence: where the cases come from
  CaseFile file;
  Json rivals;  // other predictors' published answers to these cases; null: none
};

// The page's content: a summary by metric, then every case. Nothing is left out: what has no answer is listed
// with the reason.
std::string AccuracyContent(const std::vector<AccuracySection>& sections, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_SITE_ACCURACY_PAGE_H_
