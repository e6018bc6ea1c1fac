# What is special about Rust code for Emscripten: SIMD, relocation, no unwinding, and the standard
# library, which is compiled from source when no toolchain here has it ready.

# Functions that are not told to be inline seldom are: a seventh less code, and kernels keep their speed.
set(rust_flags "-C target-feature=+simd128 -C panic=abort -C llvm-args=-inline-threshold=25")
if(MINIEXPR_WASM32_SIDE_MODULE OR CMAKE_POSITION_INDEPENDENT_CODE)
    string(APPEND rust_flags " -C relocation-model=pic")
else()
    string(APPEND rust_flags " -C relocation-model=static")
endif()

miniexpr_has_std("${rustc}" ${MINIEXPR_TRIPLE} has_std)
if(NOT has_std)
    # A cargo and rustc of one release, with the sources of their standard library. Unstable options
    # of a stable compiler need RUSTC_BOOTSTRAP.
    set(build_std_cargo "")
    foreach(candidate IN ITEMS "${MINIEXPR_CARGO_PROGRAM}" /usr/bin/cargo)
        get_filename_component(folder "${candidate}" DIRECTORY)
        miniexpr_ask_rustc("${folder}/rustc" sysroot --print sysroot)
        if(sysroot AND EXISTS "${candidate}" AND EXISTS "${sysroot}/lib/rustlib/src/rust/library/std/Cargo.toml")
            set(build_std_cargo "${candidate}")
            set(rustc "${folder}/rustc")
            break()
        endif()
    endforeach()
    if(NOT build_std_cargo)
        message(
            FATAL_ERROR
            "miniexpr: no Rust standard library for ${MINIEXPR_TRIPLE}. Install it (rustup target add "
            "${MINIEXPR_TRIPLE}), or its source (rustup component add rust-src; on Debian the packages "
            "rustc-web cargo-web rust-web-src)"
        )
    endif()
    message(STATUS "miniexpr: compiling Rust's standard library for ${MINIEXPR_TRIPLE}")
    set(MINIEXPR_CARGO_PROGRAM "${build_std_cargo}")
    set(MINIEXPR_STD_FLAGS -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size)
    # Hidden symbols keep two Rust libraries in one process apart.
    string(APPEND rust_flags " -Z default-visibility=hidden")
    set(MINIEXPR_RUST_ENVIRONMENT "RUSTC=${rustc}" RUSTC_BOOTSTRAP=1)
endif()
# The parts in C.
list(APPEND MINIEXPR_RUST_ENVIRONMENT "CC_wasm32_unknown_emscripten=${CMAKE_C_COMPILER}" "AR_wasm32_unknown_emscripten=${CMAKE_AR}")
# What is loaded over a network is kept small: this takes an eighth off the code, at the same speed.
list(APPEND MINIEXPR_RUST_ENVIRONMENT CARGO_PROFILE_RELEASE_OPT_LEVEL=2 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1)
list(APPEND MINIEXPR_RUST_ENVIRONMENT "RUSTFLAGS=${rust_flags}" CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_DEV_PANIC=abort)
