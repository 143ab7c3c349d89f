// Under what a model's weights are given away: the licence's own name, and what that means to somebody who wants to use
// them. Not legal advice: the licence's text decides.
#ifndef PLIMSOLL_CORE_CATALOG_LICENSE_H_
#define PLIMSOLL_CORE_CATALOG_LICENSE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace plimsoll {

enum class LicenseKind : uint8_t {
  kUnknown,   // nobody wrote it down here
  kOpen,      // for any use, as Apache and MIT are
  kTerms,     // business use under conditions: an acceptable-use policy, a size of business, a notice
  kResearch,  // no business use without asking
};

// By the licence's id, as hubs spell it ("apache-2.0", "llama3.1"). Empty, or one that this table lacks: kUnknown.
LicenseKind LicenseKindOf(std::string_view id);

// "Apache 2.0"; for none "not known".
std::string LicenseName(std::string_view id);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_LICENSE_H_
