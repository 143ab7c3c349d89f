#include "core/base/mistaken_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace plimsoll {
namespace {

std::string WhatIs(std::string_view bytes) {
  const std::optional<Mistaken> found = MistakenBytes(bytes);
  return found ? found->what : "";
}

TEST(MistakenBytes, EachIsNamedAndSaysHowToGoOn) {
  const std::string zeros(6, '\0');
  const std::pair<std::string, const char*> cases[] = {
      {"\n <!DOCTYPE html><title>x</title>", "an HTML page"},
      {"<html lang=en>", "an HTML page"},
      {"<?xml version=\"1.0\"?><Error>", "an XML document"},
      {"Entry not found", "a hub's answer"},
      {"Access to model meta-llama/Llama-3.1-8B is restricted", "a hub's answer"},
      {std::string("GGUF\x03\0\0\0", 8), "a GGUF file"},
      {"tjgg", "older than GGUF"},
      {"\x40\x01" + zeros + "{\"__metadata__\"", "a safetensors file"},
      {"PK\x03\x04xxxx", "a ZIP archive"},
      {"\x80\x02}q", "a Python pickle"},
      {"\xff\xfe{", "UTF-16"},
  };
  for (const auto& [bytes, what] : cases) {
    const std::optional<Mistaken> found = MistakenBytes(bytes);
    ASSERT_TRUE(found) << what;
    EXPECT_NE(found->what.find(what), std::string::npos) << found->what;
    EXPECT_FALSE(found->instead.empty()) << what;
  }
}

// git-lfs docs/spec.md's own example, with the size of a shard of Llama-3.1-8B.
TEST(MistakenBytes, ALfsPointerSaysOfHowMuch) {
  EXPECT_EQ(WhatIs("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4976698672\n"),
            "a Git LFS pointer to a file of 4.6 GiB, which is not there");
  EXPECT_EQ(WhatIs("version https://git-lfs.github.com/spec/v1\n"), "a Git LFS pointer, which is not there");
}

TEST(MistakenBytes, WhatPeopleWriteIsNone) {
  for (const char* text : {"", " ", "{}", "vllm serve x", "GGUF of 7B in 24 GB?", "<think>", "PKG",
                           "version: \"3\"", "Entry 3", "services {\n"}) {
    EXPECT_EQ(WhatIs(text), "") << text;
  }
}

}  // namespace
}  // namespace plimsoll
