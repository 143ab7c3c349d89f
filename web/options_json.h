// What the HTML form offers: every model, card, format and type with the names that the canvas shows.
#ifndef PLIMSOLL_WEB_OPTIONS_JSON_H_
#define PLIMSOLL_WEB_OPTIONS_JSON_H_

#include <string>

#include "core/catalog/catalog.h"

namespace plimsoll {

// {"models": [{"id","name","detail"}], "gpus": [...], "formats": [{"id","name","engine"}], "kv":
// [{"id","name"}]}
std::string OptionsJson(const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_OPTIONS_JSON_H_
