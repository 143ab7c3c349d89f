# Uses the emscripten that is on the PATH, wherever the system keeps it, and runs its programs with a plain node:
# emscripten's own toolchain file passes node a flag that node 20 refuses.
if(NOT DEFINED ENV{PLIMSOLL_EMSCRIPTEN_ROOT})
  find_program(PLIMSOLL_EM_CONFIG em-config)
  if(NOT PLIMSOLL_EM_CONFIG)
    message(FATAL_ERROR "emscripten is not on the PATH (looked for em-config)")
  endif()
  execute_process(COMMAND "${PLIMSOLL_EM_CONFIG}" EMSCRIPTEN_ROOT
                  OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{PLIMSOLL_EMSCRIPTEN_ROOT} "${root}")  # CMake reads this file again for every compiler probe.
endif()
include("$ENV{PLIMSOLL_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake")
find_program(PLIMSOLL_NODE NAMES node nodejs NO_CMAKE_FIND_ROOT_PATH)
set(CMAKE_CROSSCOMPILING_EMULATOR "${PLIMSOLL_NODE}" CACHE FILEPATH "Runs wasm programs" FORCE)

# Optimised links run a script that needs acorn. Debian's emscripten has it where only Debian's own node looks; any other
# node has to be told.
set(CMAKE_CXX_LINKER_LAUNCHER "${CMAKE_COMMAND};-E;env;NODE_PATH=/usr/share/nodejs:$ENV{NODE_PATH}" CACHE STRING "")
