// The C functions that worker.mjs calls, in a module of their own that holds the whole core: questions that take longer than a
// frame (web/worker/work.h), and model files, whose memory goes with the worker. The page gets both answers as JSON.
//
// Strings come out as pointers that stay valid until the next call.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/catalog/catalog_data.h"
#include "core/files/gguf_header.h"
#include "web/worker/check_work.h"
#include "web/worker/file_digest.h"
#include "web/worker/work.h"

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
  return DigestFiles(reading.files).Dump();
}

constexpr double kSlice = 0.02;  // seconds, between which the worker hears what else is asked

struct Desk {
  std::map<int, std::unique_ptr<Work>> works;  // by the caller's number
  std::string text;                            // the last answer
};

Desk& TheDesk() {
  static Desk desk;
  return desk;
}

// Read when the first question comes; nullptr: it is broken.
const Catalog* TheCatalog() {
  static const Result<Catalog> catalog = [] {
    const CatalogData data = EmbeddedCatalog();
    return Catalog::Parse(data.models, data.gpus);
  }();
  return catalog.ok() ? &*catalog : nullptr;
}

double Clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
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

// DigestFiles of what was handed in.
EMSCRIPTEN_KEEPALIVE const char* plimsoll_worker_digest() {
  static std::string text;
  text = Digest();
  return text.c_str();
}

// Begins to work on a question. 0: it cannot be answered, and plimsoll_worker_answer() says why.
EMSCRIPTEN_KEEPALIVE int plimsoll_worker_begin(int number, const char* kind, const char* question) {
  Desk& desk = TheDesk();
  const Catalog* catalog = TheCatalog();
  Result<std::unique_ptr<Work>> work =
      catalog != nullptr ? StartWork(kind, question, *catalog)
                         : Result<std::unique_ptr<Work>>(Error{"catalog", "it is broken", ""});
  if (!work.ok()) {
    desk.text = ErrorAnswer(work.error());
    return 0;
  }
  desk.works[number] = std::move(*work);
  return 1;
}

// Goes on for a slice. How far it is, below 1; 2: plimsoll_worker_answer() is the answer.
EMSCRIPTEN_KEEPALIVE double plimsoll_worker_advance(int number) {
  Desk& desk = TheDesk();
  const auto found = desk.works.find(number);
  if (found == desk.works.end()) return 2;
  Work& work = *found->second;
  const double begun = Clock();
  bool done = false;
  while (!done && Clock() - begun < kSlice) done = work.Advance();
  if (!done) return std::min(work.share(), 0.999);
  desk.text = work.Answer().Dump();
  desk.works.erase(found);
  return 2;
}

// A text too long to travel as JSON: the answer of a "check".
EMSCRIPTEN_KEEPALIVE const char* plimsoll_worker_check(const char* text, int length) {
  Desk& desk = TheDesk();
  const Catalog* catalog = TheCatalog();
  desk.text = catalog != nullptr ? CheckAnswerTo({text, static_cast<size_t>(length)}, *catalog).Dump()
                                 : ErrorAnswer({"catalog", "it is broken", ""});
  return desk.text.c_str();
}

EMSCRIPTEN_KEEPALIVE void plimsoll_worker_drop(int number) { TheDesk().works.erase(number); }

EMSCRIPTEN_KEEPALIVE const char* plimsoll_worker_answer() { return TheDesk().text.c_str(); }

}  // extern "C"
