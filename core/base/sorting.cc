#include "core/base/sorting.h"

#include <algorithm>

namespace plimsoll {

std::vector<uint32_t> StableOrder(size_t count, bool (*before)(const void* context, size_t a, size_t b),
                                  const void* context) {
  std::vector<uint32_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = static_cast<uint32_t>(i);
  std::vector<uint32_t> merged(count);
  // Runs of one, two, four … are merged in pairs; of equals the left one goes first.
  for (size_t run = 1; run < count; run *= 2) {
    for (size_t begin = 0; begin < count; begin += 2 * run) {
      const size_t middle = std::min(begin + run, count);
      const size_t end = std::min(middle + run, count);
      size_t left = begin;
      size_t right = middle;
      for (size_t at = begin; at < end; ++at) {
        const bool from_right = left == middle || (right < end && before(context, order[right], order[left]));
        merged[at] = from_right ? order[right++] : order[left++];
      }
    }
    order.swap(merged);
  }
  return order;
}

}  // namespace plimsoll
