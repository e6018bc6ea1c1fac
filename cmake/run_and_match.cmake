# Runs a program, as a test: cmake "-DCOMMAND=PROGRAM;ARGUMENT;..." -DEXPECTED=REGEX -P run_and_match.cmake
# Fails unless the program exits with 0 and its output, both streams together, matches the expression. (Of a test
# with PASS_REGULAR_EXPRESSION, ctest does not look at the exit code.)

execute_process(COMMAND ${COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(NOT status EQUAL 0)
    message(FATAL_ERROR "the program failed: ${status}")
endif()
if(NOT output MATCHES "${EXPECTED}")
    message(FATAL_ERROR "the output does not match: ${EXPECTED}")
endif()
