// Which of many names is nearest kin to one that does not exist: by what the parts of a name mean, not by how
// many letters two names share. The family comes first ("qwen", "rx"), then its generation or version (3.8,
// 6700), then sizes, then what a variant is called.
#ifndef PLIMSOLL_CORE_BASE_KIN_NAMES_H_
#define PLIMSOLL_CORE_BASE_KIN_NAMES_H_

#include <string_view>
#include <vector>

namespace plimsoll {

// Empty: none is of the same family. Where no family fits, whatever contains the name, or differs in few
// letters, is taken. `name` is lower case, as ids are.
std::string_view NearestKin(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_KIN_NAMES_H_
