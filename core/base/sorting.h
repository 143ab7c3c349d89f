// A stable sort whose code exists once. The library's is generated anew for each kind of element and each
// order, and every visitor of the page would download a dozen of them.
#ifndef PLIMSOLL_CORE_BASE_SORTING_H_
#define PLIMSOLL_CORE_BASE_SORTING_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace plimsoll {

// The numbers 0 to count - 1 so that `before` holds of no number and an earlier one; equals keep their order.
// REQUIRES: count < 2^32.
std::vector<uint32_t> StableOrder(size_t count, bool (*before)(const void* context, size_t a, size_t b),
                                  const void* context);

// For long lists in hot loops std::sort is the faster one.
template <typename T, typename Less>
void StableSort(std::vector<T>* items, Less less) {
  const std::pair<const T*, const Less*> context(items->data(), &less);
  const std::vector<uint32_t> order = StableOrder(
      items->size(),
      [](const void* opaque, size_t a, size_t b) {
        const auto& [data, compare] = *static_cast<const std::pair<const T*, const Less*>*>(opaque);
        return (*compare)(data[a], data[b]);
      },
      &context);
  std::vector<T> sorted;
  sorted.reserve(items->size());
  for (const uint32_t from : order) sorted.push_back(std::move((*items)[from]));
  items->swap(sorted);
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_SORTING_H_
