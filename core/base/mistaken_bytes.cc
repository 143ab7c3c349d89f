#include "core/base/mistaken_bytes.h"

#include <cstdint>
#include <cstdlib>

#include "core/base/text.h"
#include "core/base/units.h"

namespace plimsoll {
namespace {

using std::string_view_literals::operator""sv;

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// What a file of this kind begins with. Texts stand behind white space, whatever their capitals; other files do not.
struct Mark {
  std::string_view start;
  std::string_view what, instead;
};

constexpr std::string_view kPage = "an HTML page (save the raw file, not the page that shows it)";
constexpr std::string_view kRaw =
    "the file behind the page's \"raw\" or \"download\" link, or the name of its repository";
constexpr std::string_view kAnswer = "a hub's answer in place of the file (not there, or not open to you)";
constexpr std::string_view kAccess =
    "the file itself; a gated repository gives it to those who have accepted its terms and send their token";
constexpr std::string_view kWithConfig =
    "the config.json beside it, or their folder: these weights name no architecture";

constexpr Mark kTexts[] = {
    {"<!doctype", kPage, kRaw},
    {"<html", kPage, kRaw},
    {"<head", kPage, kRaw},
    {"<body", kPage, kRaw},
    {"<?xml", "an XML document, as storage servers answer in place of a file (its link may have expired)",
     kRaw},
    {"entry not found", kAnswer, kAccess},
    {"repository not found", kAnswer, kAccess},
    {"invalid username or password", kAnswer, kAccess},
    {"access to model ", kAnswer, kAccess},
};

// docs/gguf.md of ggml (magic and version, which older files wrote as other letters); PKWARE's APPNOTE.TXT 4.3.7, as
// torch.save writes since 1.6; Python's pickle protocols 2 to 5.
constexpr Mark kBinaries[] = {
    {"tjgg"sv, "a GGML file older than GGUF (2023)",
     "a GGUF file, which convert_llama_ggml_to_gguf.py makes of it"},
    {"fmgg"sv, "a GGML file older than GGUF (2023)",
     "a GGUF file, which convert_llama_ggml_to_gguf.py makes of it"},
    {"lmgg"sv, "a GGML file older than GGUF (2023)",
     "a GGUF file, which convert_llama_ggml_to_gguf.py makes of it"},
    {"PK\x03\x04"sv, "a ZIP archive, as PyTorch stores weights (pytorch_model.bin)", kWithConfig},
    {"\x80\x02"sv, "a Python pickle, as PyTorch stored weights", kWithConfig},
    {"\x80\x03"sv, "a Python pickle, as PyTorch stored weights", kWithConfig},
    {"\x80\x04"sv, "a Python pickle, as PyTorch stored weights", kWithConfig},
    {"\x80\x05"sv, "a Python pickle, as PyTorch stored weights", kWithConfig},
    {"\x1f\x8b"sv, "a gzip archive", "the file that is packed in it"},
    {"\xff\xfe"sv, "text in UTF-16, as PowerShell's > writes it", "the same saved as UTF-8"},
    {"\xfe\xff"sv, "text in UTF-16", "the same saved as UTF-8"},
};

// git-lfs docs/spec.md: "version https://git-lfs…", "oid sha256:…", "size …", each on a line.
std::optional<Mistaken> LfsPointer(std::string_view text) {
  if (!StartsWith(text, "version https://git-lfs")) return std::nullopt;
  Mistaken found{"a Git LFS pointer", "the file itself: run `git lfs pull` in its folder, or download it"};
  constexpr std::string_view kSize = "\nsize ";
  const size_t at = text.find(kSize);
  const int64_t size =
      at == std::string_view::npos ? 0 : std::atoll(std::string(text.substr(at + kSize.size(), 18)).c_str());
  if (size > 0) found.what += " to a file of " + SizeText(Bytes(size));
  found.what += ", which is not there";
  return found;
}

// Eight bytes of length, then JSON (README of safetensors); texts have no zero bytes.
bool IsSafetensors(std::string_view bytes) {
  return bytes.size() > 9 && bytes[7] == '\0' && bytes[6] == '\0' && bytes[8] == '{';
}

bool IsGguf(std::string_view bytes) {
  return StartsWith(bytes, "GGUF") && (bytes.size() < 8 || bytes[6] == '\0' || bytes[7] == '\0');
}

}  // namespace

std::optional<Mistaken> MistakenBytes(std::string_view bytes) {
  if (IsGguf(bytes))
    return Mistaken{"a GGUF file", "its path as --model FILE.gguf, or the file dropped on the page"};
  if (IsSafetensors(bytes)) return Mistaken{"a safetensors file", std::string(kWithConfig)};
  for (const Mark& mark : kBinaries) {
    if (StartsWith(bytes, mark.start)) return Mistaken{std::string(mark.what), std::string(mark.instead)};
  }
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  bytes.remove_prefix(first);
  if (std::optional<Mistaken> pointer = LfsPointer(bytes)) return pointer;
  const std::string start = Lower(bytes.substr(0, 32));
  for (const Mark& mark : kTexts) {
    if (StartsWith(start, mark.start)) return Mistaken{std::string(mark.what), std::string(mark.instead)};
  }
  return std::nullopt;
}

}  // namespace plimsoll
