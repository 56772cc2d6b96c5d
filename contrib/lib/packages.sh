# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Debian packages, installed so that no system service is started, enabled or
# changed: PostgreSQL and Prosody are wanted as programs only.

BUILD_PACKAGES='build-essential autoconf automake pkg-config libglib2.0-dev
  libsofia-sip-ua-dev libxml2-dev zlib1g-dev libssl-dev libpq-dev libmicrohttpd-dev
  libsystemd-dev libmimalloc-dev'
RUN_PACKAGES='postgresql postgresql-client openssl curl procps'
XMPP_PACKAGES='prosody'
TEST_PACKAGES='python3 python3-slixmpp python3-pytest python3-pytest-xdist sip-tester
  baresip-core linphone-cli mandoc valgrind'

# missing_packages PACKAGE…: those that are not installed.
missing_packages ()
{
  local package
  for package; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      *) echo "$package" ;;
    esac
  done
}

# Links by which services start with the machine.
enabled_services ()
{
  find /etc/systemd/system -path '*.wants/*' -type l 2>/dev/null
  find /etc/rc[2-5S].d -name 'S*' 2>/dev/null
}

# disable_new BEFORE: takes back what an installation has enabled.
disable_new ()
{
  local link name
  comm -13 <(sort <<< "$1") <(enabled_services | sort) |
    while read -r link; do
      name=${link##*/}
      case $link in
        */systemd/*) deb-systemd-helper disable "$name" ;;
        *) update-rc.d "${name#S[0-9][0-9]}" disable ;;
      esac
    done
}

# As root.  The two files that keep services from starting and the cluster
# `main` from being made exist for the time of the installation only.
install_packages_now ()
(
  policy=/usr/sbin/policy-rc.d
  cluster=/etc/postgresql-common/createcluster.d
  exec 9> /run/rollcall-install.lock
  flock 9
  restore ()
  {
    rm -f "$policy" "$cluster/zz-rollcall.conf"
    [ ! -e "$policy.rollcall" ] && [ ! -L "$policy.rollcall" ] ||
      mv "$policy.rollcall" "$policy"
    rmdir -p --ignore-fail-on-non-empty "$cluster" 2>/dev/null
    disable_new "$before"
  }
  before=$(enabled_services)
  trap restore EXIT
  trap 'exit 1' INT TERM HUP
  if [ -e "$policy" ] || [ -L "$policy" ]; then
    mv "$policy" "$policy.rollcall"
  fi
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  mkdir -p "$cluster"
  echo 'create_main_cluster = false' > "$cluster/zz-rollcall.conf"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$@"
)

# ensure_packages LOG PACKAGE…: installs what is missing, as root or through
# sudo; ends the script with a sentence when that cannot be.
ensure_packages ()
{
  local log=$1 missing
  shift
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  command -v apt-get > /dev/null ||
    die "this machine has no apt-get; install by hand: $missing"
  local root=(bash)
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null ||
      die "packages are missing and there is no sudo; as root run:" \
        "apt-get install $missing"
    sudo -v || die "packages are missing and sudo was refused; as root run:" \
      "apt-get install $missing"
    root=(sudo bash)
  fi
  # shellcheck disable=SC2086,SC2016
  stage "Installing packages ($(wc -w <<< "$missing"))" "$log" "${root[@]}" -c \
    '. "$1"; shift; install_packages_now "$@"' install "${BASH_SOURCE[0]}" \
    $missing ||
    die "the packages could not be installed ($(
      grep '^E: ' "$log" | head -n 1)), see $log"
}
