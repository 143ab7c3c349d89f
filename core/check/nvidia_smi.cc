#include "core/check/nvidia_smi.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/check/listed_text.h"

namespace plimsoll {
namespace {

// The driver holds a few MiB of every card; a display or a program holds more.
constexpr double kIdleMib = 64;
// Boards with other memory than the catalog's: more than rounding and what the driver keeps.
constexpr double kOtherMemory = 0.03;
// Of the size in a slice's name: 3g.20gb has 19.6 GiB, 1g.10gb 9.5 to 9.75 (the instance profiles in NVIDIA's MIG
// User Guide).
constexpr double kSliceShare = 0.975;

// "1024MiB / 24564MiB".
bool ReadUsage(std::string_view line, SmiCard* card) {
  const size_t slash = line.find("MiB /");
  if (slash == std::string_view::npos) return false;
  size_t begin = slash;
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9') --begin;
  card->used_mib = NumberAt(line.substr(begin));
  card->total_mib = NumberAt(line.substr(slash + 5));
  return card->total_mib > 0;
}

// "|   0  NVIDIA GeForce RTX 4090        Off |".
std::string NameInRow(std::string_view line) {
  if (line.find('|') == std::string_view::npos) return {};
  const size_t bar = line.find('|');
  std::string_view cell = line.substr(bar + 1);
  cell = TrimCell(cell.substr(0, cell.find('|')));
  size_t at = 0;
  while (at < cell.size() && cell[at] >= '0' && cell[at] <= '9') ++at;
  if (at == 0 || at > 3 || at >= cell.size() || cell[at] != ' ') return {};
  std::string_view name = TrimCell(cell.substr(at));
  for (const std::string_view mode : {"Off", "On", "N/A"}) {
    if (name.ends_with(mode)) name = TrimCell(name.substr(0, name.size() - mode.size()));
  }
  const bool letters = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return letters ? std::string(name) : std::string();
}

// "|    0   N/A  N/A      1234      C   python3            20480MiB |".
void ReadProcess(std::string_view line, SmiOutput* output) {
  const std::string_view row = TrimCell(line);
  const size_t unit = row.rfind("MiB");
  if (unit == std::string_view::npos || unit + 3 != row.size()) return;
  size_t begin = unit;
  while (begin > 0 && row[begin - 1] >= '0' && row[begin - 1] <= '9') --begin;
  std::string_view before = TrimCell(row.substr(0, begin));
  const size_t gap = before.find_last_of(' ');
  if (gap == std::string_view::npos || output->processes.size() >= kMostListedCards) return;
  output->processes.push_back({std::string(before.substr(gap + 1)), NumberAt(row.substr(begin))});
}

// "|  0    2   0   0  |     37MiB / 40192MiB    |": of which card, and what it holds.
void ReadSlice(std::string_view line, const std::vector<SmiCard>& cards, std::vector<SmiCard>* slices) {
  SmiCard slice;
  const size_t bar = line.find('|');
  if (bar == std::string_view::npos || !ReadUsage(line, &slice)) return;
  // The row below has the BAR1 window alone.
  const std::string_view cell = TrimCell(line.substr(bar + 1, line.find('|', bar + 1) - bar - 1));
  if (cell.empty() || cell[0] < '0' || cell[0] > '9') return;
  const size_t card = static_cast<size_t>(NumberAt(cell));
  if (card >= cards.size() || slices->size() >= kMostListedCards) return;
  slice.name = cards[card].name;
  slice.slice = true;
  slices->push_back(std::move(slice));
}

void ReadTable(std::string_view text, SmiOutput* output) {
  std::string name;
  bool processes = false, mig = false;
  std::vector<SmiCard> slices;
  for (const std::string_view line : LinesOf(text)) {
    if (line.find("Processes:") != std::string_view::npos) processes = true;
    if (line.find("MIG devices:") != std::string_view::npos) mig = true;
    if (mig && !processes) {
      ReadSlice(line, output->cards, &slices);
      continue;
    }
    if (processes) {
      ReadProcess(line, output);
      continue;
    }
    SmiCard card;
    if (!name.empty() && ReadUsage(line, &card)) {
      card.name = std::move(name);
      name.clear();
      if (output->cards.size() < kMostListedCards) output->cards.push_back(std::move(card));
      continue;
    }
    // Where the memory is the system's, none is told.
    if (!name.empty() && line.find("Not Supported") != std::string_view::npos) {
      if (output->cards.size() < kMostListedCards) output->cards.push_back({std::move(name), 0, 0});
      name.clear();
      continue;
    }
    std::string found = NameInRow(line);
    if (!found.empty()) name = std::move(found);
  }
  if (!slices.empty()) output->cards = std::move(slices);
}

// "NVIDIA GeForce RTX 4090, 24564, 612": --format=csv,noheader,nounits.
void ReadBareCsv(std::string_view text, SmiOutput* output) {
  std::vector<SmiCard> cards;
  for (const std::string_view line : LinesOf(text)) {
    if (TrimCell(line).empty()) continue;
    SmiCard card;
    double largest = 0, other = 0;
    for (const std::string_view part : SplitAt(line, ',')) {
      const std::string_view cell = TrimCell(part);
      size_t length = 0;
      const double value = ReadDecimal(cell, &length);
      if (length > 0 && length == cell.size()) {
        other = value > largest ? largest : std::max(other, value);
        largest = std::max(largest, value);
      } else if (card.name.empty() &&
                 cell.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos) {
        card.name = std::string(cell);
      } else {
        return;  // prose
      }
    }
    // A card has a thousand MiB and more; anything else is no such list.
    if (card.name.empty() || !(largest >= 1000 && largest < 1e7) || cards.size() >= kMostListedCards) return;
    card.total_mib = largest;
    card.used_mib = other < largest ? other : 0;
    cards.push_back(std::move(card));
  }
  output->cards = std::move(cards);
}

// "GPU 0: NVIDIA GeForce RTX 4090 (UUID: GPU-…)", and below it "MIG 3g.20gb  Device  0: (UUID: MIG-…)".
void ReadList(std::string_view text, SmiOutput* output) {
  std::vector<SmiCard> slices;
  for (const std::string_view line : LinesOf(text)) {
    const std::string_view row = TrimCell(line);
    const size_t colon = row.find(": ");
    const size_t uuid = row.find(" (UUID");
    const size_t size = row.find("g.");
    if (row.starts_with("MIG ") && size != std::string_view::npos && !output->cards.empty()) {
      const double mib = NumberAt(row.substr(size + 2)) * 1024 * kSliceShare;
      if (mib > 0 && slices.size() < kMostListedCards)
        slices.push_back({output->cards.back().name, mib, 0, true});
      continue;
    }
    if (!row.starts_with("GPU ") || colon == std::string_view::npos || uuid == std::string_view::npos ||
        uuid < colon)
      continue;
    if (output->cards.size() < kMostListedCards)
      output->cards.push_back({std::string(row.substr(colon + 2, uuid - colon - 2)), 0, 0});
  }
  if (!slices.empty()) output->cards = std::move(slices);
}

// --query-gpu=name,memory.total,memory.used --format=csv, with or without its header.
void ReadCsv(std::string_view text, SmiOutput* output) {
  int name_at = -1, total_at = -1, used_at = -1;
  bool header = false;
  for (const std::string_view line : LinesOf(text)) {
    const std::vector<std::string_view> cells = SplitAt(line, ',');
    if (cells.size() < 2) continue;
    if (line.find("memory.") != std::string_view::npos) {
      header = true;
      for (size_t i = 0; i < cells.size(); ++i) {
        const std::string_view cell = TrimCell(cells[i]);
        if (cell == "name") name_at = static_cast<int>(i);
        if (cell.starts_with("memory.total")) total_at = static_cast<int>(i);
        if (cell.starts_with("memory.used")) used_at = static_cast<int>(i);
      }
      continue;
    }
    SmiCard card;
    int seen = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string_view cell = TrimCell(cells[i]);
      const int at = static_cast<int>(i);
      const bool mib = cell.ends_with("MiB");
      if (header) {
        if (at == name_at) card.name = std::string(cell);
        if (at == total_at) card.total_mib = NumberAt(cell);
        if (at == used_at) card.used_mib = NumberAt(cell);
      } else if (mib) {
        // Without a header the larger of two is the total.
        const double value = NumberAt(cell);
        if (seen++ == 0) {
          card.total_mib = value;
        } else {
          card.used_mib = std::min(card.total_mib, value);
          card.total_mib = std::max(card.total_mib, value);
        }
      } else if (card.name.empty() && cell.find('=') == std::string_view::npos &&
                 cell.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos) {
        card.name = std::string(cell);
      }
    }
    const bool whole = !card.name.empty() && (card.total_mib > 0 || header);
    if (whole && output->cards.size() < kMostListedCards) output->cards.push_back(std::move(card));
  }
}

std::string MibText(double mib) { return CountText(static_cast<int64_t>(std::llround(mib))) + " MiB"; }

const Gpu* FindCard(const Catalog& catalog, const SmiCard& card) {
  if (const Gpu* gpu = FindGpuNamed(catalog, card.name)) {
    const bool fits = card.total_mib <= 0 || std::fabs(gpu->memory_gb * 1024 / card.total_mib - 1) < 0.2;
    if (fits) return gpu;
  }
  // Boards that are sold with several sizes: the name with the size that stands beside it.
  if (card.total_mib > 0) {
    const int64_t gb = static_cast<int64_t>(std::llround(card.total_mib / 1024));
    for (const int64_t size : {gb, gb + 1, gb - 1}) {
      if (const Gpu* gpu = FindGpuNamed(catalog, card.name + " " + std::to_string(size) + "GB")) return gpu;
    }
  }
  return FindGpuNamed(catalog, card.name);
}

// What --query-gpu prints without the name: "24576 MiB, 120 MiB", or numbers under "memory.total [MiB]".
bool IsMemoryAlone(std::string_view text) {
  int rows = 0;
  for (const std::string_view line : LinesOf(text)) {
    const std::string_view row = TrimCell(line);
    if (row.empty() || row.starts_with("memory.") || row.starts_with("index")) continue;
    const bool sizes =
        row.find("MiB") != std::string_view::npos || text.find("memory.total") != std::string_view::npos;
    if (!sizes || row.find_first_not_of("0123456789 ,.MiB%") != std::string_view::npos) return false;
    ++rows;
  }
  return rows > 0;
}
constexpr std::string_view kAskNvidia = "nvidia-smi --query-gpu=name,memory.total,memory.used --format=csv";

}  // namespace

SmiOutput ReadSmi(std::string_view text) {
  SmiOutput output;
  if (text.find("NVIDIA-SMI") != std::string_view::npos || text.find("MiB /") != std::string_view::npos) {
    ReadTable(text, &output);
  }
  if (output.cards.empty()) ReadList(text, &output);
  if (output.cards.empty() &&
      (text.find("MiB") != std::string_view::npos || text.find("memory.") != std::string_view::npos)) {
    ReadCsv(text, &output);
  }
  if (!output.cards.empty()) return output;
  const auto has = [&](std::string_view mark) { return text.find(mark) != std::string_view::npos; };
  if (has("NVSMI LOG") || (has("Product Name") && has("FB Memory Usage"))) {
    ReadKeyedCards(text, &output);
    return output;
  }
  SmiOutput other = ReadOtherCardList(text);
  if (!other.cards.empty() || !other.ask_for.empty()) return other;
  if (text.size() < 16384) ReadBareCsv(text, &output);
  if (output.cards.empty() && IsMemoryAlone(text)) output.ask_for = kAskNvidia;
  return output;
}

std::optional<Result<CheckResult>> ReadHardwareText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes) return std::nullopt;
  const SmiOutput output = ReadSmi(text);
  CheckResult result;
  result.kind = CheckKind::kHardware;
  result.what = "list of cards by " + std::string(output.program);
  if (output.cards.empty() && !output.ask_for.empty()) {
    result.problems.push_back({"cards_not_named", "", "The list does not say which cards they are.",
                               "Paste what " + std::string(output.ask_for) + " prints.", Severity::kError});
    return result;
  }
  if (output.cards.empty()) return std::nullopt;
  const bool known = std::any_of(output.cards.begin(), output.cards.end(),
                                 [&](const SmiCard& card) { return FindCard(catalog, card) != nullptr; });
  const bool told = text.find("NVIDIA") != std::string_view::npos || output.program != "nvidia-smi";
  if (!known && !told) return std::nullopt;
  Config& config = result.config;
  bool other_memory = false, held = false, slices = false;
  for (const SmiCard& card : output.cards) {
    const Gpu* gpu = FindCard(catalog, card);
    if (gpu == nullptr) {
      result.not_understood.push_back(card.name);
      continue;
    }
    config.gpu.push_back(gpu->id);
    const double used = card.used_share > 0 ? card.used_share * gpu->usable.mib() : card.used_mib;
    config.reserved_mib.push_back(used >= kIdleMib ? std::round(used) : 0);
    held = held || config.reserved_mib.back() > 0;
    // Between what CUDA gets and what is printed on the box. Of memory that is the system's the driver gives a part.
    const double sold = gpu->memory_gb * 1024, given = gpu->usable.mib();
    const double least = gpu->unified_memory ? sold : given;
    const bool differs = card.total_mib > 0 && (card.total_mib > sold * (1 + kOtherMemory) ||
                                                card.total_mib < least * (1 - kOtherMemory));
    slices = slices || card.slice;
    other_memory = other_memory || differs;
    const double share = gpu->unified_memory && sold > 0 ? given / sold : 1;
    config.gpu_memory_mib.push_back(differs ? std::floor(card.total_mib * share) : given);
    std::string text_of = card.name;
    const double all = card.total_mib > 0 ? card.total_mib : used > 0 ? given : 0;
    if (used > 0) {
      text_of += ", " + MibText(used) + " of " + MibText(all) + " held";
    } else if (all > 0) {
      text_of += ", " + MibText(all);
    }
    result.understood.push_back({text_of, "", card.name, "gpu", ReadEffect::kKey, ""});
  }
  const auto several = std::find_if(output.cards.begin(), output.cards.end(), [](const SmiCard& card) {
    return card.name.find('/') != std::string::npos;
  });
  if (config.gpu.empty() && several != output.cards.end()) {
    result.problems.push_back({"cards_not_named", "",
                               "Several cards are called " + Quoted(several->name) + " there.",
                               "Choose which one it is.", Severity::kError});
    config = Config();
    return result;
  }
  if (config.gpu.empty()) {
    result.problems.push_back({"card_unknown", "", "No card of these is in the catalog.",
                               "Choose one, and give its memory.", Severity::kError});
    config = Config();
    return result;
  }
  config.gpus = static_cast<int64_t>(config.gpu.size());
  if (!other_memory) config.gpu_memory_mib.clear();
  if (!held) config.reserved_mib.clear();
  if (std::all_of(config.gpu.begin(), config.gpu.end(),
                  [&](const std::string& id) { return id == config.gpu[0]; })) {
    config.gpu.resize(1);
  }
  if (config.gpus == 1) config.gpus.reset();
  for (const SmiProcess& process : output.processes) {
    result.understood.push_back({process.name + ", " + MibText(process.mib), "", "",
                                 held ? "reserved_mib" : "", held ? ReadEffect::kKey : ReadEffect::kFree,
                                 ""});
  }
  if (slices) {
    result.problems.push_back(
        {"mig_slices", "",
         "The cards are slices of MIG: their memory is taken as it stands there, their speed as "
         "that of the whole card.",
         "", Severity::kInfo});
  }
  if (held) {
    result.problems.push_back({"memory_held", "", "Other programs hold memory of the cards: it is taken off.",
                               "End them for all of the card.", Severity::kInfo});
  }
  return result;
}

}  // namespace plimsoll
