# eps_precompile(TARGET [HEADER...]) parses the standard library's headers, and those named, once
# for all files of a target: they are most of what an average file here reads. Files still include
# what they use; builds with CMAKE_DISABLE_PRECOMPILE_HEADERS=ON find what is missing.
function(eps_precompile target)
  set(headers
    algorithm array atomic bit charconv chrono cmath cstdint cstring filesystem fstream functional
    limits map memory mutex numbers numeric optional random set span sstream stdexcept string
    string_view thread type_traits unordered_map utility vector)
  list(TRANSFORM headers REPLACE "(.+)" "<\\1>")
  target_precompile_headers(${target} PRIVATE ${headers} ${ARGN})
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    # With a precompiled header, g++ 12 warns of std::string's own operator+ under these names too.
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds -Wno-stringop-overflow>)
  endif()
endfunction()
