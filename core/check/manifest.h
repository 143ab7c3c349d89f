// Files that start an engine: Dockerfiles, Docker Compose, Kubernetes, systemd units, an engine's own YAML of options.
#ifndef PLIMSOLL_CORE_CHECK_MANIFEST_H_
#define PLIMSOLL_CORE_CHECK_MANIFEST_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

// FROM, ENV, ENTRYPOINT and CMD, each as words or as a list.
std::optional<Result<CheckResult>> ReadDockerfileText(std::string_view text, const Catalog& catalog);

// services: with image, command, entrypoint, environment and cards.
std::optional<Result<CheckResult>> ReadComposeText(std::string_view text, const Catalog& catalog);

// Anything with containers: image, command, args, env and resources.
std::optional<Result<CheckResult>> ReadKubernetesText(std::string_view text, const Catalog& catalog);

// [Service] with ExecStart= and Environment=.
std::optional<Result<CheckResult>> ReadUnitText(std::string_view text, const Catalog& catalog);

// Keys that are an engine's options: a --config file.
std::optional<Result<CheckResult>> ReadOptionFileText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_MANIFEST_H_
