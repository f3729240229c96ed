# Web pages are bundles: each is a workspace of web/, built by Vite into web/NAME/dist and embedded in the program as one
# generated source, the library web_NAME. Where the server shows it, web_mounts() of src/server/routes.cpp says.
# Without PARLEY_WEB every bundle is empty, and neither Node nor the network is needed.
set(PARLEY_BUNDLES chat)

set(web ${CMAKE_SOURCE_DIR}/web)
add_library(parley_web STATIC)
target_include_directories(parley_web PUBLIC ${CMAKE_SOURCE_DIR}/src)

if(PARLEY_WEB)
  find_program(NPM npm)
  find_program(NODE NAMES node nodejs)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  if(NOT NPM OR NOT NODE)
    message(FATAL_ERROR "The web pages need Node.js 18 or newer with npm.\n"
      "Install them (apt-get install nodejs npm), or build without the pages: -DPARLEY_WEB=OFF")
  endif()
  set(run_npm ${CMAKE_COMMAND} -DNPM=${NPM} -DNODE=${NODE} -DWEB=${web})
  set(npm_script ${CMAKE_SOURCE_DIR}/cmake/web_npm.cmake)

  # The packages of all workspaces, fetched again only when the lock file changes: `npm ci` empties node_modules, the stamp
  # with it.
  set(web_installed ${web}/node_modules/.parley-installed)
  file(GLOB manifests CONFIGURE_DEPENDS ${web}/package.json ${web}/*/package.json)
  add_custom_command(OUTPUT ${web_installed}
    COMMAND ${run_npm} -P ${npm_script}
    DEPENDS ${web}/package-lock.json ${manifests} ${npm_script}
    COMMENT "Fetching the packages of the web pages"
    VERBATIM)
  add_custom_target(web_packages DEPENDS ${web_installed})
endif()

function(parley_web_bundle name)
  set(built ${CMAKE_BINARY_DIR}/web/${name}.built)
  set(source ${CMAKE_BINARY_DIR}/web/${name}.cpp)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/shared/src/* ${web}/${name}/src/* ${web}/${name}/public/*)
  list(FILTER sources EXCLUDE REGEX "\\.test\\.tsx?$")
  add_custom_command(OUTPUT ${built} ${source}
    COMMAND ${run_npm} -DWORKSPACE=${name} -P ${npm_script}
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/cmake/embed_files.py ${web}/${name}/dist ${name}_files ${source}
    COMMAND ${CMAKE_COMMAND} -E touch ${built}
    DEPENDS ${web_installed} ${sources} ${web}/${name}/index.html ${web}/${name}/vite.config.ts
      ${web}/${name}/tsconfig.json ${web}/tsconfig.base.json ${CMAKE_SOURCE_DIR}/cmake/embed_files.py
    COMMENT "Building the page web/${name}"
    VERBATIM)
  add_library(web_${name} STATIC ${source})
  target_include_directories(web_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(parley_web PRIVATE web_${name})
endfunction()

# parley::web::bundles(), which names them all.
set(declarations "")
set(entries "")
foreach(name ${PARLEY_BUNDLES})
  if(PARLEY_WEB)
    parley_web_bundle(${name})
    string(APPEND declarations "std::span<const EmbeddedFile> ${name}_files();\n")
    string(APPEND entries "      {\"${name}\", ${name}_files()},\n")
  else()
    string(APPEND entries "      {\"${name}\", {}},\n")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/web/bundles.cpp @ONLY CONTENT [[
// Made by cmake/web.cmake; do not edit.
#include "web/embedded.hpp"

namespace parley::web {

@declarations@
std::span<const Bundle> bundles() {
  static const Bundle kBundles[] = {
@entries@  };
  return kBundles;
}

}  // namespace parley::web
]])
target_sources(parley_web PRIVATE ${CMAKE_BINARY_DIR}/web/bundles.cpp)
