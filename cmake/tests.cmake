# Tests mirror the folders of the sources. The core's run twice: natively, and as wasm in node.
plimsoll_glob(test_support tests/support/*.cc)
plimsoll_glob_tree(core_tests tests/core/*_test.cc)
plimsoll_glob(native_tests tests/cli/*_test.cc tests/site/*_test.cc)
plimsoll_glob(native_support tests/support/native/*.cc)
plimsoll_glob(ui_tests tests/ui/*.cc tests/ui/worker/*.cc)
plimsoll_glob(benchmarks tests/bench/*_bench.cc)

# Where the test data lie. Told to the one file that asks, so that a compiler cache serves all others in any folder.
set(test_data_definition "PLIMSOLL_TEST_DATA=\"${PROJECT_SOURCE_DIR}/tests/data/\"")
set_source_files_properties("${PROJECT_SOURCE_DIR}/tests/support/test_data.cc" PROPERTIES
                            COMPILE_DEFINITIONS "${test_data_definition}" SKIP_PRECOMPILE_HEADERS ON)

# Second implementations do as much as the core does: these are optimised, natively, too.
set(twins tests/core/engines/vllm/vllm_weights_test.cc tests/core/schedule/block_pool_test.cc tests/core/schedule/replica_test.cc
          tests/core/schedule/scheduler_test.cc tests/core/weights/weights_test.cc)
list(TRANSFORM twins PREPEND "${PROJECT_SOURCE_DIR}/")
if(NOT EMSCRIPTEN)
  set_source_files_properties(${twins} PROPERTIES COMPILE_OPTIONS -O1 SKIP_PRECOMPILE_HEADERS ON)
endif()

# plimsoll_test(name source…): a GoogleTest program. What a test does is done by the core, so its own sources are compiled
# quickly: natively without optimising, under sanitizers in half the time; as wasm with little, for without any they run
# three times as long.
function(plimsoll_test name)
  add_executable(${name} ${ARGN} ${test_support})
  target_link_libraries(${name} PRIVATE plimsoll_core plimsoll_catalog plimsoll_gtest plimsoll_warnings)
  plimsoll_precompile(${name} <gtest/gtest.h>)
  target_compile_options(${name} PRIVATE $<IF:$<BOOL:${EMSCRIPTEN}>,-O1,-O0>)
endfunction()

# Times of either build, run by hand: build/release/plimsoll_time, node build/web/plimsoll_time.cjs.
add_executable(plimsoll_time EXCLUDE_FROM_ALL tests/bench/plain_time.cc)
target_link_libraries(plimsoll_time PRIVATE plimsoll_core plimsoll_catalog plimsoll_warnings)

if(EMSCRIPTEN)
  set_target_properties(plimsoll_time PROPERTIES SUFFIX .cjs)
  target_link_options(plimsoll_time PRIVATE -sSINGLE_FILE=1 -sENVIRONMENT=node -sALLOW_MEMORY_GROWTH=1
                      -sTOTAL_STACK=5242880)
  if(core_tests)
    plimsoll_test(plimsoll_tests_wasm ${core_tests})
    set_target_properties(plimsoll_tests_wasm PROPERTIES SUFFIX .cjs)
    # Node reads the test data from where it lies. The wasm is inside the script: node's fetch cannot load a file.
    target_link_options(plimsoll_tests_wasm PRIVATE --pre-js "${PROJECT_SOURCE_DIR}/tests/support/wasm_environment.js"
                        -sSINGLE_FILE=1 -sENVIRONMENT=node -sEXIT_RUNTIME=1 -sNODERAWFS=1
                        -sALLOW_MEMORY_GROWTH=1 -sTOTAL_STACK=5242880 ${plimsoll_quick_link})
  endif()
  return()
endif()

if(core_tests OR native_tests)
  plimsoll_test(plimsoll_tests ${core_tests} ${native_tests} ${native_support})
  if(TARGET plimsoll)
    target_link_libraries(plimsoll_tests PRIVATE plimsoll_commands)
    add_dependencies(plimsoll_tests plimsoll)
    set_source_files_properties("${PROJECT_SOURCE_DIR}/tests/support/native/run_plimsoll.cc" PROPERTIES
                                COMPILE_DEFINITIONS "PLIMSOLL_COMMAND=\"$<TARGET_FILE:plimsoll>\""
                                SKIP_PRECOMPILE_HEADERS ON)
  endif()
  if(TARGET plimsoll_pages)
    target_link_libraries(plimsoll_tests PRIVATE plimsoll_pages)
  endif()
endif()

if(ui_tests AND TARGET plimsoll_ui)
  plimsoll_test(plimsoll_ui_tests ${ui_tests})
  target_link_libraries(plimsoll_ui_tests PRIVATE plimsoll_ui plimsoll_work)
endif()

if(benchmarks AND benchmark_FOUND)
  add_executable(plimsoll_bench ${benchmarks})
  target_link_libraries(plimsoll_bench PRIVATE plimsoll_core plimsoll_catalog plimsoll_warnings benchmark::benchmark_main)
endif()

# What must hold for every answer, over two million random configurations; run by hand. ./test asks 100,000.
plimsoll_test(plimsoll_campaign tests/campaign/campaign.cc)
target_compile_options(plimsoll_campaign PRIVATE -O2)  # here the asking is the work
set_target_properties(plimsoll_campaign PROPERTIES EXCLUDE_FROM_ALL TRUE)

# Fuzzers, with clang's libFuzzer; by hand.
option(PLIMSOLL_FUZZ "Fuzz targets (clang)" OFF)
if(PLIMSOLL_FUZZ)
  target_compile_options(plimsoll_core PRIVATE -fsanitize=fuzzer-no-link)
  add_executable(plimsoll_check_fuzz EXCLUDE_FROM_ALL tests/fuzz/check_fuzz.cc)
  target_link_libraries(plimsoll_check_fuzz PRIVATE plimsoll_core plimsoll_catalog plimsoll_warnings)
  target_link_options(plimsoll_check_fuzz PRIVATE -fsanitize=fuzzer)
endif()

# Fits core/measured_speeds on the measured rows and reports its errors; run by hand.
add_executable(plimsoll_calibrate EXCLUDE_FROM_ALL tests/calibration/calibrate.cc)
target_link_libraries(plimsoll_calibrate PRIVATE plimsoll_core plimsoll_catalog plimsoll_warnings)
target_compile_definitions(plimsoll_calibrate PRIVATE "${test_data_definition}")

# Plants faults in copies of the sources and runs the native tests on each; by hand, for it takes long. The list is
# tests/mutants/list.mjs.
add_custom_target(plimsoll_mutants
  COMMAND "${PLIMSOLL_NODE}" "${PROJECT_SOURCE_DIR}/tests/mutants/mutants.mjs" --work "${PROJECT_BINARY_DIR}/mutants"
  VERBATIM USES_TERMINAL)
