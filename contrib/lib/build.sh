# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Builds the checkout out of its tree and installs it into the build folder,
# from where it runs, SQL files and all.

# can_build_in TOP: the checkout takes generated files and a folder build/.
can_build_in ()
{
  [ -w "$1" ] && { [ ! -e "$1/build" ] || [ -w "$1/build" ]; } &&
    { [ ! -e "$1/configure" ] || [ -w "$1/configure" ]; } &&
    { [ ! -e "$1/build/quickstart" ] || [ -w "$1/build/quickstart/install" ]; }
}

# build_now TOP BUILD [CONFIGURE OPTION…]: quick when nothing has changed.
build_now ()
(
  top=$1 build=$2
  shift 2
  set -e
  mkdir -p "$build"
  exec 9> "$build/lock"
  flock 9
  if [ ! -x "$top/configure" ] || [ ! -f "$top/Makefile.in" ] ||
     [ "$top/configure.ac" -nt "$top/configure" ]; then
    "$top/autogen.sh"
  fi
  cd "$build"
  if [ ! -f Makefile ] || [ ! -f config.status ]; then
    "$top/configure" -q --prefix="$build/install" "$@"
  fi
  make -j"$(nproc)"
  make -s install
)
