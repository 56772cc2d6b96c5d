# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What is measured, and how much of it: bounded in count, and by LIMIT in time
# (one measurement then ends with what it has).  Sourced by bench/run.

# pick QUICK FULL
pick () { if [ -n "$IS_QUICK" ]; then echo "$1"; else echo "$2"; fi; }

# full SERVER QUICK ROLLCALL KAMAILIO: how many of what takes a server long.
full ()
{
  if [ "$1" = rollcall ]; then pick "$2" "$3"; else pick "$2" "$4"; fi
}

# rate SERVER WORK: operations a second, of the runs before; or a guess.
rate ()
{
  awk -F '\t' -v server="server=$1" -v work="work=$2" '
    $1 == server && $3 == work { split($6, a, "="); sum += a[2]; n++ }
    END { print n ? sum / n : 1000 }' "$FIGURES"
}

# open_calls SERVER KIND WORK USERS: at three parts of what it can do at most.
open_calls ()
{
  local part seconds most
  seconds=$(pick 1 10)
  most=$(rate "$1" "$3")
  for part in $(pick 50 '25 50 75'); do
    echo "--users $4 open $2 $(
      awk "BEGIN { print $most * $part / 100 }") $seconds $part"
  done
}

# prefix_of I: of the users of call I; each call has users of its own, so that
# what the one before has left behind is not in its way.
prefix_of ()
{
  local letters=abcdefghijklmnopqrstuvwxyz
  echo "$PREFIX$([ "${#CALLS[@]}" -eq 1 ] || echo "${letters:$1:1}x")"
}

# plan WORK SERVER: sets PREFIX, USERS and PASSWORD (of users to be made),
# LISTS (watchers, members), CALLS (arguments of bench/load), LIMIT (seconds for
# one measurement) and TIMEOUT (for the program).
plan ()
{
  local name=$1 server=$2 n behind
  PREFIX=$(tr -d '0-9-' <<< "$name")$(tr -cd '0-9' <<< "$name" | tr 0-9 a-j)x
  # What is written behind an answer is written 2 s later.
  behind="--settle $(pick 0 3)"
  USERS=0 PASSWORD='' LISTS='' CALLS=() LIMIT=$(pick 3 60) TIMEOUT=$(pick 40 900)
  case $name in
    null-register) CALLS=("register $(pick 50000 500000)") ;;
    null-subscribe) CALLS=("subscribe $(pick 20000 200000)") ;;
    register)
      USERS=$(pick 3000 50000)
      CALLS=("register $USERS") ;;
    digest)
      USERS=$(pick 800 20000) PASSWORD=secret
      CALLS=("--source 127.0.0.2 --digest register $USERS") ;;
    subscribe)
      n=$(full "$server" 2500 50000 20000)
      USERS=$((n / 20))
      CALLS=("subscribe $n") ;;
    fanout-1) USERS=1 CALLS=("fanout 1 $(pick 60 5000)") ;;
    fanout-1x50) USERS=50 CALLS=("fanout 1 $(full "$server" 800 50000 20000) 50") ;;
    fanout-20) USERS=1 CALLS=("fanout 20 $(pick 30 2000)") ;;
    fanout-20x50) USERS=50 CALLS=("fanout 20 $(full "$server" 100 5000 2000) 50") ;;
    fanout-500) USERS=1 CALLS=("fanout 500 $(full "$server" 4 200 80)") ;;
    fanout-1000) USERS=1 CALLS=("fanout 1000 $(full "$server" 3 100 40)") ;;
    fanout-5000) USERS=1 CALLS=("fanout 5000 $(full "$server" 1 30 10)") ;;
    message-1)
      USERS=$(pick 200 1000)
      CALLS=("$behind --users $USERS message $(pick 4000 100000)") ;;
    message-3)
      USERS=$(pick 200 1000)
      CALLS=("$behind --users $USERS message $(pick 2000 50000) 3") ;;
    store)
      USERS=$(pick 100 1000)
      # Kamailio delivers some 700 a second.
      CALLS=("$behind --users $USERS store $(full "$server" 1000 50000 20000)") ;;
    burst)
      USERS=$(pick 100 1000)
      CALLS=("$behind --users $USERS burst 1000 $(pick 2000 20000)") ;;
    lists) plan_lists "$server" ;;
    tcp)
      USERS=$(pick 300 10000)
      CALLS=("$behind --users $USERS tcp $USERS $(pick 1000 50000)") ;;
    meanwhile)
      USERS=$(pick 200 1001)
      write_flip
      CALLS=("--users $((USERS - 1)) meanwhile $(pick 2000 100000) $(
        pick 3 20) $WORK/flip") ;;
    xcap) PREFIX=bench USERS=1001 PASSWORD=secret CALLS=('') XCAP_N=$(
        pick 100 5000) ;;
    open)
      USERS=$(pick 200 2000)
      mapfile -t CALLS < <(
        open_calls "$server" register register-refresh "$USERS"
        [ -n "$IS_QUICK" ] ||
          open_calls "$server" message message-1 "$USERS"
        [ -n "$IS_QUICK" ] ||
          open_calls "$server" publish fanout-1x50 "$USERS"
        open_calls "$server" subscribe subscribe "$USERS") ;;
    grow) plan_grow "$server" ;;
    rest) plan_rest "$(pick 2000 100000)" 20 ;;
    rest-1) plan_rest "$(pick 2000 100000)" 1 ;;
    rest-more) plan_rest "$(pick 8000 1000000)" 20 ;;
    *) die "there is no plan for $name" ;;
  esac
}

# Kamailio has a subscription and a row for each member: fewer of them.  After a
# kill it does not tell its watchers anything.
plan_lists ()
{
  LISTS="$(pick 50 2000) $(pick 50 200)"
  [ "$1" = rollcall ] || LISTS='100 200'
  USERS=$((${LISTS% *} + ${LISTS#* }))
  CALLS=("lists $LISTS $(pick 3 10)")
  [ "$1" != rollcall ] || CALLS=("--restart $WORK/restart ${CALLS[0]}")
}

# plan_rest SUBSCRIPTIONS CONTACTS: users with 20 watchers each, who have so many
# contacts: a phone that watches a list of people, or one that watches one.
plan_rest ()
{
  USERS=$(($1 / 20 + 1)) LIMIT=$(pick 10 900) TIMEOUT=$(pick 60 2000)
  # 40 s: longer than answers are kept for requests that come again.
  CALLS=("--restart $WORK/restart --settle $(pick 1 40) --contacts $2 rest $1")
}

# The last size decides how long it takes: a million would take Kamailio an hour
# (durable) or ten minutes (fast).
plan_grow ()
{
  local sizes
  sizes=$(pick '300 1000' '1000 10000 100000 1000000')
  [ "$1" = rollcall ] || sizes=${sizes% 1000000}
  USERS=${sizes##* } LIMIT=$(pick 10 900) TIMEOUT=$(pick 60 3600)
  # After what filling has left behind (answers are kept for 32 s).
  CALLS=("--settle $(pick 0 35) --users $USERS grow $(pick 100 20000) $sizes")
}

# A setting that changes what every watcher sees.
write_flip ()
{
  cat > "$WORK/flip" << END
#!/bin/sh
psql -X -q "${ROLLCALL_DSN:-}" -c "UPDATE rollcall.settings SET
  share_availability = NOT share_availability"
END
  chmod +x "$WORK/flip"
}
