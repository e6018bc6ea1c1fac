# The target miniexpr_side_module: the library as a side module, which main modules and Pyodide load at run time.
# Sets MINIEXPR_SIDE_MODULE, its file.

set(MINIEXPR_SIDE_MODULE_FOLDER "${PROJECT_BINARY_DIR}/emscripten")
file(MAKE_DIRECTORY "${MINIEXPR_SIDE_MODULE_FOLDER}")
# A project that embeds the library builds it on request.
set(in_all "")
if(MINIEXPR_IS_TOP_LEVEL)
    set(in_all ALL)
endif()

# A side module that exports the public functions. Pyodide needs WASM_BIGINT: without it the module's
# 64-bit functions are wrapped for JavaScript, and one of them has no wrapper there.
list(TRANSFORM exported_symbols PREPEND "_" OUTPUT_VARIABLE exported_names)
string(REPLACE ";" "," exported_names "${exported_names}")
set(MINIEXPR_SIDE_MODULE "${MINIEXPR_SIDE_MODULE_FOLDER}/libminiexpr.wasm")
add_custom_command(
    OUTPUT "${MINIEXPR_SIDE_MODULE}"
    COMMAND
        ${CMAKE_C_COMPILER} -Os -sSIDE_MODULE=2 -sWASM_BIGINT=1 -sEXPORTED_FUNCTIONS=${exported_names}
        -Wl,--whole-archive "$<TARGET_FILE:miniexpr_static>" -Wl,--no-whole-archive -o "${MINIEXPR_SIDE_MODULE}"
    DEPENDS miniexpr_static
    COMMENT "Linking miniexpr as a side module"
    VERBATIM
)
add_custom_target(miniexpr_side_module ${in_all} DEPENDS "${MINIEXPR_SIDE_MODULE}")

# Beside the side module lie the scripts that a Pyodide program takes with it.
foreach(script IN ITEMS emscripten/pyodide/miniexpr_jit.py emscripten/pyodide/jit_helpers.js src/me_jit_glue.js)
    configure_file("${script}" "${MINIEXPR_SIDE_MODULE_FOLDER}" COPYONLY)
endforeach()
