// Numbers as people read them: "37.4 GiB", "36,044", "1 min 12 s". One place, so that the page, the command
// and the generated pages print alike.
//
// Sizes print in binary units (GiB) by default and in decimal ones (GB) on request; the unit always stands
// beside the number. JSON never comes through here: it carries exact integers.
#ifndef PLIMSOLL_CORE_BASE_TEXT_H_
#define PLIMSOLL_CORE_BASE_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"

namespace plimsoll {

enum class SizeUnits : uint8_t { kBinary, kDecimal };  // GiB, or GB

// "37.4 GiB", "512 MiB", "20.0 KiB", "-1.5 GiB"; below one KiB plain bytes.
std::string SizeText(Bytes bytes, SizeUnits units = SizeUnits::kBinary);

// Always in GiB (GB), so that columns line up: "0.3 GiB"; two digits where `decimals` is 2.
std::string GibText(Bytes bytes, SizeUnits units = SizeUnits::kBinary, int decimals = 1);

// "36,044".
std::string CountText(int64_t count);

// Tokens, short: "16,384", "24k" when it is a whole number of 1024, "1M".
std::string ContextText(int64_t tokens);

// Tokens as people write them: "16384", "16,384", "32k" and "1.5M" of 1024 and 1024 x 1024, "128K tokens".
// Nothing where it is no whole number above 0, or beyond a thousand million.
std::optional<int64_t> ReadTokens(std::string_view text);

// Parameters: "70.6B", "671B", "494M".
std::string ParametersText(int64_t count);

// "3.1 ms", "1.2 s", "2 min 31 s", "1 h 5 min".
std::string DurationText(Seconds seconds);

// A fixed number of decimals with no exponent: "12.30". NaN prints as "?".
std::string DecimalText(double value, int decimals);

// "1 sequence", "12 sequences".
std::string CountedText(int64_t count, std::string_view singular, std::string_view plural);

// "a, b and c"; with `conjunction` "or": "a, b or c".
std::string ListText(const std::vector<std::string_view>& items, std::string_view conjunction = "and");

// Edits between two words: insertions, deletions, replacements and swaps of neighbours. Both are cut at 64
// characters.
int EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to a mistyped word; empty when none is near (more than a third of it would change).
std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// "a,b,,c" at ',': "a", "b", "", "c". Never empty.
std::vector<std::string_view> SplitAt(std::string_view text, char separator);

// Bytes of the UTF-8 character at the start of `text`; 0: there is none (RFC 3629: no surrogates, nothing
// longer than it need be, nothing beyond U+10FFFF).
size_t Utf8Length(std::string_view text);
bool IsUtf8(std::string_view text);

// ASCII letters in lower case.
std::string Lower(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_TEXT_H_
