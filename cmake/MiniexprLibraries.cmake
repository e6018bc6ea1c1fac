# The targets miniexpr_static and miniexpr.
#
# Cargo's archive holds the library, the Rust standard library and their thousands of global symbols.
# A partial link takes what the public functions need, makes one object of it, and lets only the names
# in exported_symbols.txt and math_bridge_symbols.txt out: an extension module that links several Rust libraries stays sound, and
# nothing can clash with a program's own names. Both libraries are made of that object.

file(STRINGS "${PROJECT_SOURCE_DIR}/cmake/exported_symbols.txt" exported_symbols)
# Kernels that were compiled elsewhere find the library's math functions by name.
if(NOT EMSCRIPTEN)
    file(STRINGS "${PROJECT_SOURCE_DIR}/cmake/math_bridge_symbols.txt" bridge_symbols)
    list(APPEND exported_symbols ${bridge_symbols})
endif()
set(MINIEXPR_SYMBOLS "${CMAKE_CURRENT_BINARY_DIR}/exported_symbols.txt")
string(REPLACE ";" "\n" symbol_lines "${exported_symbols}")
file(GENERATE OUTPUT "${MINIEXPR_SYMBOLS}" CONTENT "${symbol_lines}\n")

# The system libraries that Rust's standard library calls.
if(WIN32)
    set(system_libraries kernel32 ntdll userenv ws2_32 dbghelp bcrypt advapi32)
elseif(APPLE OR EMSCRIPTEN)
    set(system_libraries "")
else()
    set(system_libraries m pthread ${CMAKE_DL_LIBS})
endif()

if(WIN32)
    set(prelink_default OFF)
else()
    set(prelink_default ON)
endif()
option(MINIEXPR_PRELINK "Hide all symbols of the static library but the public ones" ${prelink_default})
mark_as_advanced(MINIEXPR_PRELINK)

# Writes one line per exported symbol, between a prefix and a suffix, to `file`.
function(miniexpr_write_symbols file prefix suffix)
    set(text "")
    foreach(symbol IN LISTS exported_symbols)
        string(APPEND text "${prefix}${symbol}${suffix}\n")
    endforeach()
    file(GENERATE OUTPUT "${file}" CONTENT "${text}")
endfunction()

# Defines the target miniexpr_object, which makes `object` from cargo's archive.
function(miniexpr_add_object object)
    set(partial_link ${CMAKE_C_COMPILER} -r -nostdlib -o "${object}")
    set(references "")
    if(EMSCRIPTEN)
        # Its objects lack atomics, and must not get into programs with threads.
        add_library(miniexpr_needs_one_thread OBJECT "${PROJECT_SOURCE_DIR}/cmake/miniexpr_without_threads.c")
        target_compile_definitions(miniexpr_needs_one_thread PRIVATE MINIEXPR_REFERENCE)
        set_target_properties(miniexpr_needs_one_thread PROPERTIES POSITION_INDEPENDENT_CODE ON)
        set(references miniexpr_needs_one_thread)
        set(commands
            COMMAND
                ${CMAKE_C_COMPILER} -r -o "${object}" -Wl,--whole-archive "${MINIEXPR_ARCHIVE}"
                $<TARGET_OBJECTS:miniexpr_needs_one_thread>
        )
    elseif(APPLE)
        set(roots "${CMAKE_CURRENT_BINARY_DIR}/prelink.roots")
        set(exports "${CMAKE_CURRENT_BINARY_DIR}/prelink.exports")
        miniexpr_write_symbols("${roots}" "-Wl,-u,_" "")
        miniexpr_write_symbols("${exports}" "_" "")
        set(commands COMMAND ${partial_link} "@${roots}" "-Wl,-exported_symbols_list,${exports}" "${MINIEXPR_ARCHIVE}")
    else()
        # --force-group-allocation: a COMDAT group must not be merged with that of another Rust library
        # once its symbols are local. The bitcode of the standard library is of no use in one object.
        # Unneeded symbols are undefined ones that only discarded code used: left in, they make weak
        # references of another Rust library strong. Objcopy strips them only together with debug
        # information, so builds for debugging keep them.
        set(roots "${CMAKE_CURRENT_BINARY_DIR}/prelink.roots")
        miniexpr_write_symbols("${roots}" "-Wl,-u," "")
        set(strip --remove-section=.llvmbc --remove-section=.llvmcmd)
        if(NOT CMAKE_BUILD_TYPE MATCHES "^(Debug|RelWithDebInfo)$")
            list(APPEND strip --strip-unneeded)
        endif()
        set(commands
            COMMAND ${partial_link} -Wl,--gc-sections -Wl,--force-group-allocation "@${roots}" "${MINIEXPR_ARCHIVE}"
            COMMAND ${CMAKE_OBJCOPY} ${strip} "--keep-global-symbols=${MINIEXPR_SYMBOLS}" "${object}"
        )
    endif()
    add_custom_command(
        OUTPUT "${object}"
        ${commands}
        DEPENDS "${MINIEXPR_ARCHIVE}" miniexpr_cargo "${MINIEXPR_SYMBOLS}" ${references}
        COMMENT "Linking miniexpr into one object"
        VERBATIM
    )
    add_custom_target(miniexpr_object DEPENDS "${object}")
    set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endfunction()

# What the two libraries have in common.
function(miniexpr_set_library target)
    add_dependencies(${target} miniexpr_object)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME miniexpr LINKER_LANGUAGE C POSITION_INDEPENDENT_CODE ON)
    target_compile_features(${target} PUBLIC c_std_99)
    target_include_directories(
        ${target}
        PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    )
endfunction()

include(GNUInstallDirs)
if(MINIEXPR_PRELINK)
    set(object "${CMAKE_CURRENT_BINARY_DIR}/miniexpr${CMAKE_C_OUTPUT_EXTENSION}")
    miniexpr_add_object("${object}")
    if(MINIEXPR_BUILD_STATIC)
        add_library(miniexpr_static STATIC "${object}")
        if(EMSCRIPTEN)
            target_sources(miniexpr_static PRIVATE "${PROJECT_SOURCE_DIR}/cmake/miniexpr_without_threads.c")
        endif()
        miniexpr_set_library(miniexpr_static)
        target_link_libraries(miniexpr_static INTERFACE ${system_libraries})
    endif()
    if(MINIEXPR_BUILD_SHARED)
        add_library(miniexpr SHARED "${object}")
        miniexpr_set_library(miniexpr)
        # Minor versions add functions, and leave those that there are as they are.
        set_target_properties(miniexpr PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
        target_link_libraries(miniexpr PRIVATE ${system_libraries})
        if(NOT APPLE)
            set(version_script "${CMAKE_CURRENT_BINARY_DIR}/miniexpr.map")
            string(REPLACE ";" "; " globals "${exported_symbols}")
            file(GENERATE OUTPUT "${version_script}" CONTENT "{ global: ${globals}; local: *; };\n")
            set_target_properties(
                miniexpr
                PROPERTIES LINK_DEPENDS "${version_script}" LINK_FLAGS "-Wl,--version-script=${version_script} -Wl,--gc-sections"
            )
        endif()
    endif()
else()
    add_library(miniexpr_static STATIC IMPORTED GLOBAL)
    add_dependencies(miniexpr_static miniexpr_cargo)
    set_target_properties(miniexpr_static PROPERTIES IMPORTED_LOCATION "${MINIEXPR_ARCHIVE}")
    target_include_directories(miniexpr_static INTERFACE "${PROJECT_SOURCE_DIR}/include")
    target_link_libraries(miniexpr_static INTERFACE ${system_libraries})
endif()

# The library that tests and examples link.
if(TARGET miniexpr_static)
    set(MINIEXPR_DEFAULT_LIB miniexpr_static)
else()
    set(MINIEXPR_DEFAULT_LIB miniexpr)
endif()
