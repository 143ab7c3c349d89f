// One bar per card, in text: what takes its memory against what the engine may use and what the card has.
#ifndef PLIMSOLL_CLI_LOAD_LINE_H_
#define PLIMSOLL_CLI_LOAD_LINE_H_

#include <string>

#include "core/base/text.h"
#include "core/resolve/report.h"

namespace plimsoll {

// "[WWWWWWWWWWWWWKKKKKKKAAN.....|..]": the letter of each part of memory (memory_parts.h), '.' for what is
// free, '?' for a cache that has no room, '|' where the engine's budget ends, '!' where the card ends if the
// load goes past it.
std::string LoadLineText(const GpuReport& gpu, int width);

// "W weights 37.0 GiB  K KV cache 3.2 GiB  …": the parts that occur, with their letters.
std::string LoadLegendText(const GpuReport& gpu, SizeUnits units);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_LOAD_LINE_H_
