/* SPDX-License-Identifier: ISC
 *
 * A load generator for one SIP server on loopback.  It plays all user agents at
 * once: registers, subscribes, publishes, writes messages, answers what comes,
 * and knows just enough SIP for that, so that the server costs more than its
 * load.  It keeps a ledger of what was acknowledged, so that what got lost is
 * counted.
 *
 *   load.c            options; which work is to be done
 *   load-net.c        datagrams in batches, TCP connections over epoll
 *   load-sip.c        reads messages
 *   load-write.c      writes requests and answers
 *   load-digest.c     answers challenges (RFC 2617)
 *   load-tx.c         client transactions, sent again by RFC 3261 17.1.2.2
 *   load-run.c        closed and open loops; what comes in
 *   load-report.c     latencies, CPU, memory; the line that is printed
 *   load-hist.c       distribution of latencies
 *   load-proc.c       /proc
 *   load-presence.c, load-message.c, ...  the works
 *   load-serve.c      a trivial responder, to know the generator's own speed */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <glib.h>

typedef struct Load Load;

/* --- load-sip.c --- */

typedef struct {
  const char *at; /* NULL: not there */
  guint len;
} Slice;

#define SIP_VIAS 4

/* A message; the slices point into it. */
typedef struct {
  guint status; /* of a response; 0: a request */
  char method;  /* first letter of the one in CSeq: they all differ */
  guint32 cseq_number;
  guint n_vias;
  Slice uri, vias[SIP_VIAS], from, to, call_id, cseq, contact, etag, challenge;
  Slice state; /* Subscription-State */
  Slice type;  /* Content-Type */
  Slice body;
} Sip;

/* Reads one message from the start of the bytes.  Returns its length; 0 when
 * more bytes are needed; -1 when it is none.  A datagram without Content-Length
 * has its body to the end (is_datagram). */
gssize sip_read (const char *text, gsize len, gboolean is_datagram, Sip *out);
/* The number that follows the word in the slice, or -1. */
gint64 slice_number (Slice slice, const char *word);
gboolean slice_has (Slice slice, const char *word);
char *slice_dup (Slice slice);

/* --- load-net.c --- */

typedef struct Net Net;

/* What came over a connection (0: UDP), whole. */
typedef void (*NetFn) (const Sip *sip, const char *text, guint conn,
                       gpointer data);

/* source: the IPv4 address that we send from.  Ends the program when it cannot
 * be had. */
Net *net_new (const char *server, const char *source, guint port, NetFn fn,
              gpointer data);
/* Where we listen, by UDP and by TCP. */
guint net_port (const Net *net);
/* Connects to the server and waits for it: the connection's number, 0 when it
 * is refused. */
guint net_connect (Net *net);
/* Our port of a connection. */
guint net_conn_port (const Net *net, guint conn);
/* The bytes are copied; UDP leaves at the next net_flush. */
void net_send (Net *net, guint conn, const char *text, gsize len);
/* While on, datagrams go to where the last one came from, not to the server. */
void net_reply_to_last (Net *net, gboolean is_on);
void net_flush (Net *net);
/* Waits up to ms for something and hands over what there is. */
void net_poll (Net *net, gint64 us);
/* Connections that the other side has closed. */
guint net_n_closed (const Net *net);

/* --- load-tx.c --- */

typedef struct Txs Txs;

/* The final answer, or NULL when none came in 32 s.  op and began as given. */
typedef void (*TxFn) (Load *load, guint32 op, gint64 began, const Sip *answer,
                      guint conn);

typedef struct {
  GString *text; /* to be filled with the request */
  char branch[48];
  /* Not for others: */
  guint32 gen, slot, op;
  guint conn, tries;
  gint64 began;
  TxFn fn;
  gboolean is_live;
} Tx;

Txs *txs_new (Load *load);
/* conn: 0 for UDP. */
Tx *tx_begin (Txs *txs, guint conn, TxFn fn, guint32 op, gint64 began);
void tx_send (Txs *txs, Tx *tx);
void tx_take (Txs *txs, const Sip *answer, guint conn);
/* Sends again what is due; ms until the next may be, at most 100. */
int tx_tick (Txs *txs);
guint tx_n_resent (const Txs *txs);
/* Forgets all that is out. */
void txs_drop (Txs *txs);

/* --- load-hist.c --- */

#define HIST_SUB 32 /* buckets of an octave: 3 % */
#define HIST_BUCKETS (HIST_SUB * 36)

typedef struct {
  guint32 buckets[HIST_BUCKETS];
  guint64 n;
  gint64 max;
} Hist;

void hist_add (Hist *hist, gint64 us);
/* The value below which a part (0...1) of all are. */
gint64 hist_at (const Hist *hist, double part);

/* --- load-proc.c --- */

/* CPU seconds of a process, its living descendants, and those that ended. */
double proc_cpu (int pid);
/* kB of memory of them, shared pages counted once. */
guint64 proc_memory (int pid);
/* Of the process in the file, or 0. */
int proc_pid_in (const char *path);
/* Kills a process and those of its group at once; < 0 when there is none. */
int proc_kill (int pid);

/* --- load-digest.c --- */

typedef struct {
  char *realm, *nonce, *qop, *opaque;
} Challenge;

/* From WWW-Authenticate; FALSE when it is no digest. */
gboolean challenge_read (Slice header, Challenge *out);
void challenge_clear (Challenge *challenge);
/* Appends an Authorization header field. */
void challenge_answer (const Challenge *challenge, GString *out,
                       const char *method, const char *uri, const char *user,
                       const char *password, guint nc);

/* --- load-write.c --- */

/* Users are PREFIXn@DOMAIN.  All end with the empty line. */
typedef struct {
  guint user, device, cseq, expires;
  guint32 call; /* names the Call-ID */
  guint conn;
  const Challenge *challenge; /* or NULL */
  guint nc;
} RegisterForm;

void write_register (Load *load, Tx *tx, const RegisterForm *form);

typedef struct {
  guint presentity;
  guint number;  /* of the dialog: Call-ID and tag */
  guint watcher; /* From and Contact */
  guint conn;
  gboolean is_list; /* the presentity's contacts, by himself */
  gboolean is_own;  /* the presentity watches himself */
  /* The end of a dialog: To and the URI of Contact, as its answer had them. */
  const char *to, *target;
} SubscribeForm;

void write_subscribe (Load *load, Tx *tx, const SubscribeForm *form);

typedef struct {
  guint presentity, cseq;
  guint32 mark;
  const char *etag; /* or NULL */
} PublishForm;

void write_publish (Load *load, Tx *tx, const PublishForm *form);
void write_message (Load *load, Tx *tx, guint recipient, guint32 mark,
                    guint conn);
void write_options (Load *load, Tx *tx);
/* Appends an answer to a request; more: header fields, or "". */
void write_answer (GString *out, const Sip *request, const char *status,
                   const char *tag, const char *more);

/* --- load-run.c --- */

typedef void (*StartFn) (Load *load, guint i, gint64 at);

/* A watcher's dialog. */
typedef struct {
  gint64 began;
  guint32 presentity, cseq; /* cseq: of the last NOTIFY */
  guint32 mark;             /* the newest that came */
  guint conn : 24;
  guint is_answered : 1, is_notified : 1, is_full : 1, is_ended : 1;
} Sub;

/* A mark is the number of a publication; it stands in its note. */
typedef struct {
  gint64 began; /* when mark was sent */
  char *etag;
  guint32 mark, acked;     /* acked: the newest that was answered by 2xx */
  guint n_watchers, to_go; /* to_go: who have not got mark */
  gboolean is_out, is_answered;
} Presentity;

/* A device that registers. */
typedef struct {
  Challenge challenge;
  guint nc, cseq, conn;
} Login;

/* A message in the ledger. */
typedef struct {
  gint64 began;
  guint is_acked : 1, is_stored : 1, is_done : 1; /* stored: by 202 */
  guint devices : 8; /* a bit for each that got it */
} Letter;

struct Load {
  Net *net;
  Txs *txs;
  /* Options */
  char *server, *source, *prefix, *domain, *password, *peer, *pid_file,
      *restart;
  int server_pid, db_pid;
  int in_flight, users, each, contacts;
  int settle;          /* seconds: what a server does behind its answers */
  int limit, patience; /* seconds: for a measurement; without any progress */
  gboolean is_digest;
  gboolean is_own; /* subscriptions are to oneself */
  char run[12];    /* makes Call-IDs and branches of this run its own */
  guint32 epoch;   /* ...and those of a part of it */
  guint32 post;    /* the same of messages */
  /* The loop */
  guint n, next, done, failed;
  gint64 progress; /* when something was done last */
  /* What is known */
  Sub *subs;
  guint n_subs, first_sub;
  Presentity *presentities;
  guint n_presentities, first_presentity;
  GArray *idle; /* guint: presentities that may publish */
  Login *logins;
  guint n_logins, n_users, first_user;
  Letter *letters;
  guint n_letters, devices;
  guint n_full, members; /* of lists */
  void (*on_notify) (Load *load, Sub *sub, const Sip *sip);
  void (*on_message) (Load *load, guint user, guint mark, gboolean is_new);
  gpointer work; /* of the work that runs */
  /* Figures of a measurement */
  Hist hist, each_hist;
  guint notifies, messages, lost, refused, unanswered, again;
  guint64 bytes; /* of bodies that came */
  gint64 started;
  double cpu, db_cpu, own_cpu;
  guint64 memory;
  guint resent_before;
};

gint64 load_now (void);
void load_init (Load *load);
/* One turn: what comes, what is due. */
void load_step (Load *load, int ms);
/* n operations, in_flight at a time.  FALSE when they did not all end. */
gboolean load_closed (Load *load, guint n, guint in_flight, StartFn start);
/* rate a second; began is when it should have been sent, so that a queue in
 * front of the server counts. */
gboolean load_open (Load *load, double rate, double seconds, StartFn start);
/* An operation has come to its end. */
void load_done (Load *load, gint64 began);
void load_failed (Load *load, const char *what, const Sip *answer);
/* Takes what comes, for so many seconds but not longer than `settle': what a
 * server still does for what it has answered counts. */
void load_behind (Load *load, int seconds);
/* Rollcall writes what became of a message within two seconds. */
#define LEDGER_BEHIND 3
/* Waits until the condition holds, at most some seconds without progress. */
gboolean load_until (Load *load, gboolean (*is_true) (Load *load));

/* --- load-report.c --- */

/* The server's process as it is now; 0 when there is none. */
int load_pid (const Load *load);
void load_begin (Load *load);
/* Prints a line: NAME=VALUE separated by tabs.  n operations; more: further
 * pairs, or NULL. */
void load_report (Load *load, const char *work, guint n, const char *more, ...)
    G_GNUC_PRINTF (4, 5);

/* --- The works --- */

typedef struct {
  const char *name, *arguments;
  int n_arguments;                                 /* at least */
  void (*run) (Load *load, int argc, char **argv); /* argv[0]: the first one */
} Work;

/* Each ends with a row without name. */
extern const Work register_works[], presence_works[], message_works[],
    list_works[], state_works[], open_works[];

/* --- load-register.c --- */

/* Registers users 0...n-1, each with so many devices, and measures nothing.
 * Ends the program when that fails. */
void register_users (Load *load, guint n, guint devices);
/* Room for users 0...n-1; what is known of those before is kept. */
void register_prepare (Load *load, guint n, guint devices);
/* Device i % devices of user i / devices, from load->first_user on; once more
 * when it is registered. */
void start_register (Load *load, guint i, gint64 at);

/* --- load-life.c --- */

/* n times a subscription from its beginning to its end, `each' to one presentity,
 * from first on, who nobody else watches: what has ended stays for a while.  Each
 * is done when the end is answered and told. */
gboolean lives_closed (Load *load, guint n, guint first, guint each);

/* --- load-presence.c --- */

/* n more subscriptions, to presentities of their own with `each' watchers; a
 * watcher has --contacts of them. */
gboolean subscribe_more (Load *load, guint n, guint each);
void start_subscribe (Load *load, guint i, gint64 at);
/* Room for n more dialogs, from load->first_sub on. */
void subs_prepare (Load *load, guint n);
/* Forgets all dialogs; what still comes in them is not counted. */
void subs_forget (Load *load);
/* Room for n presentities. */
void presentities_prepare (Load *load, guint n);
/* Publishes; done is when all watchers have got it. */
void publish (Load *load, guint presentity, gint64 at);
/* rounds of that by `n' presentities from first on, at_once at a time. */
gboolean publish_rounds (Load *load, guint rounds, guint first, guint n,
                         guint at_once);
/* Counts watchers who never got what was acknowledged last. */
guint presence_lost (const Load *load);
void take_notify (Load *load, Sub *sub, const Sip *sip);

/* --- load-message.c --- */

/* Room for n messages of this part to users who have so many devices. */
void letters_prepare (Load *load, guint n, guint devices);
void start_message (Load *load, guint i, gint64 at);
/* Counts acknowledged ones that no device got. */
guint letters_lost (const Load *load);

/* --- load-serve.c --- */

/* Answers everything at once until it is killed. */
int load_serve (const char *address);

#endif
