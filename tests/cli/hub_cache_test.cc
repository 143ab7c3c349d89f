#include "cli/hub_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace plimsoll {
namespace {

TEST(HubCache, FilesOfAPinnedRevisionAreFetchedOnce) {
  const std::string folder = testing::TempDir() + "plimsoll_hub_cache_test";
  std::filesystem::remove_all(folder);
  int fetched = 0;
  const FetchUrl fetch = [&](const std::string& url, int64_t, const std::string&) {
    ++fetched;
    return HubReply{url.ends_with("missing") ? 404 : 200, "body of " + url, ""};
  };
  const std::string pinned = "https://hub/Org/Repo/resolve/0123456789abcdef0123456789abcdef01234567/";
  EXPECT_EQ(FetchCached(folder, pinned + "config.json", 0, "", fetch).body,
            "body of " + pinned + "config.json");
  EXPECT_EQ(FetchCached(folder, pinned + "config.json", 0, "", fetch).body,
            "body of " + pinned + "config.json");
  EXPECT_EQ(fetched, 1);
  FetchCached(folder, pinned + "config.json", 100, "", fetch);
  EXPECT_EQ(fetched, 2) << "another length is another answer";
  FetchCached(folder, pinned + "missing", 0, "", fetch);
  FetchCached(folder, pinned + "missing", 0, "", fetch);
  EXPECT_EQ(fetched, 4) << "what failed is asked again";
  FetchCached(folder, "https://hub/Org/Repo/resolve/main/config.json", 0, "", fetch);
  FetchCached(folder, "https://hub/Org/Repo/resolve/main/config.json", 0, "", fetch);
  EXPECT_EQ(fetched, 6) << "a branch moves";
  FetchCached("", pinned + "config.json", 0, "", fetch);
  EXPECT_EQ(fetched, 7);
  std::filesystem::remove_all(folder);
}

TEST(HubCache, TheFolderIsTheUsers) {
  EXPECT_EQ(HubCacheFolder("/x", "/home/a"), "/x/plimsoll/hub");
  EXPECT_EQ(HubCacheFolder("", "/home/a"), "/home/a/.cache/plimsoll/hub");
  EXPECT_EQ(HubCacheFolder("", ""), "");
}

}  // namespace
}  // namespace plimsoll
