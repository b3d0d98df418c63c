# The Debian package: `cpack --config build/release/CPackConfig.cmake`, after a build. What it holds is what
# packaging/debian/stage puts together, which is what packaging/install installs.
set(maintainer "Tealgate maintainers <maintainers@tealgate.invalid>")
install(CODE "
  execute_process(
    COMMAND \"${CMAKE_SOURCE_DIR}/packaging/debian/stage\" \"$<TARGET_FILE:tealgate>\" \"\$ENV{DESTDIR}\"
      \"${PROJECT_VERSION}\" \"${maintainer}\"
    COMMAND_ERROR_IS_FATAL ANY)")

# An installation installs what is built; it builds nothing, least of all every test.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_NAME tealgate)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_PACKAGE_CONTACT ${maintainer})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "proxy and load balancer for releases without a gap
Tealgate stands in front of app servers, spreads requests over them, and moves
traffic between a blue and a green pool with one command that is atomic, gated
by health checks, drained, reversible and recorded.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "logrotate, procps")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
