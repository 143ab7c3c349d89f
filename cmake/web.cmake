# The page: natively a library for headless tests; with emscripten the module that the browser loads.
# Files named wasm_*.cc need a browser and are left out natively.
#
# The web preset's flags keep the download small: -finline-hint-functions inlines only what is marked inline, and the -m
# flags name instructions that every browser of the list below knows.
plimsoll_glob(web_sources web/*.cc web/views/*.cc)
plimsoll_glob(web_browser_sources web/wasm_*.cc)
plimsoll_glob(worker_sources web/worker/*.cc)
plimsoll_glob(worker_browser_sources web/worker/wasm_*.cc)
list(REMOVE_ITEM web_sources ${web_browser_sources})
list(REMOVE_ITEM worker_sources ${worker_browser_sources})

if(web_sources AND TARGET plimsoll_imgui)
  add_library(plimsoll_ui STATIC ${web_sources})
  target_link_libraries(plimsoll_ui PUBLIC plimsoll_core plimsoll_catalog plimsoll_imgui
                        PRIVATE plimsoll_warnings plimsoll_conversion_warnings)
  plimsoll_precompile(plimsoll_ui)
endif()

# Questions that take longer than a frame, which a worker answers.
if(TARGET plimsoll_ui)
  add_library(plimsoll_work STATIC ${worker_sources})
  target_link_libraries(plimsoll_work PUBLIC plimsoll_ui plimsoll_core plimsoll_catalog
                        PRIVATE plimsoll_warnings plimsoll_conversion_warnings)
endif()

# Two modules: what a first visit loads, and what its workers load when something is asked of them.
function(plimsoll_module target name)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} SUFFIX .mjs)
  target_link_libraries(${target} PRIVATE plimsoll_warnings plimsoll_conversion_warnings)
  target_link_options(${target} PRIVATE
    -sMODULARIZE=1 -sEXPORT_ES6=1 -sENVIRONMENT=web,worker   # an ES module, which its caller tells where its wasm lies
    -sFILESYSTEM=0 -sDYNAMIC_EXECUTION=0 -sASSERTIONS=0
    -sALLOW_MEMORY_GROWTH=1 -sMALLOC=emmalloc -sSUPPORT_LONGJMP=0
    -sINCOMING_MODULE_JS_API=locateFile,instantiateWasm
    -sMIN_CHROME_VERSION=85 -sMIN_FIREFOX_VERSION=79 -sMIN_SAFARI_VERSION=150000 -sMIN_EDGE_VERSION=85
    -sEXPORTED_FUNCTIONS=_malloc,_free
    -sEXPORTED_RUNTIME_METHODS=UTF8ToString,stringToUTF8,lengthBytesUTF8,HEAPU8)
endfunction()

if(EMSCRIPTEN AND TARGET plimsoll_ui)
  add_executable(plimsoll_app ${web_browser_sources})
  target_link_libraries(plimsoll_app PRIVATE plimsoll_ui)
  plimsoll_module(plimsoll_app plimsoll)
  add_executable(plimsoll_worker ${worker_browser_sources})
  target_link_libraries(plimsoll_worker PRIVATE plimsoll_work)
  plimsoll_module(plimsoll_worker plimsoll_worker)
endif()
