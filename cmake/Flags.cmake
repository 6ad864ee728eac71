# SPDX-License-Identifier: Apache-2.0
# Language, warnings, hardening and sanitizers, for everything that we compile ourselves.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

# Defined as empty, so that a file that defines it too is not a redefinition.
add_compile_options(-D_GNU_SOURCE=)

add_compile_options(
  -Wall -Wextra -Wshadow -Wcast-qual -Wwrite-strings -Wpointer-arith
  -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition -Wmissing-declarations
  -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough -Wdouble-promotion
  -Wconversion -Wno-sign-conversion)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wlogical-op -Wduplicated-cond -Wno-missing-field-initializers)
else()
  add_compile_options(-Wno-missing-field-initializers)
endif()
if(CRATON_WERROR)
  add_compile_options(-Werror)
endif()

# strict aliasing buys nothing where the time goes (the crypto libraries) and PKCS#11 callers hand
# us untyped memory: off.
add_compile_options(
  -fno-strict-aliasing -fno-common -fstack-protector-strong
  -ffunction-sections -fdata-sections
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" "-ffile-prefix-map=${CMAKE_BINARY_DIR}=.")
foreach(flag -fstack-clash-protection -fcf-protection=full)
  string(MAKE_C_IDENTIFIER "craton_has${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options(${flag})
  endif()
endforeach()

if(CRATON_SANITIZE)
  add_compile_options("-fsanitize=${CRATON_SANITIZE}" -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${CRATON_SANITIZE}")
else()
  # Fortified where there is optimisation, without which it does nothing but warn.
  add_compile_options("$<$<NOT:$<CONFIG:Debug>>:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>")
endif()
