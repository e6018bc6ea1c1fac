# The cache variables a user or an embedding project sets.

if(EMSCRIPTEN)
    set(side_module_default ON)
    set(shared_default OFF)
elseif(WIN32)
    set(side_module_default OFF)
    set(shared_default OFF)
else()
    set(side_module_default OFF)
    set(shared_default ON)
endif()

option(MINIEXPR_BUILD_SHARED "Build the shared library, target miniexpr" ${shared_default})
option(MINIEXPR_BUILD_STATIC "Build the static library, target miniexpr_static" ON)
option(MINIEXPR_BUILD_COMMAND "Build the command miniexpr, and install it with the libraries" OFF)
# A project that embeds the library wants neither.
option(MINIEXPR_BUILD_TESTS "Build the C tests" ${MINIEXPR_IS_TOP_LEVEL})
option(MINIEXPR_BUILD_EXAMPLES "Build the C examples" ${MINIEXPR_IS_TOP_LEVEL})
option(MINIEXPR_INSTALL "Install the libraries, the headers and the package files" ${MINIEXPR_IS_TOP_LEVEL})
option(MINIEXPR_WASM32_SIDE_MODULE "Emscripten: code that can also go into side modules" ${side_module_default})

set(MINIEXPR_CARGO "" CACHE FILEPATH "The cargo to use; found when empty")
set(MINIEXPR_RUST_TARGET "" CACHE STRING "The Rust target triple; found when empty")
set(MINIEXPR_CARGO_FLAGS "" CACHE STRING "More arguments for cargo, such as --offline")
set(MINIEXPR_CARGO_TARGET_DIR
    "${CMAKE_CURRENT_BINARY_DIR}/cargo"
    CACHE PATH "Folder for what cargo builds; several build trees may share one"
)

# The name is that of projects that embed the library; there is no TinyCC in it.
option(MINIEXPR_ENABLE_TCC_JIT "Compile kernels to machine code, or to WebAssembly, at run time" ON)
option(MINIEXPR_DSL_TRACE_DEFAULT "Trace what becomes of kernels while ME_DSL_TRACE is unset" OFF)

# Known to projects that embed the library. Nothing here depends on them: vector math is part of the
# library, and benchmarks are run by `make bench`.
option(MINIEXPR_BUILD_BENCH "Accepted, without effect" ON)
option(MINIEXPR_USE_SLEEF "Accepted, without effect" ON)
option(MINIEXPR_USE_ACCELERATE "Accepted, without effect" OFF)
option(MINIEXPR_BUILD_BUNDLED_LIBTCC "Accepted, without effect" OFF)

if(EMSCRIPTEN AND MINIEXPR_BUILD_SHARED)
    message(STATUS "miniexpr: Emscripten has no shared libraries, building the static one only")
    set(MINIEXPR_BUILD_SHARED OFF)
endif()
if(WIN32 AND MINIEXPR_BUILD_SHARED)
    message(FATAL_ERROR "miniexpr: on Windows only the static library can be built")
endif()
