#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/curl.h"
#include "cli/hub_cache.h"
#include "core/catalog/catalog_data.h"

namespace {

bool ReadFileInPieces(const std::string& path, const plimsoll::TakePiece& take) {
  const bool standard = path == "-";
  std::FILE* file = standard ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) return false;
  char buffer[65536];
  size_t read = 0;
  while ((read = std::fread(buffer, 1, sizeof buffer, file)) > 0 && take({buffer, read})) {
  }
  const bool good = std::ferror(file) == 0;
  if (!standard) std::fclose(file);
  return good;
}

std::optional<std::string> ReadWholeFile(const std::string& path) {
  std::string text;
  const bool good = ReadFileInPieces(path, [&text](std::string_view piece) {
    text.append(piece);
    return true;
  });
  return good ? std::optional<std::string>(std::move(text)) : std::nullopt;
}

std::optional<plimsoll::FileHead> ReadFileHead(const std::string& path, int64_t bytes) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return std::nullopt;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return std::nullopt;
  plimsoll::FileHead head;
  head.size = static_cast<int64_t>(size);
  head.bytes.resize(static_cast<size_t>(std::min(bytes, head.size)));
  head.bytes.resize(std::fread(head.bytes.data(), 1, head.bytes.size(), file));
  std::fclose(file);
  return head;
}

// A line on the terminal that the next one overwrites. Control-C ends the command as ever.
void ShowProgress(int64_t done, int64_t all) {
  std::fprintf(stderr, "\r%lld of %lld requests\033[K", static_cast<long long>(done),
               static_cast<long long>(all));
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

int main(int argc, char** argv) {
  const plimsoll::CatalogData data = plimsoll::EmbeddedCatalog();
  const plimsoll::Result<plimsoll::Catalog> catalog = plimsoll::Catalog::Parse(data.models, data.gpus);
  if (!catalog.ok()) {
    std::fprintf(stderr, "plimsoll: %s\n", catalog.error().Message().c_str());
    return 1;
  }
  const plimsoll::Arguments arguments(argv + 1, argv + argc);
  bool shown = false;
  plimsoll::Progress progress;
  if (isatty(STDERR_FILENO) != 0) {
    progress = [&shown](int64_t done, int64_t all) {
      shown = true;
      ShowProgress(done, all);
    };
  }
  const std::string cache = plimsoll::HubCacheFolder(Variable("XDG_CACHE_HOME"), Variable("HOME"));
  const plimsoll::FetchUrl fetch = [&cache](const std::string& url, int64_t bytes, const std::string& token) {
    return plimsoll::FetchCached(cache, url, bytes, token, plimsoll::FetchByCurl);
  };
  const auto say = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  const plimsoll::CommandResult result = plimsoll::RunCommand(
      arguments, {*catalog, ReadWholeFile, ReadFileHead, progress, fetch, say, Variable, ReadFileInPieces});
  if (shown) std::fputs("\r\033[K", stderr);
  std::fwrite(result.out.data(), 1, result.out.size(), stdout);
  std::fwrite(result.err.data(), 1, result.err.size(), stderr);
  return result.exit;
}
