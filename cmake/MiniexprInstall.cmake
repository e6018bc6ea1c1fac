# Install rules. The licences always; libraries, headers and package files only when asked for, so
# that a project which embeds the library (a Python wheel, say) does not ship them by accident.

install(
    FILES LICENSE LICENSE-LIBTCC LICENSE-SLEEF LICENSE-TINYEXPR THIRD_PARTY_NOTICES.md
    DESTINATION "${CMAKE_INSTALL_DATADIR}/miniexpr/licenses"
)
if(NOT MINIEXPR_INSTALL)
    return()
endif()
if(NOT MINIEXPR_PRELINK)
    message(FATAL_ERROR "miniexpr: MINIEXPR_INSTALL needs MINIEXPR_PRELINK")
endif()

include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/miniexpr")

foreach(library IN ITEMS miniexpr miniexpr_static)
    if(TARGET ${library})
        install(TARGETS ${library} EXPORT miniexprTargets DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    endif()
endforeach()
install(FILES include/miniexpr.h include/miniexpr.hpp include/miniexpr_numpy.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
# What gives the library helpers for kernels in a Pyodide program, and the glue for other programs.
if(EMSCRIPTEN AND MINIEXPR_ENABLE_TCC_JIT AND MINIEXPR_WASM32_SIDE_MODULE)
    install(
        FILES emscripten/pyodide/miniexpr_jit.py emscripten/pyodide/jit_helpers.js src/me_jit_glue.js
        DESTINATION "${CMAKE_INSTALL_DATADIR}/miniexpr"
    )
endif()
install(EXPORT miniexprTargets NAMESPACE miniexpr:: DESTINATION "${package_folder}")

configure_package_config_file(
    cmake/miniexprConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/miniexprConfig.cmake"
    INSTALL_DESTINATION "${package_folder}"
    NO_SET_AND_CHECK_MACRO
)
write_basic_package_version_file(
    "${CMAKE_CURRENT_BINARY_DIR}/miniexprConfigVersion.cmake"
    COMPATIBILITY SameMajorVersion
)
install(
    FILES "${CMAKE_CURRENT_BINARY_DIR}/miniexprConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/miniexprConfigVersion.cmake"
    DESTINATION "${package_folder}"
)

# -lname for the libraries a static link needs as well.
set(private_libraries "")
foreach(name IN LISTS system_libraries)
    string(APPEND private_libraries " -l${name}")
endforeach()
file(RELATIVE_PATH MINIEXPR_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/miniexpr.pc.in "${CMAKE_CURRENT_BINARY_DIR}/miniexpr.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/miniexpr.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
