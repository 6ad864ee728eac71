# SPDX-License-Identifier: Apache-2.0
# The installed files that name the prefix; run by deploy/CMakeLists.txt at install time.
set(prefix "${CMAKE_INSTALL_PREFIX}")
set(root "$ENV{DESTDIR}${prefix}")

function(fill from to)
  configure_file("${source}/deploy/${from}" "${root}/${to}" @ONLY)
  message(STATUS "Installing: ${root}/${to}")
endfunction()
fill(craton-hsm.pc.in "${libdir}/pkgconfig/craton-hsm.pc")
fill(craton_hsm.module.in "share/p11-kit/modules/craton_hsm.module")

# The sample configuration is the one that the reference page ends with.
execute_process(
  COMMAND sed -n "/^```toml/,/^```\$/{/^```/d;p}" "${source}/docs/configuration.md"
  OUTPUT_FILE "${root}/${docdir}/craton_hsm.toml" COMMAND_ERROR_IS_FATAL ANY)
message(STATUS "Installing: ${root}/${docdir}/craton_hsm.toml")
