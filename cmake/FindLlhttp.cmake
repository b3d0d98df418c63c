# Finds llhttp and provides llhttp::llhttp, always in strict mode.
#
# Tried in this order: a CMake package (upstream), pkg-config (libllhttp-dev of newer distributions), and the generated C
# sources that Debian 12 ships in node-llhttp. llhttp 8's default machine is loose and lets request smuggling through, so
# LLHTTP_STRICT_MODE goes to llhttp itself and to each includer (it changes the struct's users, too). A library built by
# somebody else may be loose all the same: the unit test of http/h1_parser feeds what only a strict one refuses.

if(NOT TARGET llhttp::llhttp)
  find_package(llhttp CONFIG QUIET)
  foreach(candidate llhttp::llhttp_static llhttp::llhttp_shared)
    if(NOT TARGET llhttp::llhttp AND TARGET ${candidate})
      add_library(llhttp::llhttp ALIAS ${candidate})
    endif()
  endforeach()
endif()

if(NOT TARGET llhttp::llhttp)
  pkg_check_modules(libllhttp QUIET IMPORTED_TARGET libllhttp)
  if(libllhttp_FOUND)
    add_library(llhttp::llhttp ALIAS PkgConfig::libllhttp)
  endif()
endif()

if(NOT TARGET llhttp::llhttp)
  find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp)
  find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp /usr/include)
  if(LLHTTP_SOURCE_DIR AND LLHTTP_INCLUDE_DIR)
    add_library(llhttp_strict STATIC
      ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/http.c ${LLHTTP_SOURCE_DIR}/api.c)
    target_include_directories(llhttp_strict SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
    target_compile_definitions(llhttp_strict PUBLIC LLHTTP_STRICT_MODE=1)
    target_compile_options(llhttp_strict PRIVATE -w)
    add_library(llhttp::llhttp ALIAS llhttp_strict)
  endif()
endif()

include(FindPackageHandleStandardArgs)
if(TARGET llhttp::llhttp)
  set(LLHTTP_TARGET llhttp::llhttp)
endif()
find_package_handle_standard_args(Llhttp
  REASON_FAILURE_MESSAGE "install node-llhttp (Debian 12) or libllhttp-dev" REQUIRED_VARS LLHTTP_TARGET)
