# Puts the dashboard's built files into the daemon: a C++ source with each file's bytes, plain and gzipped, and its
# SHA-256. As a module it gives tealgate_embed_page(); as a script (cmake -P) it writes that source.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  find_program(GZIP gzip REQUIRED)

  # The files of FOLDER become a part of TARGET, and are looked up by control/page_assets.h.
  function(tealgate_embed_page target folder)
    file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
    set(output ${CMAKE_BINARY_DIR}/embedded_page.cc)
    add_custom_command(OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DGZIP=${GZIP} -DFOLDER=${folder} -DOUTPUT=${output}
        -P ${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake
      DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake
      COMMENT "Embedding the dashboard's page" VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

# "…" with every byte escaped.
function(literal path result)
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  set(${result} "\"${bytes}\"" PARENT_SCOPE)
endfunction()

file(GLOB files ${FOLDER}/*)
list(SORT files)
set(rows "")
set(packed ${OUTPUT}.gz)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  set(path /assets/${name})
  if(name STREQUAL "index.html")
    set(path /)
  endif()
  # Without name and time (-n) the same file gives the same bytes.
  execute_process(COMMAND ${GZIP} -9n INPUT_FILE ${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${file} hash)
  literal(${file} plain)
  literal(${packed} gzipped)
  string(APPEND rows "    {\"${path}\", \"${name}\", \"${hash}\",\n     ${plain}sv,\n     ${gzipped}sv},\n")
endforeach()
file(REMOVE ${packed})
file(WRITE ${OUTPUT} "// Written by cmake/EmbedFiles.cmake.
#include \"control/page_assets.h\"

namespace tealgate {

using namespace std::string_view_literals;

std::span<const PageAsset> page_assets() {
  static constexpr PageAsset kAssets[] = {
${rows}  };
  return kAssets;
}

}  // namespace tealgate
")
