#include "core/engines/kernel_names.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr char Plain(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Plain(x) == Plain(y); });
}

std::string Plain(std::string_view text) {
  std::string plain(text);
  std::transform(plain.begin(), plain.end(), plain.begin(), [](char c) { return Plain(c); });
  return plain;
}

// By letters; else the first name that goes on from what was asked for ("triton" of TRITON_ATTN).
std::string_view NearestName(std::string_view asked, std::span<const std::string_view> names) {
  const std::string plain = Plain(asked);
  for (const std::string_view name : names) {
    if (!plain.empty() && Plain(name).rfind(plain + "_", 0) == 0) return name;
  }
  std::vector<std::string> spelled;
  for (const std::string_view name : names) spelled.push_back(Plain(name));
  const std::string_view nearest = Nearest(plain, {spelled.begin(), spelled.end()});
  for (size_t i = 0; i < names.size(); ++i) {
    if (!nearest.empty() && spelled[i] == nearest) return names[i];
  }
  return {};
}

}  // namespace

Result<std::string_view> FindKernelName(std::string_view field, std::string_view asked,
                                        std::span<const std::string_view> names) {
  if (asked.empty()) return std::string_view();
  for (const std::string_view name : names) {
    if (SameName(name, asked)) return name;
  }
  const std::string_view nearest = NearestName(asked, names);
  const std::string all = ListText({names.begin(), names.end()}, "or");
  return Error{std::string(field), Quoted(asked),
               nearest.empty() ? all : std::string(nearest) + ", or another of " + all};
}

}  // namespace plimsoll
