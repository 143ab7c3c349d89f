#include <cstdio>
#include <optional>
#include <string>

#include "cli/command.h"
#include "core/catalog_data.h"

namespace {

std::optional<std::string> ReadWholeFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return std::nullopt;
  std::string text;
  char buffer[65536];
  size_t read = 0;
  while ((read = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, read);
  const bool good = std::ferror(file) == 0;
  std::fclose(file);
  return good ? std::optional<std::string>(std::move(text)) : std::nullopt;
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
  const plimsoll::CommandResult result = plimsoll::RunCommand(arguments, {*catalog, ReadWholeFile});
  std::fwrite(result.out.data(), 1, result.out.size(), stdout);
  std::fwrite(result.err.data(), 1, result.err.size(), stderr);
  return result.exit;
}
