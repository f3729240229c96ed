# The chat page is built by Vite into web/chat/dist and embedded in the program as one generated source file.
# Without PARLEY_WEB, parley::web::chat_page() is empty, and neither Node nor the network is needed.
add_library(parley_web STATIC)
target_include_directories(parley_web PUBLIC ${CMAKE_SOURCE_DIR}/src)

if(NOT PARLEY_WEB)
  target_sources(parley_web PRIVATE ${CMAKE_SOURCE_DIR}/src/web/no_page.cpp)
  return()
endif()

find_program(NPM npm)
find_program(NODE NAMES node nodejs)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
if(NOT NPM OR NOT NODE)
  message(FATAL_ERROR "The chat page needs Node.js 18 or newer with npm.\n"
    "Install them (apt-get install nodejs npm), or build without the page: -DPARLEY_WEB=OFF")
endif()

set(web ${CMAKE_SOURCE_DIR}/web)
set(page ${web}/chat)
set(page_installed ${web}/node_modules/.parley-installed)
set(page_built ${CMAKE_BINARY_DIR}/web/chat-page.built)
set(page_source ${CMAKE_BINARY_DIR}/web/chat_page.cpp)
file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${web}/shared/src/* ${page}/src/* ${page}/public/*)
list(FILTER page_sources EXCLUDE REGEX "\\.test\\.tsx?$")

# The packages are fetched again only when the lock file changes: `npm ci` empties node_modules, the stamp with it.
add_custom_command(OUTPUT ${page_installed}
  COMMAND ${CMAKE_COMMAND} -DNPM=${NPM} -DNODE=${NODE} -DWEB=${web} -DSTEP=install -P ${CMAKE_SOURCE_DIR}/cmake/web_page.cmake
  DEPENDS ${web}/package-lock.json ${web}/package.json ${web}/shared/package.json ${page}/package.json
    ${CMAKE_SOURCE_DIR}/cmake/web_page.cmake
  COMMENT "Fetching the packages of the web pages"
  VERBATIM)

add_custom_target(web_packages DEPENDS ${page_installed})

add_custom_command(OUTPUT ${page_built} ${page_source}
  COMMAND ${CMAKE_COMMAND} -DNPM=${NPM} -DNODE=${NODE} -DWEB=${web} -DSTEP=build -P ${CMAKE_SOURCE_DIR}/cmake/web_page.cmake
  COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/cmake/embed_files.py ${page}/dist chat_page ${page_source}
  COMMAND ${CMAKE_COMMAND} -E touch ${page_built}
  DEPENDS ${page_installed} ${page_sources} ${page}/index.html ${page}/vite.config.ts ${page}/tsconfig.json ${web}/tsconfig.base.json
    ${CMAKE_SOURCE_DIR}/cmake/embed_files.py
  COMMENT "Building the chat page"
  VERBATIM)

target_sources(parley_web PRIVATE ${page_source})
