# The static site: the font, the page generator, and the assembly of build/site/. Native presets only; the wasm comes from
# the web preset's build folder.
if(EMSCRIPTEN)
  return()
endif()

# The font, cut down to what the page shows. Needs `npm ci` and Python's fontTools, which ./run and ./test see to.
set(font_package "${PROJECT_SOURCE_DIR}/node_modules/@expo-google-fonts/inter")
find_program(PLIMSOLL_SUBSET pyftsubset)  # stands beside the python that has fontTools
if(PLIMSOLL_SUBSET AND EXISTS "${font_package}")
  file(STRINGS "${PLIMSOLL_SUBSET}" python LIMIT_COUNT 1)
  string(REGEX REPLACE "^#! *" "" python "${python}")
  separate_arguments(python UNIX_COMMAND "${python}")
  set(font_dir "${PROJECT_BINARY_DIR}/fonts")
  file(MAKE_DIRECTORY "${font_dir}")
  foreach(style IN ITEMS 400Regular 600SemiBold)
    string(REGEX REPLACE "^[0-9]+" "" name "${style}")
    string(TOLOWER "inter-${name}.ttf" name)
    add_custom_command(OUTPUT "${font_dir}/${name}"
      COMMAND ${python} "${PROJECT_SOURCE_DIR}/cmake/subset_font.py" "${font_package}/${style}/Inter_${style}.ttf" "${font_dir}/${name}"
      DEPENDS cmake/subset_font.py "${font_package}/package.json" VERBATIM COMMENT "Subsetting ${name}")
    list(APPEND font_files "${font_dir}/${name}")
  endforeach()
  configure_file("${font_package}/LICENSE_FONT" "${font_dir}/inter-license.txt" COPYONLY)
  add_custom_target(fonts DEPENDS ${font_files})
endif()

# Everything but the process around it, so that tests can call it.
plimsoll_glob(site_sources site/*.cc)
list(REMOVE_ITEM site_sources "${PROJECT_SOURCE_DIR}/site/generate_pages.cc")
if(site_sources)
  add_library(plimsoll_pages STATIC ${site_sources})
  target_link_libraries(plimsoll_pages PUBLIC plimsoll_core plimsoll_catalog
                        PRIVATE plimsoll_warnings plimsoll_conversion_warnings)
  add_executable(generate_pages site/generate_pages.cc)
  target_link_libraries(generate_pages PRIVATE plimsoll_pages plimsoll_warnings plimsoll_conversion_warnings)
endif()

# Always runs (it is quick and writes only what changed).
add_custom_target(site
  COMMAND "${PLIMSOLL_NODE}" "${PROJECT_SOURCE_DIR}/cmake/assemble_site.mjs"
          --root "${PROJECT_SOURCE_DIR}" --wasm "${PROJECT_SOURCE_DIR}/build/web" --fonts "${PROJECT_BINARY_DIR}/fonts"
          $<$<TARGET_EXISTS:generate_pages>:--generator> "$<$<TARGET_EXISTS:generate_pages>:$<TARGET_FILE:generate_pages>>"
          --out "${PROJECT_SOURCE_DIR}/build/site"
  COMMAND_EXPAND_LISTS VERBATIM USES_TERMINAL COMMENT "Assembling build/site")
foreach(part IN ITEMS fonts generate_pages)
  if(TARGET ${part})
    add_dependencies(site ${part})
  endif()
endforeach()
