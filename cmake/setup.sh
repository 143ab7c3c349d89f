# Sourced by ./run and ./test: sees to it that the tools are there.
# On Debian and Ubuntu installs what is missing; elsewhere names it, and goes on if everything is there.

# Two at once would break each other's trees: the second waits. (flock is Linux's.)
alone() {
  command -v flock >/dev/null || return 0
  exec 9>build/.lock
  flock -n 9 && return
  echo "Another ./run or ./test is building here; waiting for it." >&2
  flock 9
}

say() { printf '\n== %s\n' "$*"; }

# What is looked for, and the Debian package that brings it: a command, or a file as the package installs it.
build_tools="c++:g++ cmake:cmake ninja:ninja-build git:git xz:xz-utils node:nodejs npm:npm em++:emscripten pyftsubset:fonttools"
build_files="/usr/include/nlohmann/json.hpp:nlohmann-json3-dev /usr/include/gtest/gtest.h:libgtest-dev \
/usr/src/googletest/googletest/src/gtest-all.cc:googletest /usr/include/benchmark/benchmark.h:libbenchmark-dev"

# Prints the command of a browser that runs here. (Ubuntu's chromium-browser is a stub where there is no snap.)
find_browser() {
  local name
  for name in "${PLIMSOLL_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$name" ] && command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1 && command -v "$name" && return
  done
  return 1
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
  local entry name missing=() packages=() welcome=() as_root=()
  for entry in $build_tools; do
    command -v "${entry%%:*}" >/dev/null || { missing+=("${entry%%:*}"); packages+=("${entry##*:}"); }
  done
  if [ "$1" = test ]; then
    # Not every release has these: Ubuntu's browser is no package (install_browser has another way), trixie's formatter is newer.
    find_browser >/dev/null || welcome+=(chromium)
    find_clang_format >/dev/null || welcome+=(clang-format-14)
    # Emscripten brings clang 14, which compiles twice as fast for the sanitizers as GCC, but not their libraries.
    ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan*.a >/dev/null 2>&1 || welcome+=(libclang-rt-14-dev)
  fi

  if ! command -v apt-get >/dev/null; then
    if [ ${#missing[@]} -eq 0 ]; then return; fi
    echo "Please install: ${missing[*]}" >&2
    echo "(and nlohmann/json 3, GoogleTest with its sources, and Google Benchmark, if they are not there)" >&2
    exit 1
  fi
  for entry in $build_files; do
    [ -e "${entry%%:*}" ] || packages+=("${entry##*:}")
  done
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "Please install as root (there is no sudo here): apt-get install ${packages[*]}" >&2
    exit 1
  fi
  if [ ${#packages[@]} -gt 0 ]; then "${as_root[@]}" apt-get update -q; fi
  for name in "${welcome[@]}"; do
    if apt-cache show "$name" >/dev/null 2>&1; then packages+=("$name"); fi
  done
  if [ ${#packages[@]} -eq 0 ]; then return; fi
  say "Installing ${packages[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends ca-certificates "${packages[@]}"
}

# The font, the bundler, the schema checker and the browser driver, as package-lock.json says; nothing to do if they were
# installed from this very file.
install_npm_packages() {
  cmp -s package-lock.json node_modules/.installed-from && return
  say "Installing npm packages"
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
  cp package-lock.json node_modules/.installed-from
}

# Where the system has no browser package, the browser driver brings its own.
install_browser() {
  if ! find_browser >/dev/null && [ ! -e "$(node -e 'console.log(require("playwright-core").chromium.executablePath())')" ]; then
    say "Installing Chromium"
    node node_modules/playwright-core/cli.js install --with-deps chromium
  fi
  PLIMSOLL_BROWSER=$(find_browser || node -e 'console.log(require("playwright-core").chromium.executablePath())')
  export PLIMSOLL_BROWSER
}

# build PRESET TARGET…
build() {
  local preset=$1
  shift
  say "Building $* ($preset)"
  cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || { cat "build/$preset.configure.log" >&2; return 1; }
  cmake --build --preset "$preset" --target "$@"
}

# If there is a compiler cache, it may keep what was compiled with precompiled headers.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
# What it keeps holds for every checkout, wherever it lies; of a precompiled header counts what CMakeLists.txt says of it.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR-1} CCACHE_PCH_EXTSUM=${CCACHE_PCH_EXTSUM-1}

mkdir -p build
