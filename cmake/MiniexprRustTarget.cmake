# Chooses a Rust toolchain and target. Sets
#   MINIEXPR_CARGO_PROGRAM     the cargo to run
#   MINIEXPR_TRIPLE            the Rust target triple
#   MINIEXPR_RUST_ENVIRONMENT  environment of the cargo call, a list of NAME=value
#   MINIEXPR_STD_FLAGS         arguments of the cargo call that concern Rust's standard library

# Sets `out` to what `rustc` prints for the arguments, empty if it fails.
function(miniexpr_ask_rustc rustc out)
    execute_process(
        COMMAND ${rustc} ${ARGN}
        OUTPUT_VARIABLE answer
        RESULT_VARIABLE status
        OUTPUT_STRIP_TRAILING_WHITESPACE
        ERROR_QUIET
    )
    if(NOT status EQUAL 0)
        set(answer "")
    endif()
    set(${out} "${answer}" PARENT_SCOPE)
endfunction()

# Sets `out` to the triple of the platform CMake builds for.
function(miniexpr_find_triple rustc out)
    set(processor "${CMAKE_SYSTEM_PROCESSOR}")
    if(APPLE AND CMAKE_OSX_ARCHITECTURES)
        list(LENGTH CMAKE_OSX_ARCHITECTURES architectures)
        if(architectures GREATER 1)
            message(FATAL_ERROR "miniexpr: build each of ${CMAKE_OSX_ARCHITECTURES} by itself, then join with lipo")
        endif()
        set(processor "${CMAKE_OSX_ARCHITECTURES}")
    endif()
    string(TOLOWER "${processor}" processor)
    string(REGEX REPLACE "^amd64$" "x86_64" processor "${processor}")
    string(REGEX REPLACE "^arm64$" "aarch64" processor "${processor}")
    string(REGEX REPLACE "^riscv64$" "riscv64gc" processor "${processor}")

    if(EMSCRIPTEN)
        set(triple wasm32-unknown-emscripten)
    elseif(APPLE)
        set(triple ${processor}-apple-darwin)
    elseif(WIN32 AND NOT MINGW)
        set(triple ${processor}-pc-windows-msvc)
    elseif(CMAKE_CROSSCOMPILING AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
        set(triple ${processor}-unknown-linux-gnu)
    else()
        miniexpr_ask_rustc("${rustc}" version -vV)
        string(REGEX MATCH "host: ([^\n]+)" _ "${version}")
        set(triple "${CMAKE_MATCH_1}")
    endif()
    set(${out} "${triple}" PARENT_SCOPE)
endfunction()

# Sets `out` to TRUE if `rustc` comes with a compiled standard library for `triple`.
function(miniexpr_has_std rustc triple out)
    miniexpr_ask_rustc("${rustc}" folder --print target-libdir --target ${triple})
    file(GLOB std "${folder}/libstd-*.rlib")
    if(folder AND std)
        set(${out} TRUE PARENT_SCOPE)
    else()
        set(${out} FALSE PARENT_SCOPE)
    endif()
endfunction()

if(MINIEXPR_CARGO)
    set(MINIEXPR_CARGO_PROGRAM "${MINIEXPR_CARGO}")
else()
    # An unset CARGO_HOME must not make this /bin.
    set(cargo_folders "$ENV{HOME}/.cargo/bin")
    if(DEFINED ENV{CARGO_HOME})
        list(PREPEND cargo_folders "$ENV{CARGO_HOME}/bin")
    endif()
    find_program(MINIEXPR_FOUND_CARGO cargo HINTS ${cargo_folders})
    mark_as_advanced(MINIEXPR_FOUND_CARGO)
    if(NOT MINIEXPR_FOUND_CARGO)
        message(FATAL_ERROR "miniexpr: cargo was not found; install Rust, or set MINIEXPR_CARGO")
    endif()
    set(MINIEXPR_CARGO_PROGRAM "${MINIEXPR_FOUND_CARGO}")
endif()
get_filename_component(cargo_folder "${MINIEXPR_CARGO_PROGRAM}" DIRECTORY)
set(rustc "${cargo_folder}/rustc")
set(MINIEXPR_RUST_ENVIRONMENT "RUSTC=${rustc}")
set(MINIEXPR_STD_FLAGS "")

if(MINIEXPR_RUST_TARGET)
    set(MINIEXPR_TRIPLE "${MINIEXPR_RUST_TARGET}")
else()
    miniexpr_find_triple("${rustc}" MINIEXPR_TRIPLE)
endif()
if(NOT MINIEXPR_TRIPLE)
    message(FATAL_ERROR "miniexpr: ${rustc} does not name its host; set MINIEXPR_RUST_TARGET")
endif()

if(EMSCRIPTEN)
    include(MiniexprEmscripten)
endif()
message(STATUS "miniexpr: ${MINIEXPR_CARGO_PROGRAM} for ${MINIEXPR_TRIPLE}")
