# find_package(cachescope) gives cachescope::cachescope.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/cachescopeTargets.cmake)
