#include "core/catalog/rent_prices.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(RentPrices, TravelInALink) {
  const RentPrices prices = {{"h100-sxm", 2.1}, {"rtx-4090", 0.3}};
  EXPECT_EQ(EncodeRentPrices(prices), "h100-sxm.2.1;rtx-4090.0.3");
  EXPECT_EQ(*DecodeRentPrices("h100-sxm.2.1;rtx-4090.0.3"), prices);
  EXPECT_TRUE(DecodeRentPrices("")->empty());
}

TEST(RentPrices, TheReadersStandsBeforeTheCatalogs) {
  Gpu gpu;
  gpu.id = "h100-sxm";
  gpu.price_per_hour_usd = 3;
  EXPECT_EQ(RentOf(gpu, {}), 3);
  EXPECT_EQ(RentOf(gpu, {{"h100-sxm", 2.5}}), 2.5);
  EXPECT_EQ(RentOf(gpu, {{"h200", 2.5}}), 3);
}

TEST(RentPrices, NonsenseIsRefused) {
  for (const char* text : {"h100-sxm", ".5", "h100-sxm.", "h100-sxm.x", "h100-sxm.-1", "h100-sxm.0",
                           "h100-sxm.1e9", "h100-sxm.2.1 ", ";"}) {
    EXPECT_FALSE(DecodeRentPrices(text).ok()) << text;
  }
}

}  // namespace
}  // namespace plimsoll
