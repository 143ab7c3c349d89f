// What a file is that somebody gives in the place of a model's, by its first bytes: a page saved instead of the file, a
// pointer to it, weights in a form that names no architecture.
#ifndef PLIMSOLL_CORE_BASE_MISTAKEN_BYTES_H_
#define PLIMSOLL_CORE_BASE_MISTAKEN_BYTES_H_

#include <optional>
#include <string>
#include <string_view>

namespace plimsoll {

struct Mistaken {
  std::string what;     // "a Git LFS pointer to 4.6 GiB (the file itself is not there)"
  std::string instead;  // what to give, and how to come by it
};

// Of a file's beginning, or of a text as it was pasted. Nothing: none that we know.
std::optional<Mistaken> MistakenBytes(std::string_view first_bytes);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_MISTAKEN_BYTES_H_
