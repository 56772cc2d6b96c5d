/* SPDX-License-Identifier: ISC
 *
 * Wires the adapters around the service and runs the loop. */
#define G_LOG_DOMAIN "daemon"
#include "config.h"

#include "daemon/app.h"

#include "admin/control.h"
#include "admin/health.h"
#include "base/log.h"
#include "daemon/detach.h"
#include "daemon/limits.h"
#include "daemon/process.h"
#include "daemon/ready.h"
#include "daemon/vitals.h"
#include "daemon/xmpp-link.h"
#include "http/http.h"
#include "sip/sip.h"
#include "store/store.h"
#include "xcap/xcap.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* What is in flight gets this long at SIGTERM. */
#define STOP_MS 5000
/* ... and the last answers over HTTP this long to leave. */
#define LEAVE_MS 20
/* After this long the terminal is left, ready or not. */
#define WAIT_MS 10000

typedef struct {
  const AppOptions *options;
  Conf *conf;
  int parent, signals, status;
  gboolean is_stopping;
  Clock clock;
  Counters *counters;
  SipLoop *loop;
  LoopPort *port;
  LoopWatch *signal_watch;
  LoopTimer *patience, *leave;
  StorePg *store;
  Service *service;
  Sip *sip;
  XmppStream *xmpp; /* NULL: there is none */
  Http *http;
  Xcap *xcap;
  Control *control;
  Health *health;
} App;

static gint64
monotonic (gpointer self)
{
  return g_get_monotonic_time ();
}

static void
quit (App *self, int status)
{
  self->status = status;
  sip_loop_quit (self->loop);
}

static void
left_cb (gpointer data)
{
  App *self = data;

  self->leave = NULL;
  quit (self, APP_OK);
}

static void
leave_in (App *self, guint ms)
{
  if (self->leave != NULL)
    self->port->remove_timer (self->port->self, self->leave);
  self->leave = self->port->after (self->port->self, ms, left_cb, self);
}

static void
edited_cb (gpointer data)
{
  leave_in (data, LEAVE_MS);
}

/* What PostgreSQL may have written while it went away is known only when it is
 * back. */
static void
stopped_cb (gpointer data)
{
  App *self = data;

  leave_in (self, STOP_MS);
  xcap_quiesce (self->xcap, edited_cb, self);
}

static void
stop (App *self)
{
  if (self->is_stopping) {
    quit (self, APP_OK);
    return;
  }
  self->is_stopping = TRUE;
  g_message ("stopping; dialogs live on in the database");
  ready_notify ("STOPPING=1");
  sip_quiesce (self->sip);
  service_stop (self->service, STOP_MS, stopped_cb, self);
}

/* Puts a freshly read configuration in force. */
static gboolean
reload (gpointer data, GError **error)
{
  App *self = data;
  g_autoptr (Conf) fresh = conf_load (self->options->file, error);
  g_auto (GStrv) kept = NULL;
  ServiceLimits limits;

  if (fresh == NULL || !sip_reload (self->sip, fresh, error))
    return FALSE;
  kept = conf_needs_restart (self->conf, fresh);
  for (char **name = kept; *name != NULL; name++)
    g_warning ("%s has changed, which takes a restart", *name);
  limits = limits_of (fresh);
  service_set_limits (self->service, &limits);
  http_reload (self->http, fresh);
  xmpp_link_reload (self->xmpp, fresh);
  xcap_reload (self->xcap, fresh);
  log_set_level (limits_log_level (fresh), self->options->debug);
  conf_free (self->conf);
  self->conf = g_steal_pointer (&fresh);
  g_message ("reloaded %s", self->options->file);
  return TRUE;
}

static void
signal_cb (int fd, LoopEvents events, gpointer data)
{
  App *self = data;
  g_autoptr (GError) error = NULL;
  int number = process_next_signal (fd);

  if (number == SIGTERM || number == SIGINT)
    stop (self);
  else if (number == SIGHUP && !reload (self, &error))
    g_critical ("kept the running configuration: %s", error->message);
}

static void
release_parent (App *self, int status)
{
  if (self->patience != NULL)
    self->port->remove_timer (self->port->self,
                              g_steal_pointer (&self->patience));
  detach_report (&self->parent, status);
}

static void
patience_cb (gpointer data)
{
  App *self = data;

  self->patience = NULL;
  if (self->parent >= 0)
    fprintf (stderr, "rollcalld: still waiting for PostgreSQL; see the log\n");
  detach_report (&self->parent, APP_OK);
}

static void
ready_cb (gpointer data)
{
  App *self = data;

  sip_set_nonce_key (self->sip, service_secret (self->service));
  xcap_set_key (self->xcap, service_secret (self->service));
  health_look (self->health);
  if (self->xmpp != NULL)
    xmpp_stream_start (self->xmpp);
  g_message ("ready");
  ready_notify ("READY=1\nSTATUS=ready");
  release_parent (self, APP_OK);
}

static void
fatal_cb (const char *message, gpointer data)
{
  App *self = data;

  g_critical ("%s", message);
  if (self->parent >= 0)
    fprintf (stderr, "rollcalld: %s\n", message);
  quit (self, APP_FAILED);
}

static void
make_store (App *self)
{
  StorePgConfig config
      = { .dsn = conf_string (self->conf, "database", "dsn"),
          .connections = conf_int (self->conf, "database", "connections"),
          .hung_after
          = conf_int (self->conf, "database", "hung_after") * 1000 };

  self->store
      = store_pg_new (&config, self->port, &self->clock, self->counters);
}

static void
make_service (App *self)
{
  ServiceLimits limits = limits_of (self->conf);
  g_autofree char *root = xcap_root_uri (self->conf);

  self->service = service_new (
      &limits, conf_list (self->conf, "server", "domains"), &self->clock,
      self->port, store_pg_port (self->store), self->counters);
  service_set_fatal (self->service, fatal_cb, self);
  service_set_documents (self->service, store_pg_documents (self->store), root);
  service_set_messages (self->service, store_pg_messages (self->store));
}

static const char *
why_not_ready (gpointer data)
{
  App *self = data;
  StorePort *store = store_pg_port (self->store);

  if (self->is_stopping)
    return "stopping";
  if (!service_is_ready (self->service))
    return "loading";
  return store->is_up (store->self) ? NULL : "database away";
}

static void
status_cb (ServiceStatusFn fn, gpointer fn_data, gpointer data)
{
  App *self = data;
  g_autofree char *connections
      = g_strdup_printf ("%u", sip_connections (self->sip));

  service_status (self->service, fn, fn_data);
  fn ("connections", connections, fn_data);
}

static const StoreUser *
user_cb (const char *aor, gpointer data)
{
  return service_user (((App *)data)->service, aor);
}

static gboolean
has_domain_cb (const char *host, gpointer data)
{
  return service_has_domain (((App *)data)->service, host);
}

static gboolean
is_ready_cb (gpointer data)
{
  App *self = data;

  return !self->is_stopping && service_is_ready (self->service);
}

static gboolean
open_http (App *self, GError **error)
{
  HttpHooks hooks = { why_not_ready, status_cb, self };
  XcapHooks xcap = { user_cb, has_domain_cb, is_ready_cb, self };

  self->http = http_new (self->port, self->conf, self->counters, &hooks, error);
  if (self->http == NULL)
    return FALSE;
  self->xcap = xcap_new (self->http, self->conf, &self->clock, self->counters,
                         store_pg_documents (self->store), &xcap);
  return TRUE;
}

static gint64
real_time_cb (gpointer data)
{
  return g_get_real_time ();
}

static void
gather_cb (CheckFacts *facts, gpointer data)
{
  App *self = data;

  vitals_gather (facts, self->conf, self->service, self->sip, self->xmpp);
  facts->is_stopping = self->is_stopping;
}

static char *
health_cb (gpointer data)
{
  App *self = data;

  return health_lines (self->health);
}

static char *
xmpp_cb (gpointer data)
{
  App *self = data;

  return xmpp_link_lines (self->xmpp, self->conf, clock_now (&self->clock));
}

static gboolean
open_admin (App *self, GError **error)
{
  ControlHooks control = { reload, self, health_cb, xmpp_cb };
  HealthHooks health = { real_time_cb, gather_cb, self };

  self->health = health_new (self->port, store_pg_port (self->store),
                             &self->clock, &health);
  self->control = control_socket_new (
      self->port, conf_string (self->conf, "server", "control_socket"),
      self->service, &control, error);
  return self->control != NULL;
}

/* What root has read, a reload must be able to read again. */
static gboolean
become_user (App *self, GError **error)
{
  const char *user = conf_string (self->conf, "server", "user");
  g_autoptr (GError) unreadable = NULL;

  if (!process_become (user, error))
    return FALSE;
  if (user != NULL && *user != '\0'
      && !sip_reload (self->sip, self->conf, &unreadable))
    g_warning ("%s; a reload will fail: user %s must be able to read it",
               unreadable->message, user);
  return TRUE;
}

static gboolean
open_xmpp (App *self, GError **error)
{
  g_autoptr (GError) why = NULL;

  self->xmpp = xmpp_link_new (self->conf, self->service, self->port,
                              &self->clock, sip_names_port (self->sip),
                              self->counters, &why);
  if (why == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* Everything that can fail before requests are taken. */
static gboolean
open_all (App *self, GError **error)
{
  self->signals = process_signals (error);
  if (self->signals < 0)
    return FALSE;
  process_raise_files (conf_int (self->conf, "server", "max_open_files"));
  make_store (self);
  make_service (self);
  self->sip = sip_new (self->loop, self->conf, self->service, &self->clock,
                       self->counters, error);
  if (self->sip == NULL)
    return FALSE;
  service_set_sip (self->service, sip_out_port (self->sip));
  return open_xmpp (self, error) && become_user (self, error)
         && open_http (self, error)
         && open_admin (self, error)
         && process_write_pid (conf_string (self->conf, "server", "pid_file"),
                               error);
}

static void
close_all (App *self)
{
  const char *pid_file = conf_string (self->conf, "server", "pid_file");

  if (self->signal_watch != NULL)
    self->port->unwatch (self->port->self, self->signal_watch);
  if (self->patience != NULL)
    self->port->remove_timer (self->port->self, self->patience);
  if (self->leave != NULL)
    self->port->remove_timer (self->port->self, self->leave);
  control_socket_free (self->control);
  xcap_free (self->xcap);
  health_free (self->health);
  http_free (self->http);
  if (self->service != NULL) {
    service_set_sip (self->service, NULL);
    service_set_xmpp (self->service, NULL, NULL);
  }
  xmpp_stream_free (self->xmpp);
  sip_free (self->sip);
  service_free (self->service);
  store_pg_free (self->store);
  sip_loop_free (self->loop);
  counters_free (self->counters);
  if (pid_file != NULL && *pid_file != '\0')
    unlink (pid_file);
  if (self->signals >= 0)
    close (self->signals);
  conf_free (self->conf);
}

static void
run (App *self)
{
  g_autoptr (GError) error = NULL;

  if (!open_all (self, &error)) {
    g_critical ("%s", error->message);
    if (self->parent >= 0)
      fprintf (stderr, "rollcalld: %s\n", error->message);
    self->status = APP_FAILED;
    return;
  }
  self->signal_watch = self->port->watch (self->port->self, self->signals,
                                          LOOP_READ, signal_cb, self);
  self->patience
      = self->port->after (self->port->self, WAIT_MS, patience_cb, self);
  ready_notify ("STATUS=waiting for PostgreSQL");
  service_start (self->service, ready_cb, self);
  sip_loop_run (self->loop);
}

int
app_run (const AppOptions *options)
{
  App self = { .options = options,
               .conf = options->conf,
               .parent = options->parent,
               .signals = -1,
               .clock = { monotonic, NULL, NULL } };

  log_setup (options->is_foreground ? LOG_TARGET_STDERR : LOG_TARGET_SYSLOG,
             limits_log_level (self.conf), options->debug);
  g_message ("rollcalld " PACKAGE_VERSION " starts");
  self.counters = counters_new ();
  self.loop = sip_loop_new ();
  self.port = sip_loop_port (self.loop);
  run (&self);
  release_parent (&self, self.status);
  close_all (&self);
  if (self.status == APP_OK)
    g_message ("stopped");
  return self.status;
}
