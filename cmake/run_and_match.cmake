# Runs a program, as a test: cmake -DEXPECTED=REGEX -P run_and_match.cmake PROGRAM ARGUMENT...
# Fails unless the program exits with 0 and its output, both streams together, matches the expression. (Of a test
# with PASS_REGULAR_EXPRESSION, ctest does not look at the exit code.)

set(command "")
set(is_argument OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(is_argument)
        string(REPLACE ";" "\\;" argument "${CMAKE_ARGV${i}}")
        list(APPEND command "${argument}")
    elseif(CMAKE_ARGV${i} STREQUAL CMAKE_CURRENT_LIST_FILE)
        set(is_argument ON)
    endif()
endforeach()

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(NOT status EQUAL 0)
    message(FATAL_ERROR "the program failed: ${status}")
endif()
if(NOT output MATCHES "${EXPECTED}")
    message(FATAL_ERROR "the output does not match: ${EXPECTED}")
endif()
