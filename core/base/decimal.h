// Doubles as decimal text and back, exactly rounded (half to even), alike in both builds. The C library can
// do it too, but through long double arithmetic in software, which weighs more than all of this on the page.
#ifndef PLIMSOLL_CORE_BASE_DECIMAL_H_
#define PLIMSOLL_CORE_BASE_DECIMAL_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace plimsoll {

// As "%.*f" prints: `decimals` digits behind the point, which is left out with none. REQUIRES: finite;
// 0 <= decimals <= 20.
std::string FixedDecimal(double value, int decimals);

// As "%.*g" prints. REQUIRES: finite; 1 <= digits <= 20.
std::string GeneralDecimal(double value, int digits);

// The double nearest to the number that the text begins with: sign, digits, point, exponent, as strtod reads
// them but for hexadecimal and words. `length` gets how many characters it took; 0: none. Beyond the largest
// double: infinity.
double ReadDecimal(std::string_view text, size_t* length);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_DECIMAL_H_
