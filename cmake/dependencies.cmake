# Everything that is not ours. All of it comes from the system's packages, but for Dear ImGui (cmake/fetch_imgui) and the
# font (package.json). Their headers are SYSTEM headers: our warnings do not apply to them.

# nlohmann/json. Only its own folder is put on the include path: the folder it lies in also holds the host's C library,
# which must not meet emscripten's.
find_path(PLIMSOLL_JSON_PARENT nlohmann/json.hpp REQUIRED NO_CMAKE_FIND_ROOT_PATH
          PATHS /usr/include /usr/local/include /opt/homebrew/include)
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/deps/json")
file(CREATE_LINK "${PLIMSOLL_JSON_PARENT}/nlohmann" "${PROJECT_BINARY_DIR}/deps/json/nlohmann" SYMBOLIC COPY_ON_ERROR)
add_library(plimsoll_json INTERFACE)
target_include_directories(plimsoll_json SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/deps/json")

# GoogleTest. Natively the system's library; for wasm its sources, which Debian and Ubuntu install.
if(EMSCRIPTEN)
  find_path(PLIMSOLL_GTEST_SOURCE src/gtest-all.cc REQUIRED NO_CMAKE_FIND_ROOT_PATH
            PATHS /usr/src/googletest/googletest "$ENV{GTEST_SOURCE_DIR}")
  add_library(plimsoll_gtest STATIC EXCLUDE_FROM_ALL
              "${PLIMSOLL_GTEST_SOURCE}/src/gtest-all.cc" "${PLIMSOLL_GTEST_SOURCE}/src/gtest_main.cc")
  target_include_directories(plimsoll_gtest PRIVATE "${PLIMSOLL_GTEST_SOURCE}")
  target_include_directories(plimsoll_gtest SYSTEM PUBLIC "${PLIMSOLL_GTEST_SOURCE}/include")
  target_compile_definitions(plimsoll_gtest PUBLIC GTEST_HAS_PTHREAD=0)
  target_compile_options(plimsoll_gtest PUBLIC -fno-exceptions -fno-rtti)
else()
  find_package(GTest REQUIRED)
  add_library(plimsoll_gtest INTERFACE)
  target_link_libraries(plimsoll_gtest INTERFACE GTest::gtest GTest::gtest_main)
  find_package(benchmark QUIET)
endif()

# Dear ImGui 1.92.2b, fetched once into .cache/ (shared by all presets) unless IMGUI_DIR names a copy.
set(IMGUI_DIR "$ENV{IMGUI_DIR}" CACHE PATH "A copy of Dear ImGui 1.92.2b; fetched if empty")
set(imgui_dir "${IMGUI_DIR}")
if(NOT imgui_dir)
  set(imgui_dir "${PROJECT_SOURCE_DIR}/.cache/imgui-1.92.2b")
  execute_process(COMMAND "${PROJECT_SOURCE_DIR}/cmake/fetch_imgui" "${imgui_dir}" RESULT_VARIABLE failed)
  if(failed)
    set(imgui_dir "")
  endif()
endif()
if(imgui_dir)
  file(STRINGS "${imgui_dir}/imgui.h" version REGEX "^#define IMGUI_VERSION_NUM +19222$")
  if(NOT version)
    message(FATAL_ERROR "${imgui_dir}/imgui.h is not Dear ImGui 1.92.2b (IMGUI_VERSION_NUM 19222)")
  endif()
  add_library(plimsoll_imgui STATIC EXCLUDE_FROM_ALL
    "${imgui_dir}/imgui.cpp" "${imgui_dir}/imgui_draw.cpp" "${imgui_dir}/imgui_tables.cpp" "${imgui_dir}/imgui_widgets.cpp")
  target_include_directories(plimsoll_imgui SYSTEM PUBLIC "${imgui_dir}")
  target_include_directories(plimsoll_imgui PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_features(plimsoll_imgui PUBLIC cxx_std_20)
  target_compile_options(plimsoll_imgui PRIVATE -w -fno-exceptions -fno-rtti)
  target_compile_definitions(plimsoll_imgui PUBLIC
    IMGUI_DISABLE_DEMO_WINDOWS IMGUI_DISABLE_DEBUG_TOOLS IMGUI_DISABLE_FILE_FUNCTIONS
    IMGUI_DISABLE_OBSOLETE_FUNCTIONS IMGUI_DISABLE_DEFAULT_SHELL_FUNCTIONS)
  if(EXISTS "${PROJECT_SOURCE_DIR}/web/imconfig.h")
    target_compile_definitions(plimsoll_imgui PUBLIC "IMGUI_USER_CONFIG=\"web/imconfig.h\"")
  endif()
  if(EMSCRIPTEN)
    # web/renderer.mjs draws. The page brings its own font.
    target_compile_definitions(plimsoll_imgui PUBLIC IMGUI_DISABLE_DEFAULT_FONT)
  else()
    target_compile_definitions(plimsoll_imgui PUBLIC IMGUI_ENABLE_TEST_ENGINE)  # the hooks; tests/ui implements them
  endif()
elseif(EMSCRIPTEN)
  message(FATAL_ERROR "Dear ImGui 1.92.2b could not be fetched; pass -DIMGUI_DIR=<a copy of it>")
else()
  message(WARNING "Dear ImGui 1.92.2b could not be fetched: the UI library and its tests are left out. "
                  "Pass -DIMGUI_DIR=<a copy of it> to build them.")
endif()
