# SPDX-License-Identifier: Apache-2.0
#
# Rooms. A room is one folder of src/, one static library, and the only thing it can include is
#   - its own folder,
#   - the PUBLIC headers of base and of the rooms it USES, written "<room>/<header>",
#   - <craton/pkcs11.h>, when it asks for CRYPTOKI,
#   - third-party headers that it names (SYSTEM_INCLUDES).
# An include that the drawing does not allow fails with "No such file or directory".
#
#   room(<name>
#        PUBLIC   <headers>         what others may include; PUBLIC headers include base only
#        SOURCES  <files>
#        USES     <rooms>           must be made before this one: calls go down only
#        [CRYPTOKI]                 may include craton/pkcs11.h
#        [SYSTEM_INCLUDES <dirs>]   third-party headers, for this room alone
#        [LINKS   <libraries>]
#        [DEFINES <definitions>])
#
#   craton_module(<name> SOURCES <files> ROOMS <rooms> DOORS <rooms> [EXPORTS <version script>] ...)
#        the loadable module; DOORS are the rooms whose C_ functions it exports
#   craton_program(<name> SOURCES <files> ROOMS <rooms> ...)
#   craton_fuzz(<name> SOURCES <files> ROOMS <rooms> ...)
#        a libFuzzer target, made by the preset "fuzz"
#
# Tests:
#   craton_unit_test(<name> SOURCES <files> ROOMS <rooms> [LABELS ..] [TIMEOUT s] ...)
#        cmocka; sees the private folder of the first room as well
#   craton_module_test(<name> SOURCES <files> ...)
#        cmocka or plain; sees craton/pkcs11.h; finds the module's path in CRATON_MODULE

set(CRATON_ROOMS_DIR "${CMAKE_BINARY_DIR}/rooms")

# The include path and flags that room(), modules, programs and tests share.
function(_craton_furnish target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CRYPTOKI;NO_BANNED" "" "USES;SYSTEM_INCLUDES;LINKS;DEFINES")
  set(uses ${arg_USES})
  if(NOT "${target}" STREQUAL "base" AND TARGET base)
    list(PREPEND uses base)
  endif()
  list(REMOVE_DUPLICATES uses)
  foreach(used IN LISTS uses)
    if(NOT TARGET ${used})
      message(FATAL_ERROR "${target} uses the room '${used}', which is not below it: "
        "calls go down only, and src/CMakeLists.txt adds the rooms from the ground up.")
    endif()
    target_include_directories(${target} PRIVATE "${CRATON_ROOMS_DIR}/${used}")
  endforeach()
  if(arg_CRYPTOKI)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include")
  endif()
  if(arg_SYSTEM_INCLUDES)
    target_include_directories(${target} SYSTEM PRIVATE ${arg_SYSTEM_INCLUDES})
  endif()
  if(arg_DEFINES)
    target_compile_definitions(${target} PRIVATE ${arg_DEFINES})
  endif()
  target_link_libraries(${target} PUBLIC ${uses} ${arg_LINKS})
  # Functions nobody may call are poisoned in every file of the product (not in tests).
  if(NOT arg_NO_BANNED AND EXISTS "${PROJECT_SOURCE_DIR}/src/base/banned.h")
    target_compile_options(${target} PRIVATE "SHELL:-include ${PROJECT_SOURCE_DIR}/src/base/banned.h")
  endif()
endfunction()

# Links to the PUBLIC headers: the only door to a room's folder.
function(_craton_public name)
  file(REMOVE_RECURSE "${CRATON_ROOMS_DIR}/${name}")
  file(MAKE_DIRECTORY "${CRATON_ROOMS_DIR}/${name}/${name}")
  foreach(header IN LISTS ARGN)
    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${header}")
      message(FATAL_ERROR "room ${name}: the PUBLIC header ${header} does not exist")
    endif()
    get_filename_component(file ${header} NAME)
    file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/${header}"
      "${CRATON_ROOMS_DIR}/${name}/${name}/${file}" SYMBOLIC)
  endforeach()
endfunction()

function(room name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CRYPTOKI" ""
    "PUBLIC;SOURCES;USES;SYSTEM_INCLUDES;LINKS;DEFINES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "room ${name}: unknown words: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME craton_room_${name})
  _craton_public(${name} ${arg_PUBLIC})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CRATON_ROOMS_DIR}/${name}")
  set(cryptoki)
  if(arg_CRYPTOKI)
    set(cryptoki CRYPTOKI)
  endif()
  _craton_furnish(${name} ${cryptoki} USES ${arg_USES} SYSTEM_INCLUDES ${arg_SYSTEM_INCLUDES}
    LINKS ${arg_LINKS} DEFINES ${arg_DEFINES})
endfunction()

function(craton_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXPORTS"
    "SOURCES;ROOMS;DOORS;SYSTEM_INCLUDES;LINKS;DEFINES")
  if(NOT arg_EXPORTS)
    set(arg_EXPORTS "${PROJECT_SOURCE_DIR}/cmake/exports.map")
  endif()
  get_filename_component(map "${arg_EXPORTS}" ABSOLUTE)
  # A door is linked as objects: what comes out of an archive is hidden by --exclude-libs.
  set(objects)
  foreach(door IN LISTS arg_DOORS)
    list(APPEND objects $<TARGET_OBJECTS:${door}>)
  endforeach()
  add_library(${name} MODULE ${arg_SOURCES} ${objects})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  _craton_furnish(${name} CRYPTOKI USES ${arg_ROOMS} ${arg_DOORS}
    SYSTEM_INCLUDES ${arg_SYSTEM_INCLUDES} LINKS ${arg_LINKS} DEFINES ${arg_DEFINES})
  set_target_properties(${name} PROPERTIES
    PREFIX lib OUTPUT_NAME ${name} LINKER_LANGUAGE C NO_SONAME ON
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}" LINK_DEPENDS "${map}")
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${map}" "LINKER:--exclude-libs,ALL" "LINKER:-Bsymbolic"
    "LINKER:-z,nodelete" "LINKER:-z,relro" "LINKER:-z,now" "LINKER:-z,noexecstack"
    "LINKER:--gc-sections")
  # With a sanitizer the runtime is the executable's: its symbols are undefined here.
  if(NOT CRATON_SANITIZE)
    target_link_options(${name} PRIVATE "LINKER:--no-undefined")
  endif()
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} "-DNM=${CMAKE_NM}" "-DMODULE=$<TARGET_FILE:${name}>"
            -P "${PROJECT_SOURCE_DIR}/cmake/check_exports.cmake"
    VERBATIM)
endfunction()

function(craton_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CRYPTOKI" "" "SOURCES;ROOMS;SYSTEM_INCLUDES;LINKS;DEFINES")
  set(cryptoki)
  if(arg_CRYPTOKI)
    set(cryptoki CRYPTOKI)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  _craton_furnish(${name} ${cryptoki} USES ${arg_ROOMS} SYSTEM_INCLUDES ${arg_SYSTEM_INCLUDES}
    LINKS ${arg_LINKS} DEFINES ${arg_DEFINES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  target_link_options(${name} PRIVATE "LINKER:-z,relro" "LINKER:-z,now" "LINKER:--gc-sections")
endfunction()

# Seconds: 60 where nothing is said; sanitizers take their time.
function(_craton_timeout variable)
  set(seconds ${${variable}})
  if(NOT seconds)
    set(seconds 60)
  endif()
  if(CRATON_SANITIZE)
    math(EXPR seconds "${seconds} * 8")
  endif()
  set(${variable} ${seconds} PARENT_SCOPE)
endfunction()

# Registers a test that is already a target.
function(_craton_register name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS;ENVIRONMENT;ARGS")
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    LABELS "${arg_LABELS}" ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()

function(craton_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CRYPTOKI" "TIMEOUT"
    "SOURCES;ROOMS;SYSTEM_INCLUDES;LINKS;DEFINES;LABELS;ENVIRONMENT;ARGS")
  if(NOT CRATON_TESTS)
    return()
  endif()
  set(cryptoki)
  if(arg_CRYPTOKI)
    set(cryptoki CRYPTOKI)
  endif()
  add_executable(${name} ${arg_SOURCES})
  list(GET arg_ROOMS 0 tested)
  if(TARGET ${tested})
    get_target_property(folder ${tested} SOURCE_DIR)
    target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${folder}")
  endif()
  _craton_furnish(${name} ${cryptoki} NO_BANNED USES ${arg_ROOMS}
    SYSTEM_INCLUDES ${arg_SYSTEM_INCLUDES} LINKS ${arg_LINKS} cmocka DEFINES ${arg_DEFINES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  _craton_timeout(arg_TIMEOUT)
  _craton_register(${name} TIMEOUT ${arg_TIMEOUT} LABELS unit ${arg_LABELS}
    ENVIRONMENT ${arg_ENVIRONMENT} ARGS ${arg_ARGS})
endfunction()

function(craton_module_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT"
    "SOURCES;ROOMS;SYSTEM_INCLUDES;LINKS;DEFINES;LABELS;ENVIRONMENT;ARGS")
  if(NOT CRATON_TESTS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE
    "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
  if(arg_SYSTEM_INCLUDES)
    target_include_directories(${name} SYSTEM PRIVATE ${arg_SYSTEM_INCLUDES})
  endif()
  foreach(used IN LISTS arg_ROOMS)
    target_include_directories(${name} PRIVATE "${CRATON_ROOMS_DIR}/${used}")
  endforeach()
  target_compile_definitions(${name} PRIVATE ${arg_DEFINES})
  target_link_libraries(${name} PRIVATE ${arg_ROOMS} ${arg_LINKS} cmocka ${CMAKE_DL_LIBS} Threads::Threads)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  set(environment ${arg_ENVIRONMENT})
  if(TARGET craton_hsm)
    add_dependencies(${name} craton_hsm)
    list(APPEND environment "CRATON_MODULE=$<TARGET_FILE:craton_hsm>")
  endif()
  _craton_timeout(arg_TIMEOUT)
  _craton_register(${name} TIMEOUT ${arg_TIMEOUT} LABELS module ${arg_LABELS}
    ENVIRONMENT ${environment} ARGS ${arg_ARGS})
endfunction()

function(craton_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CRYPTOKI" "" "SOURCES;ROOMS;SYSTEM_INCLUDES;LINKS;DEFINES")
  set(cryptoki)
  if(arg_CRYPTOKI)
    set(cryptoki CRYPTOKI)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  _craton_furnish(${name} ${cryptoki} NO_BANNED USES ${arg_ROOMS}
    SYSTEM_INCLUDES ${arg_SYSTEM_INCLUDES} LINKS ${arg_LINKS} DEFINES ${arg_DEFINES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
endfunction()
