# cmake --install BUILD --prefix PREFIX: the library, its headers, the program, and what find_package() and pkg-config read. Nothing of it
# names the prefix, so that it may be moved.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/varepsilon)
set(header_dir ${CMAKE_INSTALL_INCLUDEDIR}/varepsilon)  # one folder, which is on the include path: <varepsilon.h>, "tensor/tensor.h"

install(TARGETS varepsilon EXPORT varepsilon_targets
  FILE_SET HEADERS DESTINATION ${header_dir}
  FILE_SET generated_headers DESTINATION ${header_dir})
if(EPS_CUDA)  # templates for ops of other projects, for .cu files only
  install(FILES cuda/runtime/context.h cuda/runtime/divisor.h cuda/runtime/strided.cuh
                cuda/runtime/vector.cuh DESTINATION ${header_dir}/cuda/runtime)
  install(FILES cuda/pointwise/rows.cuh DESTINATION ${header_dir}/cuda/pointwise)
endif()
install(EXPORT varepsilon_targets NAMESPACE varepsilon:: DESTINATION ${package_dir})

configure_package_config_file(cmake/varepsilon-config.cmake.in varepsilon-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(varepsilon-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/varepsilon-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/varepsilon-config-version.cmake
  DESTINATION ${package_dir})

# pkg-config knows where its file lies, and the prefix from there.
file(RELATIVE_PATH EPS_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
set(EPS_PC_LIBS -lstdc++ ${CMAKE_THREAD_LIBS_INIT} ${OpenMP_CXX_FLAGS})
list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE dl)
list(APPEND EPS_PC_LIBS ${dl})
if(EPS_CUDA)
  list(APPEND EPS_PC_LIBS -L${CUDAToolkit_LIBRARY_DIR} -lcudart -lcublas -lcublasLt)
endif()
list(JOIN EPS_PC_LIBS " " EPS_PC_LIBS)
configure_file(cmake/varepsilon.pc.in varepsilon.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/varepsilon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(EPS_CLI)
  file(RELATIVE_PATH to_library /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
  set_target_properties(eps PROPERTIES INSTALL_RPATH $ORIGIN/${to_library})
  install(TARGETS eps)
endif()
