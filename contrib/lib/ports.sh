# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Which ports are taken, read from /proc, so that it works on a bare machine.

# address_hex ADDR: as /proc/net has it (IPv4: bytes turned round).
address_hex ()
{
  local a b c d
  IFS=. read -r a b c d <<< "$1"
  printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a"
}

# is_port_taken udp|tcp ADDR PORT: somebody holds it on this address or on all.
# For an IPv6 or unspecified address any holder of the port counts.
is_port_taken ()
{
  local kind=$1 address=$2 port
  port=$(printf '%04X' "$3")
  local files=("/proc/net/$kind" "/proc/net/${kind}6") wanted='.*'
  case $address in
    *:*|0.0.0.0) ;;
    *) wanted="($(address_hex "$address")|00000000|0{32}|0{16}FFFF0000$(
         address_hex "$address"))" ;;
  esac
  # Connections of a client with that number do not hold it for a listener:
  # state 0A is LISTEN, 07 is a UDP socket.
  awk -v wanted="^$wanted:$port\$" -v kind="$kind" '
    BEGIN { state = kind == "tcp" ? "0A" : "07" }
    $2 ~ wanted && ($4 == state) { found = 1 }
    END { exit !found }' "${files[@]}" 2>/dev/null
}

# free_port: prints a port on loopback that nobody holds.
free_port ()
{
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    is_port_taken tcp 127.0.0.1 "$port" || break
  done
  echo "$port"
}

# is_local_address ADDR: an address of this machine, or all of them.
is_local_address ()
{
  case $1 in
    0.0.0.0|::|::1|127.*) return 0 ;;
    *:*) [ -n "$(ip -6 -o addr show to "$1" 2>/dev/null)" ] ;;
    *) awk -v wanted="$1" '
         /\/32 host LOCAL/ && last == wanted { found = 1 }
         /\|--/ { last = $2 }
         END { exit !found }' /proc/net/fib_trie ;;
  esac
}

is_ipv4 ()
{
  local part count=0
  [[ $1 =~ ^[0-9]+(\.[0-9]+){3}$ ]] || return 1
  for part in ${1//./ }; do
    [ "${#part}" -le 3 ] && [ "$((10#$part))" -le 255 ] || return 1
    count=$((count + 1))
  done
  [ "$count" -eq 4 ]
}

is_address () { is_ipv4 "$1" || [[ $1 =~ ^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$ ]]; }

# host_port ADDR PORT: as it stands in a URI; the unspecified address becomes
# loopback, which is where a client on this machine finds it.
host_port ()
{
  case $1 in
    0.0.0.0) echo "127.0.0.1:$2" ;;
    ::) echo "[::1]:$2" ;;
    *:*) echo "[$1]:$2" ;;
    *) echo "$1:$2" ;;
  esac
}
