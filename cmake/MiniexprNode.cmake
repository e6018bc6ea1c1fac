# Finds Node and sets how ctest runs what Emscripten builds.

find_program(MINIEXPR_NODE NAMES node nodejs DOC "The Node program that runs tests")
set(MINIEXPR_NEWER_NODE "" CACHE FILEPATH "A Node of version 22 or newer: runs tests of function types again")

# emcmake of Emscripten 3.1 asks for a flag that Node no longer has; and the loader of that version
# takes Node's own fetch, if there is one, for a browser's.
if(EMSCRIPTEN AND MINIEXPR_NODE)
    if(NOT CMAKE_CROSSCOMPILING_EMULATOR OR CMAKE_CROSSCOMPILING_EMULATOR MATCHES "--experimental-wasm-threads")
        set(CMAKE_CROSSCOMPILING_EMULATOR "${MINIEXPR_NODE}" --no-experimental-fetch)
    endif()
endif()
