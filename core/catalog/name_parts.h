// A model's name taken to pieces, as publishers and people write them: its words, what says a format ("AWQ", "Q4_K_M")
// and what changes no shape ("Instruct", "2507").
#ifndef PLIMSOLL_CORE_CATALOG_NAME_PARTS_H_
#define PLIMSOLL_CORE_CATALOG_NAME_PARTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll {

// A name without its format, and the format.
struct NameParts {
  std::vector<std::string> words;  // in lower case
  std::string format;              // id; empty: it names none
  bool near_format = false;        // the nearest we know to the one named (Q4_K_XL as Q4_K_M)
};

// Of a repository, file or tag: endings of files and the format at the end are taken off, too.
NameParts SplitName(std::string_view name);
// Of an id or a displayed name, which ends with no type of GGUF.
NameParts SplitTitle(std::string_view name);

// What names are compared by: their words, joined.
struct NameKeys {
  std::string whole;
  std::string plain;   // without what changes no shape
  std::string core;    // and without active sizes ("a3b")
  bool sized = false;  // a word of the core is a size in billions ("671b")
};
NameKeys KeysOf(const NameParts& parts);
// The core without a size that is the model's own count of parameters.
std::string CoreWithout(int64_t parameters, const NameParts& parts);

// Behind the last slash.
std::string_view LastPart(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_NAME_PARTS_H_
