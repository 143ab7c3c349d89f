// The C functions that worker.mjs calls: model files are read in a thread of their own, whose memory goes with it. The
// page gets what was read as JSON (core/files/model_file_json.h).
//
// Strings come out as pointers that stay valid until the next call.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/files/gguf_header.h"
#include "core/files/model_file_json.h"

namespace plimsoll {
namespace {

struct Reading {
  std::vector<FilePart> files;
  std::unique_ptr<GgufHeaderReader> gguf;  // of the last of them, while it is read
  std::string text;
};

Reading& TheReading() {
  static Reading reading;
  return reading;
}

FilePart& PartNamed(const char* name, double size) {
  std::vector<FilePart>& files = TheReading().files;
  const auto found =
      std::find_if(files.begin(), files.end(), [name](const FilePart& part) { return part.name == name; });
  FilePart& part = found != files.end() ? *found : files.emplace_back();
  part.name = name;
  part.size = static_cast<int64_t>(size);
  return part;
}

std::string ErrorText(std::string_view name, const Error& error) {
  return Json::MakeObject()
      .Set("error", Error{std::string(name), error.given, error.accepted}.Message())
      .Dump();
}

std::string Digest() {
  Reading& reading = TheReading();
  if (!reading.text.empty()) return std::exchange(reading.text, "");  // a header that was refused
  Result<ModelFile> file = ReadModelFile(reading.files);
  if (!file.ok()) return Json::MakeObject().Set("error", file.error().Message()).Dump();
  if (file->needed_bytes > 0) {
    return Json::MakeObject().Set("needed", file->needed_bytes).Set("name", file->needed_name).Dump();
  }
  std::string name = reading.files[0].name;
  if (reading.files.size() > 1) name += " and " + std::to_string(reading.files.size() - 1) + " more";
  return Json::MakeObject()
      .Set("file", ReadFileToJson(CountFile(std::move(*file))).Set("name", std::move(name)))
      .Dump();
}

}  // namespace
}  // namespace plimsoll

using namespace plimsoll;  // the exported functions are C

extern "C" {

// The first bytes of a file of `size` bytes in all; given again it replaces what was there.
EMSCRIPTEN_KEEPALIVE void plimsoll_worker_file(const char* name, const char* bytes, int length, double size) {
  PartNamed(name, size).bytes.assign(bytes, static_cast<size_t>(length));
}

// A GGUF instead, slice by slice. Each is answered by where in the file the next one begins; -1: the header is
// complete, -2: it is refused, and plimsoll_worker_digest() says why.
EMSCRIPTEN_KEEPALIVE void plimsoll_worker_gguf(const char* name, double size) {
  TheReading().gguf = std::make_unique<GgufHeaderReader>(PartNamed(name, size).size);
}
EMSCRIPTEN_KEEPALIVE double plimsoll_worker_slice(const char* name, const char* bytes, int length) {
  Reading& reading = TheReading();
  if (reading.gguf == nullptr) return -2;
  if (const auto error = reading.gguf->Feed({bytes, static_cast<size_t>(length)})) {
    reading.text = ErrorText(name, *error);
    reading.gguf.reset();
    return -2;
  }
  if (!reading.gguf->complete()) return static_cast<double>(reading.gguf->next());
  for (FilePart& part : reading.files) {
    if (part.name == name) part.gguf = std::make_shared<const GgufHeader>(reading.gguf->Take());
  }
  reading.gguf.reset();
  return -1;
}

// What the files are as one model: {"file": …}, {"error": one line}, or {"needed": bytes, "name"}: of that file so many
// bytes from its start.
EMSCRIPTEN_KEEPALIVE const char* plimsoll_worker_digest() {
  static std::string text;
  text = Digest();
  return text.c_str();
}

}  // extern "C"
