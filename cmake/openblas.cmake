# Defines the target PkgConfig::OPENBLAS for the benchmarks, which compare with it: by pkg-config,
# or where that program is missing, from CMAKE_PREFIX_PATH and the system's folders. The library
# itself loads OpenBLAS when it first needs it (cpu/matmul/openblas.h).
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
else()
  find_path(OPENBLAS_INCLUDE_DIR cblas.h REQUIRED PATH_SUFFIXES
    openblas-openmp openblas ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp)
  find_library(OPENBLAS_LIBRARY openblas REQUIRED PATH_SUFFIXES openblas-openmp)
  add_library(PkgConfig::OPENBLAS INTERFACE IMPORTED)
  set_target_properties(PkgConfig::OPENBLAS PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${OPENBLAS_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES ${OPENBLAS_LIBRARY})
endif()
