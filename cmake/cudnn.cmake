# cuDNN 9 is optional. Sets EPS_WITH_CUDNN, CUDNN_INCLUDE_DIR and CUDNN_LIBRARY.
#
# It is searched in CUDNN_ROOT (which may be the folder of pip's package,
# site-packages/nvidia/cudnn), beside the CUDA toolkit and in the system's folders. Only its headers
# are used here: a program loads the library at its first request, so no link line, package file or
# program depends on it.
set(CUDNN_ROOT "$ENV{CUDNN_ROOT}" CACHE PATH "Folder above cuDNN's include and lib")
set(EPS_WITH_CUDNN OFF)
if(NOT EPS_CUDNN)
  return()
endif()
set(cudnn_hints HINTS
  ${CUDNN_ROOT} ${CUDAToolkit_LIBRARY_ROOT} ${CUDAToolkit_LIBRARY_DIR}/..
  ${CUDAToolkit_LIBRARY_ROOT}/../cudnn)
find_path(CUDNN_INCLUDE_DIR cudnn_version.h ${cudnn_hints} PATH_SUFFIXES include)
find_library(CUDNN_LIBRARY NAMES libcudnn.so.9 ${cudnn_hints} PATH_SUFFIXES lib64 lib lib/x64)
mark_as_advanced(CUDNN_INCLUDE_DIR CUDNN_LIBRARY)
set(cudnn_version)
if(CUDNN_INCLUDE_DIR)
  file(STRINGS ${CUDNN_INCLUDE_DIR}/cudnn_version.h cudnn_lines
    REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) ")
  list(TRANSFORM cudnn_lines REPLACE ".* " "" OUTPUT_VARIABLE cudnn_version)
  list(JOIN cudnn_version "." cudnn_version)
endif()
if(cudnn_version MATCHES "^9\\." AND CUDNN_LIBRARY)
  set(EPS_WITH_CUDNN ON)
  message(STATUS "cuDNN ${cudnn_version}: ${CUDNN_LIBRARY}; loaded only if EPS_CUDA_CONV=cudnn")
else()
  message(STATUS "cuDNN 9 not found; got ${cudnn_version} ${CUDNN_INCLUDE_DIR} ${CUDNN_LIBRARY}; "
    "hint: -DCUDNN_ROOT=<folder>, or do without")
endif()
