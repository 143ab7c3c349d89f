#include "web/picture.h"

#include <cstddef>
#include <cstring>

namespace plimsoll {
namespace {

// Knuth's multiplicative hash, a word at a time: quick, and no adversary is about.
class Digest {
 public:
  void Add(const void* data, size_t bytes) {
    const char* next = static_cast<const char*>(data);
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), next += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, next, sizeof word);
      Mix(word);
    }
    uint64_t rest = bytes;
    std::memcpy(&rest, next, bytes);
    Mix(rest);
  }
  template <typename T>
  void Add(const T& value) {
    Add(&value, sizeof value);
  }
  uint64_t sum() const { return sum_; }

 private:
  void Mix(uint64_t word) {
    sum_ = (sum_ ^ word) * 0x9E3779B97F4A7C15U;
    sum_ ^= sum_ >> 32;
  }

  uint64_t sum_ = 1;
};

bool ChangesTextures(const ImDrawData& data) {
  if (data.Textures == nullptr) return false;
  for (const ImTextureData* texture : *data.Textures) {
    if (texture->Status != ImTextureStatus_OK) return true;
  }
  return false;
}

}  // namespace

uint64_t DigestOf(const ImDrawData& data, ImU32 ground) {
  Digest digest;
  digest.Add(ground);
  digest.Add(data.DisplaySize);
  digest.Add(data.FramebufferScale);
  for (const ImDrawList* part : data.CmdLists) {
    digest.Add(part->VtxBuffer.Data, static_cast<size_t>(part->VtxBuffer.size_in_bytes()));
    digest.Add(part->IdxBuffer.Data, static_cast<size_t>(part->IdxBuffer.size_in_bytes()));
    for (const ImDrawCmd& command : part->CmdBuffer) {
      digest.Add(command.ClipRect);
      digest.Add(command.GetTexID());
      digest.Add(command.IdxOffset);
      digest.Add(command.ElemCount);
    }
  }
  return digest.sum();
}

int64_t PictureCount::Count(const ImDrawData& data, ImU32 ground) {
  const uint64_t digest = DigestOf(data, ground);
  if (count_ == 0 || digest != last_ || ChangesTextures(data)) ++count_;
  last_ = digest;
  return count_;
}

}  // namespace plimsoll
