# Tests that look at the output of a program and at its exit code.

# Adds the test `name`: a command whose output matches `expected` and that exits with 0.
function(miniexpr_add_output_test name expected)
    add_test(
        NAME ${name}
        COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${ARGN}" "-DEXPECTED=${expected}" -P
            "${PROJECT_SOURCE_DIR}/cmake/run_and_match.cmake"
    )
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

# Adds the same for the program of a target, which the emulator runs where there is one.
function(miniexpr_add_program_output_test name expected target)
    miniexpr_add_output_test(${name} "${expected}" ${CMAKE_CROSSCOMPILING_EMULATOR} "$<TARGET_FILE:${target}>" ${ARGN})
endfunction()
