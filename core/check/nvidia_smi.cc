#include "core/check/nvidia_smi.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/gpu_names.h"

namespace plimsoll {
namespace {

constexpr size_t kMostCards = 256;
// The driver holds a few MiB of every card; a display or a program holds more.
constexpr double kIdleMib = 64;
// Boards with other memory than the catalog's: more than rounding and what the driver keeps.
constexpr double kOtherMemory = 0.03;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r|";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string_view> LinesOf(std::string_view text) { return SplitAt(text, '\n'); }

double NumberAt(std::string_view text) {
  text = Trim(text);
  size_t length = 0;
  const double value = ReadDecimal(text, &length);
  return length > 0 && std::isfinite(value) && value >= 0 ? value : 0;
}

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
  cell = Trim(cell.substr(0, cell.find('|')));
  size_t at = 0;
  while (at < cell.size() && cell[at] >= '0' && cell[at] <= '9') ++at;
  if (at == 0 || at > 3 || at >= cell.size() || cell[at] != ' ') return {};
  std::string_view name = Trim(cell.substr(at));
  for (const std::string_view mode : {"Off", "On", "N/A"}) {
    if (name.ends_with(mode)) name = Trim(name.substr(0, name.size() - mode.size()));
  }
  const bool letters = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return letters ? std::string(name) : std::string();
}

// "|    0   N/A  N/A      1234      C   python3            20480MiB |".
void ReadProcess(std::string_view line, SmiOutput* output) {
  const std::string_view row = Trim(line);
  const size_t unit = row.rfind("MiB");
  if (unit == std::string_view::npos || unit + 3 != row.size()) return;
  size_t begin = unit;
  while (begin > 0 && row[begin - 1] >= '0' && row[begin - 1] <= '9') --begin;
  std::string_view before = Trim(row.substr(0, begin));
  const size_t gap = before.find_last_of(' ');
  if (gap == std::string_view::npos || output->processes.size() >= kMostCards) return;
  output->processes.push_back({std::string(before.substr(gap + 1)), NumberAt(row.substr(begin))});
}

void ReadTable(std::string_view text, SmiOutput* output) {
  std::string name;
  bool processes = false;
  for (const std::string_view line : LinesOf(text)) {
    if (line.find("Processes:") != std::string_view::npos) processes = true;
    if (processes) {
      ReadProcess(line, output);
      continue;
    }
    SmiCard card;
    if (!name.empty() && ReadUsage(line, &card)) {
      card.name = std::move(name);
      name.clear();
      if (output->cards.size() < kMostCards) output->cards.push_back(std::move(card));
      continue;
    }
    std::string found = NameInRow(line);
    if (!found.empty()) name = std::move(found);
  }
}

// "GPU 0: NVIDIA GeForce RTX 4090 (UUID: GPU-…)".
void ReadList(std::string_view text, SmiOutput* output) {
  for (const std::string_view line : LinesOf(text)) {
    const std::string_view row = Trim(line);
    const size_t colon = row.find(": ");
    const size_t uuid = row.find(" (UUID");
    if (!row.starts_with("GPU ") || colon == std::string_view::npos || uuid == std::string_view::npos ||
        uuid < colon)
      continue;
    if (output->cards.size() < kMostCards)
      output->cards.push_back({std::string(row.substr(colon + 2, uuid - colon - 2)), 0, 0});
  }
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
        const std::string_view cell = Trim(cells[i]);
        if (cell == "name") name_at = static_cast<int>(i);
        if (cell.starts_with("memory.total")) total_at = static_cast<int>(i);
        if (cell.starts_with("memory.used")) used_at = static_cast<int>(i);
      }
      continue;
    }
    SmiCard card;
    int seen = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string_view cell = Trim(cells[i]);
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
      } else if (card.name.empty() &&
                 cell.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos) {
        card.name = std::string(cell);
      }
    }
    const bool whole = !card.name.empty() && (card.total_mib > 0 || header);
    if (whole && output->cards.size() < kMostCards) output->cards.push_back(std::move(card));
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
  return output;
}

std::optional<Result<CheckResult>> ReadHardwareText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes) return std::nullopt;
  const SmiOutput output = ReadSmi(text);
  if (output.cards.empty()) return std::nullopt;
  const bool known = std::any_of(output.cards.begin(), output.cards.end(),
                                 [&](const SmiCard& card) { return FindCard(catalog, card) != nullptr; });
  if (!known && text.find("NVIDIA") == std::string_view::npos) return std::nullopt;
  CheckResult result;
  result.kind = CheckKind::kHardware;
  result.what = "list of cards by nvidia-smi";
  Config& config = result.config;
  bool other_memory = false, held = false;
  for (const SmiCard& card : output.cards) {
    const Gpu* gpu = FindCard(catalog, card);
    if (gpu == nullptr) {
      result.not_understood.push_back(card.name);
      continue;
    }
    config.gpu.push_back(gpu->id);
    config.reserved_mib.push_back(card.used_mib >= kIdleMib ? std::round(card.used_mib) : 0);
    held = held || config.reserved_mib.back() > 0;
    // Between what CUDA gets and what is printed on the box.
    const bool differs = card.total_mib > 0 && (card.total_mib > gpu->memory_gb * 1024 * (1 + kOtherMemory) ||
                                                card.total_mib < gpu->usable.mib() * (1 - kOtherMemory));
    other_memory = other_memory || differs;
    config.gpu_memory_mib.push_back(differs ? card.total_mib : gpu->usable.mib());
    std::string text_of = card.name;
    if (card.total_mib > 0)
      text_of += ", " + MibText(card.used_mib) + " of " + MibText(card.total_mib) + " held";
    result.understood.push_back({text_of, "", card.name, "gpu", ReadEffect::kKey, ""});
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
  if (held) {
    result.problems.push_back({"memory_held", "", "Other programs hold memory of the cards: it is taken off.",
                               "End them for all of the card.", Severity::kInfo});
  }
  return result;
}

}  // namespace plimsoll
