# The target miniexpr_command: the command `miniexpr`, a program of its own crate, which needs neither library.

if(EMSCRIPTEN)
    message(FATAL_ERROR "miniexpr: the command is no program for Emscripten")
endif()

set(MINIEXPR_COMMAND
    "${MINIEXPR_CARGO_TARGET_DIR}/${MINIEXPR_TRIPLE}/${profile_folder}/miniexpr${CMAKE_EXECUTABLE_SUFFIX}"
)
separate_arguments(command_flags NATIVE_COMMAND "${MINIEXPR_CARGO_FLAGS}")
add_custom_target(
    miniexpr_command ALL
    COMMAND
        ${CMAKE_COMMAND} -E env ${cargo_environment} ${MINIEXPR_CARGO_PROGRAM} build --package miniexpr-cli --locked
        --manifest-path "${PROJECT_SOURCE_DIR}/Cargo.toml" --target ${MINIEXPR_TRIPLE}
        ${profile_flags} ${MINIEXPR_STD_FLAGS} ${command_flags}
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    BYPRODUCTS "${MINIEXPR_COMMAND}"
    COMMENT "Building the command miniexpr with cargo for ${MINIEXPR_TRIPLE}"
    VERBATIM
)
# Two cargos would wait for each other.
add_dependencies(miniexpr_command miniexpr_cargo)
if(MINIEXPR_INSTALL)
    install(PROGRAMS "${MINIEXPR_COMMAND}" DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
