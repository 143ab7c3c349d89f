// Lists of cards that programs other than NVIDIA's print: rocm-smi and amd-smi (tables, CSV, JSON), rocminfo,
// lspci, xpu-smi and macOS' system_profiler. nvidia_smi.h makes a configuration of them.
#ifndef PLIMSOLL_CORE_CHECK_CARD_LIST_H_
#define PLIMSOLL_CORE_CHECK_CARD_LIST_H_

#include <string>
#include <string_view>
#include <vector>

namespace plimsoll {

struct SmiCard {
  std::string name;
  double total_mib = 0, used_mib = 0;  // 0: not said
  bool slice = false;                  // a part of a card (MIG)
  double used_share = 0;               // of the card's memory, where only that is said
};
struct SmiProcess {
  std::string name;
  double mib = 0;
};
struct SmiOutput {
  std::vector<SmiCard> cards;
  std::vector<SmiProcess> processes;
  std::string_view program = "nvidia-smi";
  // There are cards, and nothing says which: what to ask the program for instead. Empty: they are named.
  std::string_view ask_for = {};
};

constexpr size_t kMostListedCards = 256;

// "Product Name : NVIDIA L4", "GPU[0] : VRAM Total Memory (B): 25753026560", "Chipset Model: Apple M4 Max".
void ReadKeyedCards(std::string_view text, SmiOutput* output);

// No cards and nothing to ask for: the text is something else.
SmiOutput ReadOtherCardList(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CARD_LIST_H_
