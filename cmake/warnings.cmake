# Warnings are errors in our presets, not for those who build with other compilers.
option(PLIMSOLL_WERROR "Warnings are errors" OFF)

# Warnings for our own code. Each stands here because it catches a mistake that matters in this program.
add_library(plimsoll_warnings INTERFACE)
target_compile_options(plimsoll_warnings INTERFACE
  -Wall -Wextra         # the compilers' own selection
  -Wpedantic            # two compilers must agree on what the language is
  -Wshadow              # two quantities under one name
  -Wnon-virtual-dtor    # deleting an engine through its interface
  -Wold-style-cast      # a C cast silences every other warning here
  $<$<BOOL:${PLIMSOLL_WERROR}>:-Werror>
  # g++ 12 imagines overlapping copies in "literal" + std::string (its bug 105329)
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

# Byte counts are 64-bit and size_t is 32-bit on wasm32: no silent narrowing or change of sign. Tests are exempt, where
# literals meet counts all the time and a wrong number fails visibly.
add_library(plimsoll_conversion_warnings INTERFACE)
target_compile_options(plimsoll_conversion_warnings INTERFACE -Wconversion -Wsign-conversion)
