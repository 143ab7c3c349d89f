# Sourced by ./run and ./test: sees to it that the tools are there.
# On Debian and Ubuntu installs what is missing; elsewhere names it, and goes on if everything is there.

say() { printf '\n== %s\n' "$*"; }

# What is looked for, and the Debian package that brings it: a command, or a file as the package installs it.
build_tools="c++:g++ cmake:cmake ninja:ninja-build git:git xz:xz-utils node:nodejs npm:npm em++:emscripten pyftsubset:fonttools"
build_files="/usr/include/nlohmann/json.hpp:nlohmann-json3-dev /usr/include/gtest/gtest.h:libgtest-dev \
/usr/src/googletest/googletest/src/gtest-all.cc:googletest /usr/include/benchmark/benchmark.h:libbenchmark-dev"

have_browser() {
  [ -n "${PLIMSOLL_BROWSER:-}" ] || command -v chromium || command -v chromium-browser || command -v google-chrome
}

# Formatting differs between major versions: only 14 is compared with.
find_clang_format() {
  for name in clang-format-14 clang-format; do
    command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.' && echo "$name" && return
  done
  return 1
}

# install_missing build|test
install_missing() {
  local entry missing=() wanted=()
  for entry in $build_tools; do
    command -v "${entry%%:*}" >/dev/null || { missing+=("${entry%%:*}"); wanted+=("${entry##*:}"); }
  done
  if command -v apt-get >/dev/null; then
    for entry in $build_files; do
      [ -e "${entry%%:*}" ] || { missing+=("${entry%%:*}"); wanted+=("${entry##*:}"); }
    done
  fi
  if [ "$1" = test ]; then
    have_browser >/dev/null || { missing+=(chromium); wanted+=(chromium); }
  fi
  if [ ${#missing[@]} -eq 0 ]; then return; fi

  if ! command -v apt-get >/dev/null; then
    echo "Please install: ${missing[*]}" >&2
    echo "(also nlohmann/json 3, GoogleTest with its sources, and Google Benchmark if they are not there)" >&2
    exit 1
  fi
  say "Installing ${wanted[*]}"
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ca-certificates "${wanted[@]}"
  if [ "$1" = test ] && ! find_clang_format >/dev/null; then
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends clang-format-14 || true
  fi
}

# The font and the browser driver, as package-lock.json says; nothing to do if they were installed from this very file.
install_npm_packages() {
  cmp -s package-lock.json node_modules/.installed-from && return
  say "Installing npm packages"
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
  cp package-lock.json node_modules/.installed-from
}

# build PRESET TARGET…
build() {
  local preset=$1
  shift
  say "Building $* ($preset)"
  cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || { cat "build/$preset.configure.log" >&2; return 1; }
  cmake --build --preset "$preset" --target "$@"
}

mkdir -p build
