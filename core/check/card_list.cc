#include "core/check/card_list.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/check/listed_text.h"

namespace plimsoll {
namespace {

bool Has(std::string_view text, std::string_view mark) { return text.find(mark) != std::string_view::npos; }

void Add(SmiCard card, SmiOutput* output) {
  if (output->cards.size() < kMostListedCards) output->cards.push_back(std::move(card));
}

// ---- names ------------------------------------------------------------------------------------------------

// Device ids that belong to one card of AMD's alone (pci.ids and the amdgpu driver's own list); rocm-smi prints
// them where the system has no names.
struct DeviceId {
  std::string_view id, name;
};
constexpr DeviceId kAmdDevices[] = {{"0x738c", "AMD Instinct MI100"},  {"0x738e", "AMD Instinct MI100"},
                                    {"0x7408", "AMD Instinct MI250X"}, {"0x740c", "AMD Instinct MI250X"},
                                    {"0x740f", "AMD Instinct MI210"},  {"0x74a1", "AMD Instinct MI300X"},
                                    {"0x74a5", "AMD Instinct MI325X"}, {"0x75a0", "AMD Instinct MI350X"},
                                    {"0x75a3", "AMD Instinct MI355X"}, {"0x66af", "AMD Radeon VII"}};

std::string_view NameOfDevice(std::string_view id) {
  for (const DeviceId& device : kAmdDevices) {
    if (device.id == id) return device.name;
  }
  return {};
}

void Erase(std::string_view what, std::string* text) {
  for (size_t at = text->find(what); at != std::string::npos; at = text->find(what))
    text->erase(at, what.size());
}

// "Arcturus GL-XL [AMD Instinct MI100]" is the card in brackets, "AD107M [GeForce RTX 4060 Max-Q / Mobile]" a
// laptop's, "0x74a1" one by its device id; "Intel(R) Arc(TM) A770 Graphics" has marks.
std::string PlainName(std::string_view text) {
  const std::string_view by_id = NameOfDevice(text);
  if (!by_id.empty()) return std::string(by_id);
  std::string name(text);
  const size_t open = name.find('['), close = name.rfind(']');
  if (open != std::string::npos && close != std::string::npos && open < close)
    name = name.substr(open + 1, close - open - 1);
  for (const std::string_view mark : {"(R)", "(TM)"}) Erase(mark, &name);
  for (const std::string_view mobile : {" Max-Q / Mobile", " Mobile / Max-Q", " Mobile"}) {
    if (name.ends_with(mobile)) name = name.substr(0, name.size() - mobile.size()) + " Laptop GPU";
  }
  if (name.ends_with(" Graphics") && name.starts_with("Intel")) name.resize(name.size() - 9);
  return name;
}

// As rocm-smi, amd-smi, nvidia-smi -q, system_profiler, rocminfo and xpu-smi call it.
bool IsNameKey(std::string_view key) {
  return key == "product name" || key == "card series" || key == "card_series" || key == "market_name" ||
         key == "chipset model" || key == "chip" || key == "device name" || key == "marketing name";
}

// ---- rocm-smi and amd-smi ---------------------------------------------------------------------------------

constexpr std::string_view kAskRocm = "rocm-smi --showproductname --showmeminfo vram";
constexpr std::string_view kAskAmd = "amd-smi static --asic --vram";

// The concise table: "0  2  0x74a1, 28851  42.0°C …  750.0W  12%  0%", VRAM% last but one.
void ReadConciseTable(std::string_view text, SmiOutput* output) {
  bool rows = false, unnamed = false;
  for (const std::string_view line : LinesOf(text)) {
    if (Has(line, "VRAM%")) {
      rows = true;
      continue;
    }
    const std::string_view row = TrimCell(line);
    if (!rows || row.empty() || row[0] < '0' || row[0] > '9' || !row.ends_with('%')) continue;
    SmiCard card;
    std::vector<std::string_view> words = SplitAt(row, ' ');
    words.erase(std::remove(words.begin(), words.end(), std::string_view()), words.end());
    for (std::string_view word : words) {
      if (word.ends_with(',')) word.remove_suffix(1);
      if (card.name.empty() && word.starts_with("0x")) card.name = std::string(NameOfDevice(word));
    }
    if (words.size() > 2) card.used_share = std::min(1.0, NumberAt(words[words.size() - 2]) / 100);
    unnamed = unnamed || card.name.empty();
    Add(std::move(card), output);
  }
  if (unnamed || output->cards.empty()) output->ask_for = kAskRocm;
  if (unnamed) output->cards.clear();
}

// "| 0000:05:00.0    AMD Instinct MI300X | 0 % …" and below it "283/196592 MB |".
void ReadAmdTable(std::string_view text, SmiOutput* output) {
  std::string name;
  for (const std::string_view line : LinesOf(text)) {
    const std::string_view row = TrimCell(line);
    const std::string_view cell = TrimCell(row.substr(0, row.find('|')));
    const size_t gap = cell.find(' ');
    const bool bus = gap != std::string_view::npos &&
                     cell.substr(0, gap).find(':') != std::string_view::npos &&
                     cell.substr(0, gap).find('.') != std::string_view::npos;
    if (bus && line.find('|') != std::string_view::npos) {
      name = std::string(TrimCell(cell.substr(gap)));
      continue;
    }
    const size_t slash = row.rfind('/');
    if (name.empty() || !row.ends_with(" MB") || slash == std::string_view::npos) continue;
    size_t begin = slash;
    while (begin > 0 && row[begin - 1] >= '0' && row[begin - 1] <= '9') --begin;
    SmiCard card{std::move(name), NumberAt(row.substr(slash + 1)), NumberAt(row.substr(begin))};
    name.clear();
    if (output->cards.size() < kMostListedCards) output->cards.push_back(std::move(card));
  }
}

// A figure by the name that rocm-smi and amd-smi have for it, in MiB.
void TakeMemory(const std::string& key, double number, SmiCard* card) {
  constexpr double kMib = 1024.0 * 1024.0;
  if (number <= 0) return;
  if (key == "vram total memory (b)") card->total_mib = number / kMib;
  if (key == "vram total used memory (b)") card->used_mib = number / kMib;
  const bool total = key == "size" || key == "vram_size" || key == "total_vram" || key == "vram_total";
  if (total && card->total_mib == 0) card->total_mib = number;
  if ((key == "used_vram" || key == "vram_used") && card->used_mib == 0) card->used_mib = number;
}

// --csv: a header, and a line a card.
void ReadAmdCsv(std::string_view text, SmiOutput* output) {
  std::vector<std::string> keys;
  for (const std::string_view line : LinesOf(text)) {
    const std::vector<std::string_view> cells = SplitAt(line, ',');
    if (keys.empty()) {
      const std::string_view first = TrimCell(cells[0]);
      if (cells.size() < 2 || (first != "device" && first != "gpu")) continue;
      for (const std::string_view cell : cells) keys.push_back(Lower(TrimCell(cell)));
      continue;
    }
    SmiCard card;
    for (size_t i = 0; i < std::min(cells.size(), keys.size()); ++i) {
      const std::string_view cell = TrimCell(cells[i]);
      if (IsNameKey(keys[i]) && card.name.empty()) card.name = PlainName(cell);
      TakeMemory(keys[i], NumberAt(cell), &card);
    }
    if (cells.size() > 1 && (!card.name.empty() || card.total_mib > 0)) Add(std::move(card), output);
  }
}

// The members of one card, however deep: "Card Series", {"vram": {"size": {"value": 196592, "unit": "MB"}}}.
void TakeMembers(const Json& object, int depth, SmiCard* card) {
  for (const Json::Member& member : object.members()) {
    const std::string key = Lower(member.first);
    const Json& value = member.second;
    const Json* measured = value.is_object() ? value.Find("value") : nullptr;
    const Json& plain = measured != nullptr ? *measured : value;
    if (IsNameKey(key) && value.is_string() && card->name.empty()) card->name = PlainName(value.AsString());
    TakeMemory(key, plain.is_string() ? NumberAt(plain.AsString()) : plain.AsDouble().value_or(0), card);
    if (value.is_object() && measured == nullptr && depth < 4) TakeMembers(value, depth + 1, card);
  }
}

// --json: {"card0": {…}, …}, [{"gpu": 0, …}, …], {"gpu_data": […]}.
void ReadAmdJson(const Json& json, SmiOutput* output) {
  const auto take = [&](const Json& object) {
    SmiCard card;
    TakeMembers(object, 0, &card);
    if (!card.name.empty() || card.total_mib > 0) Add(std::move(card), output);
  };
  const Json* data = json.Find("gpu_data");
  for (const Json& item : (data != nullptr ? *data : json).items()) take(item);
  for (const Json::Member& member : json.members()) {
    if (member.first.starts_with("card") && member.second.is_object()) take(member.second);
  }
}

void ReadAmd(std::string_view text, SmiOutput* output) {
  const std::string_view body =
      TrimCell(text.substr(std::min(text.size(), text.find_first_not_of(" \t\r\n"))));
  const bool braces = body.starts_with('{') || body.starts_with('[');
  if (braces && (Has(body, "\"card0\"") || Has(body, "\"market_name\"") || Has(body, "\"total_vram\""))) {
    const Result<Json> json = Json::Parse(body, "text", {int64_t{1} << 20, 16, 50000});
    output->program = Has(body, "\"card0\"") ? "rocm-smi" : "amd-smi";
    if (json.ok()) ReadAmdJson(*json, output);
  } else if (Has(text, "device,") || Has(text, "gpu,")) {
    output->program = Has(text, "device,") ? "rocm-smi" : "amd-smi";
    ReadAmdCsv(text, output);
  } else if (Has(text, "VRAM%") && Has(text, "GPU%")) {
    output->program = "rocm-smi";
    ReadConciseTable(text, output);
  } else if (Has(text, "GPU[0]") || Has(text, "MARKET_NAME")) {
    output->program = Has(text, "MARKET_NAME") ? "amd-smi" : "rocm-smi";
    ReadKeyedCards(text, output);
    if (output->cards.empty() && Has(text, "VRAM Total")) output->ask_for = kAskRocm;
  } else if (Has(text, "AMD-SMI")) {
    output->program = "amd-smi";
    ReadAmdTable(text, output);
  } else if (Has(text, "GFX_CLK") && Has(text, "VRAM_US")) {
    output->program = "amd-smi";
    output->ask_for = kAskAmd;
  }
  const bool unnamed = std::any_of(output->cards.begin(), output->cards.end(),
                                   [](const SmiCard& card) { return card.name.empty(); });
  if (!unnamed) return;
  output->cards.clear();
  output->ask_for = output->program == "rocm-smi" ? kAskRocm : kAskAmd;
}

// ---- others -----------------------------------------------------------------------------------------------

// "01:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD102 [GeForce RTX 4090] [10de:2684] (rev a1)".
// What only shows a picture (a server's ASPEED, a processor's own) is left out.
void ReadLspci(std::string_view text, SmiOutput* output) {
  for (const std::string_view line : LinesOf(text)) {
    size_t at = std::string_view::npos;
    for (const std::string_view kind :
         {"VGA compatible controller", "3D controller", "Display controller", "Processing accelerators"}) {
      at = std::min(at, line.find(kind));
    }
    const size_t colon = at == std::string_view::npos ? at : line.find(": ", at);
    if (colon == std::string_view::npos) continue;
    const std::string_view rest = line.substr(colon + 2);
    for (size_t open = rest.find('['); open != std::string_view::npos; open = rest.find('[', open + 1)) {
      const size_t close = rest.find(']', open);
      if (close == std::string_view::npos) break;
      const std::string_view name = rest.substr(open + 1, close - open - 1);
      const bool card = Has(name, "GeForce") || Has(name, "RTX") || Has(name, "Radeon") ||
                        Has(name, "Instinct") || Has(name, "Arc ") || Has(rest, "NVIDIA");
      const bool id = name.find_first_not_of("0123456789abcdef:") == std::string_view::npos;
      if (!card || id || name == "AMD/ATI") continue;
      Add({PlainName(name)}, output);
      break;
    }
  }
}

// rocminfo: an agent's "Marketing Name:" stands above its "Device Type: GPU"; processors are agents, too.
void ReadRocmInfo(std::string_view text, SmiOutput* output) {
  const bool typed = Has(text, "Device Type:");
  std::string name;
  for (const std::string_view line : LinesOf(text)) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = TrimCell(line.substr(0, colon)), value = TrimCell(line.substr(colon + 1));
    if (key == "Marketing Name") name = PlainName(value);
    const bool done = typed ? key == "Device Type" && value == "GPU" : key == "Marketing Name";
    if (!done || name.empty()) continue;
    Add({std::move(name)}, output);
    name.clear();
  }
}

// "| 0         | Device Name: Intel(R) Arc(TM) A770 Graphics   |".
void ReadXpu(std::string_view text, SmiOutput* output) {
  constexpr std::string_view kKey = "Device Name: ";
  for (const std::string_view line : LinesOf(text)) {
    const size_t at = line.find(kKey);
    if (at != std::string_view::npos) Add({PlainName(TrimCell(line.substr(at + kKey.size())))}, output);
  }
}

}  // namespace

void ReadKeyedCards(std::string_view text, SmiOutput* output) {
  std::vector<SmiCard>& cards = output->cards;
  double system_mib = 0;
  bool frame_buffer = true;
  int64_t named = -1;  // the card that rocm-smi named last
  const auto at = [&](size_t index) -> SmiCard* {
    if (index >= kMostListedCards) return nullptr;
    if (index >= cards.size()) cards.resize(index + 1);
    return &cards[index];
  };
  for (std::string_view line : LinesOf(text)) {
    line = TrimCell(line);
    size_t index = cards.empty() ? 0 : cards.size() - 1;
    const bool numbered = line.starts_with("GPU[");
    if (numbered) {
      index = static_cast<size_t>(std::min(NumberAt(line.substr(4)), 1e6));
      const size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      line = TrimCell(line.substr(colon + 1));
      if (static_cast<int64_t>(index) != named) named = static_cast<int64_t>(index);
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string key = Lower(TrimCell(line.substr(0, colon)));
    const std::string_view value = TrimCell(line.substr(colon + 1));
    if (value.empty()) frame_buffer = key.find("bar1") == std::string::npos;
    if (key.ends_with("memory usage")) frame_buffer = key.starts_with("fb");
    if (IsNameKey(key) && !value.empty()) {
      const bool next = !numbered && !cards.empty() && !cards.back().name.empty();
      // macOS says the chip once for the machine and once for its GPU.
      if (next && cards.back().name == PlainName(value) && key.starts_with("chip")) continue;
      if (SmiCard* card = at(next ? cards.size() : index)) card->name = PlainName(value);
      continue;
    }
    const double number = NumberAt(value);
    SmiCard* card = numbered || !cards.empty() ? at(index) : nullptr;
    if (key == "memory" && value.ends_with("GB")) system_mib = number * 1024;
    if (card == nullptr || number <= 0) continue;
    if (key == "vram total memory (b)") card->total_mib = number / (1024 * 1024);
    if (key == "vram total used memory (b)") card->used_mib = number / (1024 * 1024);
    const bool total = (key == "total" && frame_buffer && value.ends_with("MiB")) ||
                       ((key == "size" || key == "total_vram") && value.ends_with("MB"));
    const bool used = (key == "used" && frame_buffer && value.ends_with("MiB")) ||
                      (key == "used_vram" && value.ends_with("MB"));
    if (total && card->total_mib == 0) card->total_mib = number;
    if (used && card->used_mib == 0) card->used_mib = number;
  }
  for (SmiCard& card : cards) {
    if (card.total_mib == 0) card.total_mib = system_mib;
  }
  cards.erase(
      std::remove_if(cards.begin(), cards.end(), [](const SmiCard& card) { return card.name.empty(); }),
      cards.end());
}

SmiOutput ReadOtherCardList(std::string_view text) {
  SmiOutput output;
  ReadAmd(text, &output);
  if (!output.cards.empty() || !output.ask_for.empty()) return output;
  if (Has(text, "Chipset Model:") || Has(text, "Chip: Apple")) {
    output.program = "system_profiler";
    ReadKeyedCards(text, &output);
  } else if (Has(text, " controller") && Has(text, ": ")) {
    output.program = "lspci";
    ReadLspci(text, &output);
  } else if (Has(text, "Marketing Name:")) {
    output.program = "rocminfo";
    ReadRocmInfo(text, &output);
  } else if (Has(text, "Device Name: Intel")) {
    output.program = "xpu-smi";
    ReadXpu(text, &output);
  }
  return output;
}

}  // namespace plimsoll
