# Runs npm for the web pages, quietly, and explains a failure: cmake -DNPM= -DNODE= -DWEB= [-DWORKSPACE=] -P …
# With WORKSPACE that one is built, without it the packages of all are installed.
execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE node_version OUTPUT_STRIP_TRAILING_WHITESPACE)
if(node_version MATCHES "^v([0-9]+)\\." AND CMAKE_MATCH_1 LESS 18)
  message(FATAL_ERROR "The web pages need Node.js 18 or newer; ${NODE} is ${node_version}.\n"
    "Install a newer one, or build without the pages: -DPARLEY_WEB=OFF")
endif()

if(WORKSPACE)
  set(arguments run --silent build -w ${WORKSPACE})
else()
  set(arguments ci --no-audit --no-fund --prefer-offline --loglevel=error)
endif()
execute_process(COMMAND ${NPM} ${arguments} WORKING_DIRECTORY ${WEB}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  if(NOT WORKSPACE)
    file(TOUCH ${WEB}/node_modules/.parley-installed)
  endif()
  return()
endif()

message(NOTICE "${output}")
if(WORKSPACE)
  message(FATAL_ERROR "The page web/${WORKSPACE} does not build. The messages above say where; try it with:\n"
    "  cd ${WEB} && npm run build -w ${WORKSPACE}")
elseif(output MATCHES "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|EHOSTUNREACH|network")
  message(FATAL_ERROR "npm cannot reach its registry to fetch the packages of the web pages.\n"
    "Check the network or npm's proxy and registry settings (npm config list) and build again,\n"
    "or build without the pages: cmake --preset release -DPARLEY_WEB=OFF")
else()
  message(FATAL_ERROR "npm could not install the packages of the web pages. The messages above say why; try it with:\n"
    "  cd ${WEB} && npm ci\n"
    "or build without the pages: cmake --preset release -DPARLEY_WEB=OFF")
endif()
