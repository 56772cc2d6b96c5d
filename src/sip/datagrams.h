/* SPDX-License-Identifier: ISC
 *
 * Row 11 of sofia_fixes.h: tport asks for the size of each datagram, reads it,
 * looks for errors before each one it sends, and waits for events in between:
 * five system calls where one and a half do.  Here up to 16 datagrams are read
 * at once and handed out one by one, as if the socket still had them; epoll_wait
 * says so as long as there are some.  Process-wide, as the wrapped calls are;
 * for the one thread that runs the loop. */
#pragma once
#include <sys/types.h>

/* The length of the next datagram of fd, a socket of datagrams: the next
 * su_vrecv of fd gives it.  0: there is none; -1: another socket's batch is not
 * at its end, ask sofia. */
ssize_t datagrams_next (int fd);

/* Times that something was read, and datagrams that came of it. */
typedef struct {
  unsigned long long reads, datagrams;
} DatagramsCounts;
const DatagramsCounts *datagrams_counts (void);
