#include "cli/hub_cache.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace plimsoll {
namespace {

// ".../resolve/<40 hexadecimal digits>/…".
bool IsPinned(const std::string& url) {
  constexpr size_t kDigits = 40;
  const std::string mark = "/resolve/";
  const size_t at = url.find(mark);
  if (at == std::string::npos || url.size() < at + mark.size() + kDigits + 1) return false;
  const std::string revision = url.substr(at + mark.size(), kDigits);
  return revision.find_first_not_of("0123456789abcdef") == std::string::npos &&
         url[at + mark.size() + kDigits] == '/';
}

// FNV-1a, 64 bits: names of files, no protection.
std::string NameOf(const std::string& text) {
  uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  char name[17];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(hash));
  return name;
}

std::optional<std::string> ReadAll(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return std::nullopt;
  std::string text;
  char buffer[65536];
  for (size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, got);
  const bool good = std::ferror(file) == 0;
  std::fclose(file);
  return good ? std::optional<std::string>(std::move(text)) : std::nullopt;
}

// Whole or not at all: under another name first.
void WriteAll(const std::string& folder, const std::string& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return;
  const std::string part = path + ".part";
  std::FILE* file = std::fopen(part.c_str(), "wb");
  if (!file) return;
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  if (whole && closed) {
    std::filesystem::rename(part, path, error);
  } else {
    std::filesystem::remove(part, error);
  }
}

}  // namespace

std::string HubCacheFolder(const std::string& xdg_cache_home, const std::string& home) {
  if (!xdg_cache_home.empty()) return xdg_cache_home + "/plimsoll/hub";
  return home.empty() ? std::string() : home + "/.cache/plimsoll/hub";
}

HubReply FetchCached(const std::string& folder, const std::string& url, int64_t bytes,
                     const std::string& token, const FetchUrl& fetch) {
  const bool kept = !folder.empty() && IsPinned(url);
  const std::string key = url + "\n" + std::to_string(bytes);
  const std::string path = kept ? folder + "/" + NameOf(key) : std::string();
  if (kept) {
    // The address stands in front of the bytes, so that no other's are taken for it.
    const std::optional<std::string> known = ReadAll(path);
    const std::string head = key + "\n";
    if (known && known->starts_with(head)) return {200, known->substr(head.size()), ""};
  }
  HubReply reply = fetch(url, bytes, token);
  if (kept && (reply.status == 200 || reply.status == 206)) WriteAll(folder, path, key + "\n" + reply.body);
  return reply;
}

}  // namespace plimsoll
