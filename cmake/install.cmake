# cmake --install BUILD --prefix PREFIX: the library, its headers, the program, and the files that
# find_package() and pkg-config read. No file names the prefix, so the folder may be moved.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/varepsilon)
# One folder, which goes on the include path: <varepsilon.h>, "tensor/tensor.h"
set(header_dir ${CMAKE_INSTALL_INCLUDEDIR}/varepsilon)

install(TARGETS varepsilon EXPORT varepsilon_targets
  FILE_SET HEADERS DESTINATION ${header_dir}
  FILE_SET generated_headers DESTINATION ${header_dir})
if(EPS_CUDA)  # templates for the .cu files of ops in other projects
  foreach(header runtime/context.h runtime/divisor.h runtime/strided.cuh runtime/vector.cuh
                 pointwise/entries.cuh)
    cmake_path(GET header PARENT_PATH folder)
    install(FILES cuda/${header} DESTINATION ${header_dir}/cuda/${folder})
  endforeach()
endif()
install(EXPORT varepsilon_targets NAMESPACE varepsilon:: DESTINATION ${package_dir})

configure_package_config_file(cmake/varepsilon-config.cmake.in varepsilon-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(varepsilon-config-version.cmake COMPATIBILITY SameMinorVersion)
install(
  FILES ${CMAKE_CURRENT_BINARY_DIR}/varepsilon-config.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/varepsilon-config-version.cmake
  DESTINATION ${package_dir})

# pkg-config knows the folder of its own file, and finds the prefix relative to it.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH EPS_PC_PREFIX /prefix/${pc_dir} /prefix)
set(EPS_PC_LIBS -lstdc++ ${CMAKE_THREAD_LIBS_INIT})
list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE dl)
list(APPEND EPS_PC_LIBS ${dl})
if(EPS_CUDA)
  list(APPEND EPS_PC_LIBS -L${CUDAToolkit_LIBRARY_DIR} -lcudart -lcublas -lcublasLt)
endif()
list(JOIN EPS_PC_LIBS " " EPS_PC_LIBS)
configure_file(cmake/varepsilon.pc.in varepsilon.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/varepsilon.pc DESTINATION ${pc_dir})

if(EPS_CLI)
  install(TARGETS eps)
endif()
