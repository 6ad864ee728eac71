# SPDX-License-Identifier: Apache-2.0
# Run after linking the module: it may export C_ functions and nothing else.
execute_process(COMMAND "${NM}" -D --defined-only "${MODULE}"
  OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cannot read the symbols of ${MODULE}")
endif()
string(REGEX REPLACE "\n" ";" lines "${symbols}")
set(foreign)
set(doors 0)
foreach(line IN LISTS lines)
  if(line MATCHES " C_[A-Za-z]+$")
    math(EXPR doors "${doors} + 1")
  elseif(NOT line STREQUAL "")
    string(REGEX REPLACE ".* " "" symbol "${line}")
    list(APPEND foreign "${symbol}")
  endif()
endforeach()
if(foreign OR doors EQUAL 0)
  file(REMOVE "${MODULE}")
  if(foreign)
    message(FATAL_ERROR "${MODULE} exports more than C_ functions: ${foreign}\n"
      "Make them static or hidden, or see cmake/exports.map.")
  else()
    message(FATAL_ERROR "${MODULE} exports no C_ function: is the pkcs11 room among its DOORS, "
      "and are its functions of default visibility?")
  endif()
endif()
