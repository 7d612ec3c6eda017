#!/usr/bin/env bash
# Installs the client library alone into an empty prefix, moves the prefix, and builds a stranger's project against it:
# with find_package and with pkg-config.
# Usage: package_test.sh SOURCE_DIR
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/prefix" \
  -DCACHESCOPE_DAEMON=OFF -DCACHESCOPE_TESTS=OFF -DCACHESCOPE_EXAMPLES=OFF -DCMAKE_CXX_FLAGS_RELEASE=-O1 >/dev/null
cmake --build "$work/build" -j "$(nproc)" >/dev/null
cmake --install "$work/build" >/dev/null
mv "$work/prefix" "$work/moved"

cmake -S "$source/tests/package/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/consumer" >/dev/null
"$work/consumer/consumer"
echo "package_test: find_package works"

PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name cachescope.pc)")
export PKG_CONFIG_PATH
# Word splitting is what pkg-config's output is for.
# shellcheck disable=SC2046
"${CXX:-c++}" -Wall -Wextra -Werror "$source/tests/package/consumer/main.cc" -o "$work/main" $(pkg-config --cflags --libs cachescope)
"$work/main"
echo "package_test: pkg-config works"

if grep -rlF "$source" "$work/moved/include" "$work"/moved/lib*/cmake "$work"/moved/lib*/*/pkgconfig 2>/dev/null; then
  echo "package_test: installed files name the source tree" >&2
  exit 1
fi
