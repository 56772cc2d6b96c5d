/* SPDX-License-Identifier: ISC
 *
 * The table of checks: see the header. */
#include "admin/checks.h"

#include <stdarg.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define DAY ((gint64)24 * 60 * 60)

/* From when on it is a warning, and from when on a failure. */
#define SLOW_COMMIT (SECOND / 2)
#define HUNG_COMMIT (2 * SECOND)
#define SLOW_SYNC (1 * SECOND)
#define HUNG_SYNC (10 * SECOND)
#define CLOCK_OFF (2 * SECOND)
#define CLOCK_WRONG (60 * SECOND)
#define EXPIRES_SOON (30 * DAY)
#define FILES_MANY 80 /* per cent */
#define FILES_FULL 95
#define LINK_GONE (60 * SECOND)

typedef struct {
  const CheckFacts *now, *before;
  CheckFinding *out;
} Look;

void
check_facts_clear (CheckFacts *self)
{
  g_clear_pointer (&self->tls.error, g_free);
  g_clear_pointer (&self->unreachable, g_ptr_array_unref);
  g_clear_pointer (&self->outside, g_ptr_array_unref);
  g_clear_pointer (&self->peers, g_ptr_array_unref);
}

void
check_finding_free (gpointer data)
{
  CheckFinding *self = data;

  g_free (self->problem);
  g_free (self->solution);
  g_free (self);
}

static void G_GNUC_PRINTF (4, 5)
    report (const Look *look, const char *outcome, const char *solution,
            const char *format, ...)
{
  va_list args;

  va_start (args, format);
  look->out->problem = g_strdup_vprintf (format, args);
  va_end (args);
  look->out->solution = g_strdup (solution);
  look->out->outcome = outcome;
}

static const char *
grade (gboolean is_failed)
{
  return is_failed ? "failed" : "warning";
}

static double
seconds (gint64 us)
{
  return (double)us / G_USEC_PER_SEC;
}

/* "1970-01-01 00:00" */
static char *
date (gint64 unix_seconds)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (unix_seconds);

  return at != NULL ? g_date_time_format (at, "%F %R UTC")
                    : g_strdup ("an unknown day");
}

static char *
join (const GPtrArray *names)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? ", " : "",
                            (const char *)names->pdata[i]);
  return g_string_free (out, FALSE);
}

/* --- Services: what their users lose --- */

static gboolean
check_sip (const Look *look)
{
  guint64 before = look->before != NULL ? look->before->refused : 0;
  guint64 refused = look->now->refused - MIN (before, look->now->refused);

  if (look->now->is_stopping)
    report (look, "failed", "Start rollcalld again.",
            "the server is stopping: it takes no requests");
  else if (refused > 0)
    report (look, "failed",
            "Raise [sip] max_connections, and [server] max_open_files and the "
            "system's limit with it.",
            "%" G_GUINT64_FORMAT " TCP or TLS connection%s refused just now, "
            "at %u of %u: their devices cannot sign in",
            refused, refused == 1 ? " was" : "s were", look->now->connections,
            look->now->max_connections);
  return TRUE;
}

static gboolean
check_presence (const Look *look)
{
  if (!look->now->is_ready && !look->now->is_stopping)
    report (look, "failed",
            "Wait until it is loaded; if PostgreSQL is away, bring it back.",
            "the server is loading: nobody can sign in or see who is there, "
            "requests are answered 503");
  return TRUE;
}

static gboolean
check_store (const Look *look)
{
  if (!look->now->has_database)
    report (look, "failed",
            "Bring PostgreSQL back, or mend [database] dsn; rollcalld's log "
            "says what is wrong. Nothing needs a restart.",
            "PostgreSQL is away: who is signed in stays so for two minutes at "
            "a time, but nothing can be stored, and what administrators and "
            "users change is not in force");
  return TRUE;
}

/* A short break is no failure: its server may just have been restarted. */
static gboolean
check_xmpp (const Look *look)
{
  const CheckXmpp *xmpp = &look->now->xmpp;
  gint64 down = look->now->monotonic - xmpp->since;

  if (!xmpp->is_used)
    return FALSE;
  if (!xmpp->is_up)
    report (look, grade (down > LINK_GONE),
            "See whether that server runs, takes components at that port, and "
            "has the domain and secret of [xmpp]; rollcalld tries again by "
            "itself.",
            "the link to the XMPP server %s is down for %.0f s (%s): the "
            "presence of XMPP contacts is unknown, messages for XMPP users wait, "
            "those from them do not arrive, and text conferences are not to be "
            "reached",
            xmpp->peer, seconds (down),
            xmpp->error != NULL ? xmpp->error : "it has not been up yet");
  return TRUE;
}

/* --- The database --- */

static gboolean
check_lag (const Look *look)
{
  const StoreLag *lag = &look->now->lag;
  gint64 worst = MAX (lag->commit, lag->oldest);

  if (look->now->has_database && worst > SLOW_COMMIT)
    report (look, grade (worst > HUNG_COMMIT),
            "Look for a full or slow disk, long transactions and locks in "
            "PostgreSQL (pg_stat_activity).",
            "a commit takes %.1f s, %u request%s: users wait so long for each "
            "answer",
            seconds (worst), lag->waiting,
            lag->waiting == 1 ? " waits" : "s wait");
  return TRUE;
}

static gboolean
check_changes (const Look *look)
{
  const CheckFacts *now = look->now;
  gint64 waits = now->sync_since != 0 ? now->monotonic - now->sync_since : 0;
  gint64 worst = MAX (waits, now->sync_took);

  if (now->has_database && worst > SLOW_SYNC)
    report (look, grade (worst > HUNG_SYNC),
            "Look for locks on rollcall.changes in PostgreSQL (pg_locks).",
            "what is changed in the database %s after %.1f s",
            waits >= now->sync_took ? "is not in force even"
                                    : "is in force only",
            seconds (worst));
  return TRUE;
}

static gboolean
check_clock (const Look *look)
{
  const CheckFacts *now = look->now;
  gint64 off = ABS (now->clock_ahead);

  if (off > CLOCK_OFF)
    report (look, grade (off > CLOCK_WRONG),
            "Let both machines keep time by NTP.",
            "the clock of this machine is %.1f s %s PostgreSQL's: the times of "
            "messages and in the database's tables do not fit together",
            seconds (off), now->clock_ahead > 0 ? "ahead of" : "behind");
  else if (now->jump != 0) {
    g_autofree char *at = date (now->jumped_at / G_USEC_PER_SEC);

    report (look, "warning", "Let the machine keep time by NTP.",
            "the system's clock was moved by %.1f s about %s: the times of "
            "messages around it are not to be trusted",
            seconds (now->jump), at);
  }
  return TRUE;
}

/* --- Certificates --- */

static void
check_dates (const Look *look)
{
  const CheckTls *tls = &look->now->tls;
  gint64 now = look->now->real / G_USEC_PER_SEC;
  g_autofree char *ends = date (tls->ends_in_force);
  g_autofree char *begins = date (tls->begins);
  gboolean is_renewed = tls->ends > tls->ends_in_force;

  if (tls->ends_in_force <= now + EXPIRES_SOON)
    report (look, grade (tls->ends_in_force <= now),
            is_renewed ? "The file has been renewed: run rollcallctl reload."
                       : "Renew it, then run rollcallctl reload.",
            "the certificate of %s %s on %s: %s", tls->file,
            tls->ends_in_force <= now ? "expired" : "expires", ends,
            tls->ends_in_force <= now
                ? "devices refuse to connect by TLS"
                : "from then on devices refuse to connect by TLS");
  else if (tls->begins > now)
    report (look, "failed", "Set the clock, or use another certificate.",
            "the certificate of %s is not valid before %s: devices refuse to "
            "connect by TLS",
            tls->file, begins);
}

static gboolean
check_certificates (const Look *look)
{
  const CheckTls *tls = &look->now->tls;

  if (!tls->is_used)
    return FALSE;
  if (tls->error != NULL)
    report (look, "failed",
            "Mend the files of [sip] tls_certificate and tls_key, and who may "
            "read them; then run rollcallctl reload.",
            "%s: TLS goes on with what was read before, until the server is "
            "reloaded or started again",
            tls->error);
  else
    check_dates (look);
  return TRUE;
}

/* --- Others --- */

static gboolean
check_subscriptions (const Look *look)
{
  const CheckFacts *now = look->now;
  g_autofree char *names = join (now->unreachable);
  guint more = now->n_unreachable
               - (now->unreachable != NULL ? now->unreachable->len : 0);
  g_autofree char *rest
      = more > 0 ? g_strdup_printf (" and %u more", more) : g_strdup ("");

  if (now->n_unreachable > 0)
    report (look, "warning",
            "They go on when the device registers or subscribes again, and "
            "end by themselves when they expire.",
            "%u subscription%s: the device does not answer or its connection "
            "is closed, and it sees no change: %s%s",
            now->n_unreachable,
            now->n_unreachable == 1 ? " is dead" : "s are dead", names, rest);
  return TRUE;
}

static gboolean
check_peers (const Look *look)
{
  g_autofree char *names = join (look->now->peers);

  if (*names != '\0')
    report (look, "warning",
            "See whether that server runs, its name is in the DNS and no "
            "firewall is in between.",
            "messages to other domains do not arrive: %s", names);
  return TRUE;
}

static gboolean
check_conferences (const Look *look)
{
  const CheckFacts *now = look->now;
  g_autofree char *names = join (now->outside);

  if (now->n_outside > 0)
    report (look, "warning",
            "See on the XMPP server whether the rooms' service runs and lets "
            "these users in; they are tried again by themselves.",
            "%u place%s in text conferences cannot be taken again: %s",
            now->n_outside, now->n_outside == 1 ? "" : "s", names);
  return now->has_rooms;
}

static gboolean
check_files (const Look *look)
{
  guint64 most = look->now->max_files;
  guint64 percent = most > 0 ? 100 * look->now->files / most : 0;

  if (percent >= FILES_MANY)
    report (look, grade (percent >= FILES_FULL),
            "Raise [server] max_open_files and the system's limit "
            "(LimitNOFILE of rollcall.service), and restart rollcalld.",
            "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " open files are in use: when they run out, devices on TCP and "
            "TLS cannot connect",
            look->now->files, most);
  return TRUE;
}

/* FALSE: it does not concern this server. */
static const struct {
  const char *test;
  gboolean (*check) (const Look *look);
} checks[] = {
  { "SIP", check_sip },
  { "presence", check_presence },
  { "store", check_store },
  { "XMPP", check_xmpp },
  { "database lag", check_lag },
  { "changes", check_changes },
  { "clock", check_clock },
  { "certificates", check_certificates },
  { "open files", check_files },
  { "dead subscriptions", check_subscriptions },
  { "peers", check_peers },
  { "conferences", check_conferences },
};

void
checks_run (const CheckFacts *now, const CheckFacts *before,
            GPtrArray *findings)
{
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++) {
    CheckFinding *finding = g_new0 (CheckFinding, 1);
    Look look = { now, before, finding };

    finding->test = checks[i].test;
    finding->outcome = "ok";
    if (checks[i].check (&look))
      g_ptr_array_add (findings, finding);
    else
      check_finding_free (finding);
  }
}
