#include "core/speed/measured_speeds.h"

#include <string_view>

#include "core/formats/gguf_types.h"

namespace plimsoll {

namespace {

bool Has(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

}  // namespace

const EngineSpeeds& MeasuredSpeeds::OfEngine(std::string_view id) const {
  for (const EngineSpeeds& row : engines) {
    if (row.engine == id) return row;
  }
  return engines[0];
}

CardClass ClassOf(const Gpu& gpu) {
  const std::string_view arch = gpu.arch;
  const int cc = gpu.compute_capability;
  switch (gpu.vendor) {
    case Vendor::kNvidia:
      if (gpu.unified_memory) return CardClass::kGraceUnified;
      if (cc < 70) return CardClass::kPascal;
      if (cc < 75) return CardClass::kVolta;
      if (cc < 80) return CardClass::kTuring;
      if (cc == 80) return CardClass::kAmpereHbm;
      if (cc < 89) return CardClass::kAmpere;
      if (cc < 90) return CardClass::kAda;
      if (cc < 100) return CardClass::kHopper;
      if (cc < 110) return CardClass::kBlackwellHbm;
      return CardClass::kBlackwell;
    case Vendor::kAmd:
      if (gpu.unified_memory) return CardClass::kStrix;
      if (Has(arch, "GCN5") || Has(arch, "CDNA1") || Has(arch, "CDNA2")) return CardClass::kCdna;
      if (Has(arch, "CDNA")) return CardClass::kCdna3;
      if (Has(arch, "RDNA4")) return CardClass::kRdna4;
      return CardClass::kRdna;
    case Vendor::kApple:
      return Has(gpu.id, "-m1") || Has(gpu.id, "-m2") ? CardClass::kAppleEarly : CardClass::kApple;
    case Vendor::kIntel:
      return CardClass::kIntel;
    case Vendor::kOther:
      return CardClass::kOther;
  }
  return CardClass::kOther;
}

std::string_view CardClassName(CardClass card) {
  constexpr std::string_view kNames[kCardClasses] = {
      "Pascal",         "Volta",           "Turing",         "Ampere GDDR",   "Ada GDDR",
      "Blackwell GDDR", "Ampere HBM",      "Hopper",         "Blackwell HBM", "Grace Blackwell",
      "Vega to CDNA2",  "CDNA3 and later", "RDNA1 to RDNA3", "RDNA4",         "Strix Halo",
      "Apple",          "Apple M1 and M2", "Intel",          "other"};
  return kNames[static_cast<size_t>(card)];
}

FormatClass ClassOf(const WeightScheme& scheme) {
  switch (scheme.family) {
    case FormatFamily::kPlain:
      return scheme.dtype == DType::kFp8 ? FormatClass::kFp8 : FormatClass::kHalf;
    case FormatFamily::kFp8:
    case FormatFamily::kFp8Block:
      return FormatClass::kFp8;
    case FormatFamily::kInt8:
    case FormatFamily::kBnbInt8:
      return FormatClass::kInt8;
    case FormatFamily::kGptq:
    case FormatFamily::kAwq:
    case FormatFamily::kPacked:
    case FormatFamily::kScaled:
      return scheme.bits >= 8 ? FormatClass::kInt8 : FormatClass::kInt4;
    case FormatFamily::kNvfp4:
      return FormatClass::kNvfp4;
    case FormatFamily::kMxfp4:
      return FormatClass::kMxfp4;
    case FormatFamily::kBnbNf4:
      return FormatClass::kBnb;
    case FormatFamily::kGguf:
      return FormatClass::kGgufK;
  }
  return FormatClass::kHalf;
}

FormatClass ClassOfGguf(int gguf_file_type) {
  if (gguf_file_type < 0 || gguf_file_type >= kGgufFileTypes) return FormatClass::kGgufK;
  switch (static_cast<GgufFileType>(gguf_file_type)) {
    case GgufFileType::kF32:
    case GgufFileType::kF16:
    case GgufFileType::kBf16:
      return FormatClass::kHalf;
    case GgufFileType::kQ8_0:
      return FormatClass::kGguf8;
    case GgufFileType::kQ4_0:
    case GgufFileType::kQ4_1:
    case GgufFileType::kQ5_0:
    case GgufFileType::kQ5_1:
    case GgufFileType::kIq4Nl:
      return FormatClass::kGguf4;
    case GgufFileType::kQ4KS:
    case GgufFileType::kQ4KM:
    case GgufFileType::kQ5KS:
    case GgufFileType::kQ5KM:
    case GgufFileType::kQ6K:
      return FormatClass::kGgufK;
    case GgufFileType::kQ2K:
    case GgufFileType::kQ2KS:
    case GgufFileType::kQ3KS:
    case GgufFileType::kQ3KM:
    case GgufFileType::kQ3KL:
      return FormatClass::kGgufK3;
    case GgufFileType::kMxfp4Moe:
      return FormatClass::kMxfp4;
    case GgufFileType::kNvfp4:
      return FormatClass::kNvfp4;
    default:
      return FormatClass::kGgufI;
  }
}

}  // namespace plimsoll
