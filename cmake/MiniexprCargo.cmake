# Runs cargo. Defines the target miniexpr_cargo and MINIEXPR_ARCHIVE, the static library it makes.
# Cargo decides by itself what is out of date, so it runs in every build.

include(MiniexprRustTarget)

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(profile_flags "")
    set(profile_folder debug)
else()
    set(profile_flags --release)
    set(profile_folder release)
endif()

set(cargo_environment "CARGO_TARGET_DIR=${MINIEXPR_CARGO_TARGET_DIR}" ${MINIEXPR_RUST_ENVIRONMENT})
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    list(APPEND cargo_environment CARGO_PROFILE_RELEASE_DEBUG=1)
endif()

separate_arguments(extra_flags NATIVE_COMMAND "${MINIEXPR_CARGO_FLAGS}")
if(NOT MINIEXPR_ENABLE_TCC_JIT)
    list(APPEND extra_flags --no-default-features)
elseif(EMSCRIPTEN AND MINIEXPR_WASM32_SIDE_MODULE)
    list(APPEND extra_flags --features dlopen)
elseif(EMSCRIPTEN)
    list(APPEND extra_flags --features embedded-glue)
endif()
if(MINIEXPR_DSL_TRACE_DEFAULT)
    list(APPEND extra_flags --features trace)
endif()
set(MINIEXPR_ARCHIVE
    "${MINIEXPR_CARGO_TARGET_DIR}/${MINIEXPR_TRIPLE}/${profile_folder}/${CMAKE_STATIC_LIBRARY_PREFIX}miniexpr${CMAKE_STATIC_LIBRARY_SUFFIX}"
)
add_custom_target(
    miniexpr_cargo
    COMMAND
        ${CMAKE_COMMAND} -E env ${cargo_environment} ${MINIEXPR_CARGO_PROGRAM} build --lib --locked
        --manifest-path "${PROJECT_SOURCE_DIR}/Cargo.toml" --target ${MINIEXPR_TRIPLE}
        ${profile_flags} ${MINIEXPR_STD_FLAGS} ${extra_flags}
    # Cargo looks for .cargo/config.toml, which names vendored crates, from here on upward.
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    BYPRODUCTS "${MINIEXPR_ARCHIVE}"
    COMMENT "Building miniexpr with cargo for ${MINIEXPR_TRIPLE}"
    VERBATIM
)
