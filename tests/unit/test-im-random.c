/* SPDX-License-Identifier: ISC
 *
 * im/: random walks with fixed seeds, against a store and devices that behave
 * as badly as they may.  At any time: one message outstanding per device, one
 * answer upstream, nothing sent after a failure went upstream, nothing given to
 * a device again that took it, each device in order.  In the end, when all are
 * there and answer: none that was accepted is lost. */
#include "im/im.h"

#include <string.h>

#define SEC ((gint64)G_USEC_PER_SEC)
#define BOB "bob@example.com"
#define N_DEVICES 3
#define N_MESSAGES 120

static const char *const names[N_DEVICES] = { "desk", "mobile", "tablet" };
static const char *const senders[] = { "alice@x.org", "carol@x.org" };

typedef enum { ON_NO_DISK, ON_DISK, REMOVED } OnDisk;

typedef struct {
  guint n_answers;
  gboolean is_accepted; /* 2xx or 202 upstream */
  gboolean is_failed;   /* ...or another answer */
  gboolean is_kept;     /* ...which was 202, for it was stored */
  OnDisk disk;
  guint64 n_takers;
  gboolean has_taken[N_DEVICES], has_refused[N_DEVICES];
  gboolean is_broken; /* a 2xx could not be written: it may come again */
  gboolean is_purged;
} Message;

typedef struct {
  gboolean is_here; /* has a binding that can be reached */
  guint64 out;      /* the message that is out, or 0 */
} Device;

typedef struct {
  ImActionKind kind;
  guint64 id;
  GArray *rows; /* IM_ACT_LOAD: ids, as at the time of the action */
  guint n;
} Job;

typedef struct {
  Im *im;
  GRand *rand;
  GArray *actions;
  gint64 now;
  guint64 last_id;
  Message messages[N_MESSAGES + 1];
  Device devices[N_DEVICES];
  GQueue jobs;        /* of the store, in order */
  gboolean is_calm;   /* everything works from now on */
  gboolean has_locks; /* whose messages may overtake each other */
} World;

static guint
device_of (const char *name)
{
  for (guint i = 0; i < N_DEVICES; i++)
    if (g_str_equal (names[i], name))
      return i;
  g_assert_not_reached ();
}

static guint
here (const World *w, const char **out)
{
  guint n = 0;

  for (guint i = 0; i < N_DEVICES; i++)
    if (w->devices[i].is_here)
      out[n++] = names[i];
  return n;
}

/* Whatever is stored for a device goes before what came since. */
static void
check_order (const World *w, guint64 id, guint device)
{
  for (guint64 i = 1; i < id; i++) {
    const Message *other = &w->messages[i];

    if (other->is_kept && other->disk == ON_DISK && !other->has_taken[device]
        && !other->has_refused[device])
      g_error ("%s is given %u before the stored %u", names[device], (guint)id,
               (guint)i);
  }
}

static void
check_send (World *w, const ImAction *action)
{
  Message *message = &w->messages[action->message];
  Device *device = &w->devices[device_of (action->device)];

  g_assert_cmpuint (device->out, ==, 0);
  g_assert_false (message->is_failed);
  g_assert_false (message->is_purged);
  if (!message->is_broken)
    g_assert_false (message->has_taken[device_of (action->device)]);
  if (!w->has_locks)
    check_order (w, action->message, device_of (action->device));
  device->out = action->message;
}

static void
check_answer (World *w, const ImAction *action)
{
  Message *message = &w->messages[action->message];

  g_assert_cmpuint (message->n_answers++, ==, 0);
  message->is_accepted
      = action->answer == IM_ANSWER_STORED
        || (action->answer == IM_ANSWER_RELAY && action->status < 300);
  message->is_failed = !message->is_accepted;
  message->is_kept = action->answer == IM_ANSWER_STORED;
  if (action->answer == IM_ANSWER_STORED)
    g_assert_cmpint (message->disk, ==, ON_DISK);
}

/* The snapshot that a read sees; it may be answered much later. */
static GArray *
rows_after (const World *w, guint64 id, guint n)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint64 i = id + 1; i <= w->last_id && rows->len < n; i++)
    if (w->messages[i].disk == ON_DISK)
      g_array_append_val (rows, i);
  return rows;
}

static void
add_job (World *w, const ImAction *action)
{
  Job *job = g_new0 (Job, 1);

  job->kind = action->kind;
  job->id = action->message;
  job->n = action->n;
  g_queue_push_tail (&w->jobs, job);
}

static void
carry_out (World *w)
{
  for (guint i = 0; i < w->actions->len; i++) {
    const ImAction *action = &g_array_index (w->actions, ImAction, i);

    if (action->kind == IM_ACT_SEND)
      check_send (w, action);
    else if (action->kind == IM_ACT_ANSWER)
      check_answer (w, action);
    else if (action->kind == IM_ACT_REFUSED)
      w->messages[action->message].has_refused[device_of (action->device)]
          = TRUE;
    else if (action->kind == IM_ACT_STORE || action->kind == IM_ACT_TAKE
             || action->kind == IM_ACT_LOAD)
      add_job (w, action);
    else
      g_assert_cmpint (action->kind, !=, IM_ACT_EXPIRE);
  }
  g_array_set_size (w->actions, 0);
}

static void
load (World *w, const Job *job, gboolean is_fine)
{
  static const char *refused[N_MESSAGES][N_DEVICES + 1];
  ImRow rows[N_MESSAGES];
  const char *present[N_DEVICES];
  guint n = here (w, present);
  ImLoaded outcome = job->rows->len < job->n ? IM_LOADED_ALL : IM_LOADED_SOME;

  for (guint i = 0; i < job->rows->len; i++) {
    guint64 id = g_array_index (job->rows, guint64, i);
    guint n_refused = 0;

    for (guint d = 0; d < N_DEVICES; d++)
      if (w->messages[id].has_refused[d])
        refused[i][n_refused++] = names[d];
    refused[i][n_refused] = NULL;
    rows[i] = (ImRow){ .id = id,
                       .expires_at = w->now + 1000000 * SEC,
                       .refused = refused[i] };
  }
  if (is_fine)
    im_loaded (w->im, BOB, outcome, rows, job->rows->len, present, n, w->now,
               w->actions);
  else
    im_loaded (w->im, BOB, IM_NOT_LOADED, NULL, 0, NULL, 0, w->now, w->actions);
}

static void
job_free (Job *job)
{
  g_clear_pointer (&job->rows, g_array_unref);
  g_free (job);
}

/* The store begins its next job: a read sees what is there now. */
static void
begin_job (World *w)
{
  Job *job = g_queue_peek_head (&w->jobs);

  if (job != NULL && job->kind == IM_ACT_LOAD && job->rows == NULL)
    job->rows = rows_after (w, job->id, job->n);
}

static void
end_job (World *w)
{
  Job *job;
  Message *message;
  const char *present[N_DEVICES];
  guint n = here (w, present);
  gboolean is_fine = w->is_calm || g_rand_int_range (w->rand, 0, 10) > 0;

  begin_job (w);
  job = g_queue_pop_head (&w->jobs);
  if (job == NULL)
    return;
  message = &w->messages[job->id];
  if (job->kind == IM_ACT_LOAD) {
    load (w, job, is_fine || !w->has_locks);
  } else if (job->kind == IM_ACT_STORE) {
    if (is_fine)
      message->disk = ON_DISK;
    im_stored (w->im, job->id, is_fine, present, n, w->now, w->actions);
  } else {
    if (is_fine)
      message->disk = REMOVED;
    message->is_broken |= !is_fine;
    im_taken (w->im, job->id, is_fine, w->now, w->actions);
  }
  job_free (job);
  carry_out (w);
}

static void
write_one (World *w)
{
  const char *present[N_DEVICES];
  guint n = here (w, present);
  ImMessage message = { .recipient = BOB };

  if (w->last_id == N_MESSAGES)
    return;
  message.id = ++w->last_id;
  message.sender = senders[g_rand_int_range (w->rand, 0, 2)];
  message.content = g_rand_boolean (w->rand) ? IM_USER : IM_AUTOMATIC;
  message.keep = (ImKeep)MAX (0, g_rand_int_range (w->rand, -3, 3));
  message.expires_at = w->now + 1000000 * SEC;
  im_message (w->im, &message, present, n, w->now, w->actions);
}

static guint
random_status (World *w)
{
  static const guint statuses[]
      = { 200, 200, 200, 200, 202, 408, 480, 503, 500, 486, 415, 405, 603 };

  return statuses[g_rand_int_range (w->rand, 0, G_N_ELEMENTS (statuses))];
}

static void
answer_one (World *w, guint index)
{
  Device *device = &w->devices[index];
  guint64 id = device->out;
  guint status = device->is_here || w->is_calm ? random_status (w) : 503;

  if (id == 0)
    return;
  if (w->is_calm)
    status = 200;
  device->out = 0;
  if (status < 300) {
    w->messages[id].has_taken[index] = TRUE;
    w->messages[id].n_takers++;
  }
  im_answered (w->im, id, names[index], status, w->now, w->actions);
}

static void
register_one (World *w, guint index)
{
  w->devices[index].is_here = TRUE;
  im_device_here (w->im, BOB, names[index], w->now, w->actions);
}

static void
leave_one (World *w, guint index)
{
  w->devices[index].is_here = FALSE;
  if (g_rand_boolean (w->rand))
    im_device_gone (w->im, BOB, names[index], w->now, w->actions);
  else
    im_device_closed (w->im, BOB, names[index], w->now, w->actions);
}

static void
purge_one (World *w)
{
  guint64 id = (guint64)g_rand_int_range (w->rand, 1, (gint)w->last_id + 1);
  Message *message = &w->messages[id];

  if (message->disk != ON_DISK || g_rand_int_range (w->rand, 0, 5) > 0)
    return;
  message->disk = REMOVED;
  message->is_purged = TRUE;
  im_purged (w->im, BOB, id, w->now, w->actions);
}

static void
step (World *w)
{
  guint index = (guint)g_rand_int_range (w->rand, 0, N_DEVICES);

  switch (g_rand_int_range (w->rand, 0, 16)) {
  case 0:
  case 1:
  case 2:
    write_one (w);
    break;
  case 3:
  case 4:
  case 5:
  case 6:
    answer_one (w, index);
    break;
  case 7:
    register_one (w, index);
    break;
  case 8:
    if (w->devices[index].is_here)
      leave_one (w, index);
    break;
  case 9:
    if (w->has_locks)
      im_locks_wrote (im_locks (w->im), BOB, senders[0], names[index], IM_USER,
                      w->now);
    break;
  case 10:
    if (w->last_id > 0)
      purge_one (w);
    break;
  case 11:
    begin_job (w);
    break;
  case 12:
  case 13:
    end_job (w);
    break;
  default:
    w->now += g_rand_int_range (w->rand, 1, 6) * SEC;
    im_advance (w->im, w->now, w->actions);
  }
  carry_out (w);
}

/* From here on all devices are there and answer, and the store works. */
static void
calm_down (World *w)
{
  w->is_calm = TRUE;
  for (guint round = 0; round < 2000; round++) {
    guint index = round % N_DEVICES;

    if (round % 200 < N_DEVICES)
      register_one (w, index);
    carry_out (w);
    answer_one (w, index);
    carry_out (w);
    end_job (w);
    if (round % 20 == 0)
      w->now += SEC;
    im_advance (w->im, w->now, w->actions);
    carry_out (w);
  }
}

static gboolean
was_refused_by_all (const Message *message)
{
  for (guint i = 0; i < N_DEVICES; i++)
    if (!message->has_refused[i])
      return FALSE;
  return TRUE;
}

static void
check_end (World *w)
{
  guint n_stored = 0;

  for (guint64 i = 1; i <= w->last_id; i++) {
    const Message *message = &w->messages[i];

    g_assert_cmpuint (message->n_answers, ==, 1);
    if (message->is_accepted && !message->is_purged
        && !was_refused_by_all (message))
      g_assert_cmpuint (message->n_takers, >, 0);
    if (message->n_takers > 0 && !message->is_failed
        && !was_refused_by_all (message))
      g_assert_cmpint (message->disk, !=, ON_DISK);
    n_stored += message->disk == ON_DISK;
  }
  g_assert_cmpuint (im_count (w->im, BOB), ==, n_stored);
  g_assert_cmpuint (im_size (w->im), ==, 0);
}

static void
walk (guint seed, gboolean has_locks)
{
  const ImLimits limits = { .alone = 4 * SEC,
                            .fork = 10 * SEC,
                            .idle = 600 * SEC,
                            .retry = 60 * SEC,
                            .max_locks = 10,
                            .max_stored = 40,
                            .chunk = 3 + seed % 4,
                            .max_waiting = has_locks ? 10 : 200 };
  g_autofree World *w = g_new0 (World, 1);

  w->now = 1000 * SEC;
  w->has_locks = has_locks;
  w->rand = g_rand_new_with_seed (seed);
  w->actions = im_actions_new ();
  w->im = im_new (&limits, w->now);
  for (guint i = 0; i < 1500; i++)
    step (w);
  calm_down (w);
  check_end (w);
  im_free (w->im);
  g_array_unref (w->actions);
  g_rand_free (w->rand);
  g_queue_clear_full (&w->jobs, (GDestroyNotify)job_free);
}

static void
test_in_order (void)
{
  for (guint seed = 1; seed <= 100; seed++)
    walk (seed, FALSE);
}

static void
test_with_locks (void)
{
  for (guint seed = 1; seed <= 100; seed++)
    walk (seed, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/im/random/in-order", test_in_order);
  g_test_add_func ("/im/random/with-locks", test_with_locks);
  return g_test_run ();
}
