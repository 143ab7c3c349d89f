// What the HTML form offers: every model, card, format and engine with the names that the canvas shows, and
// every key of the configuration as the table of keys has it.
#ifndef PLIMSOLL_WEB_OPTIONS_JSON_H_
#define PLIMSOLL_WEB_OPTIONS_JSON_H_

#include <string>

#include "core/catalog/catalog.h"

namespace plimsoll {

// {"models": [{"id","name","detail"}], "gpus": [the same], "formats": [{"id","name","gguf"}],
// "engines": [{"id","name","gguf","listed","takes": [keys],"offers": {key: [{"id","name"}]}}],
// "keys": [{"key","label","help","group","widget","inverted"?,"absent"?}]}
std::string OptionsJson(const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_OPTIONS_JSON_H_
