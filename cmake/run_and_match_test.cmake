# That run_and_match.cmake looks at the exit code, the output and the arguments: cmake -P run_and_match_test.cmake

# Runs cmake itself as the program, and fails unless the result is as expected (OK or a part of the error).
function(check result expected)
    execute_process(
        COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${ARGN}" "-DEXPECTED=${expected}" -P
                "${CMAKE_CURRENT_LIST_DIR}/run_and_match.cmake"
        RESULT_VARIABLE status
        OUTPUT_VARIABLE output
        ERROR_VARIABLE output
    )
    if(result STREQUAL "OK")
        if(NOT status EQUAL 0)
            message(SEND_ERROR "refused: ${ARGN}\n${output}")
        endif()
    elseif(status EQUAL 0 OR NOT output MATCHES "${result}")
        message(SEND_ERROR "not refused because ${result}: ${ARGN}\n${output}")
    endif()
endfunction()

set(echo ${CMAKE_COMMAND} -E echo)
check(OK "one two" ${echo} one two)
check(OK "^a  b\\*\n" ${echo} "a  b*")
check("does not match" "two" ${echo} one)
check("does not match" "^two" ${echo} one two)
# Options that cmake itself has.
check(OK "^-N -L -P --help\n$" ${echo} -N -L -P --help)
# The expected text on a stream, but another exit code than 0.
check("the program failed" "No such file|Error" ${CMAKE_COMMAND} -E cat /no/such/file)
check("the program failed" "" ${CMAKE_COMMAND} -E false)
check("the program failed" "" /no/such/program)
