# Warnings and sanitizers for our own code, and the function that makes one library a folder.

add_library(tealgate_warnings INTERFACE)
target_compile_options(tealgate_warnings INTERFACE
  -Wall -Wextra -Wpedantic $<$<COMPILE_LANGUAGE:CXX>:-Wshadow -Wconversion>
  $<$<BOOL:${TEALGATE_WERROR}>:-Werror>)

if(TEALGATE_SANITIZE)
  add_compile_options(-fsanitize=${TEALGATE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TEALGATE_SANITIZE})
endif()
if(TEALGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# tealgate_layer(NAME PUBLIC ... PRIVATE ...): the library of folder NAME with what it links.
function(tealgate_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "" "PUBLIC;PRIVATE")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cc)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE TEALGATE_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PUBLIC ${layer_PUBLIC} PRIVATE ${layer_PRIVATE} tealgate_warnings)
endfunction()
