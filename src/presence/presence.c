/* SPDX-License-Identifier: ISC
 *
 * Publications: RFC 3903 section 6 decided at arrival, shown after the commit,
 * expired by the wheel.  What watchers see of it is in shown.c and compose.c.
 */
#include "presence/presence.h"

#include "addr/aor.h"
#include "base/ids.h"
#include "presence/presence-priv.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define TOMBSTONE (64 * SECOND)
/* Tombstones of one presentity; the oldest beyond that goes early. */
#define TOMBSTONES_MAX 32
/* Bits of randomness, multiples of 5. */
#define ETAG_BITS 125
#define KEY_BITS 100
/* The version of somebody with neither publication, binding nor permanent
 * document. */
#define VERSION_BLANK 1

static void
replace_text (char **text, const char *with)
{
  char *copy = g_strdup (with);

  g_free (*text);
  *text = copy;
}

static void
decision_free (Decision *self)
{
  presence_row_free (self->row);
  presence_doc_free (self->doc);
  g_free (self);
}

Presentity *
presence_find (Presence *self, const char *aor)
{
  return g_hash_table_lookup (self->presentities, aor);
}

Presentity *
presence_need (Presence *self, const char *aor)
{
  Presentity *user = presence_find (self, aor);

  if (user != NULL)
    return user;
  user = g_new0 (Presentity, 1);
  user->aor = g_strdup (aor);
  user->version = VERSION_BLANK;
  g_hash_table_insert (self->presentities, user->aor, user);
  return user;
}

void
presence_forget_if_empty (Presence *self, Presentity *user)
{
  if (user->first != NULL || user->is_registered || user->permanent != NULL
      || user->since != 0 || user->is_on_phone)
    return;
  g_hash_table_remove (self->presentities, user->aor);
}

static void
presentity_free (gpointer data)
{
  Presentity *self = data;

  presentity_set_permanent (self, NULL);
  g_free (self->aor);
  g_free (self);
}

static Publication *
add_publication (Presentity *user)
{
  Publication *self = g_new0 (Publication, 1);

  self->owner = user;
  self->next = user->first;
  user->first = self;
  return self;
}

/* Keeps presence_size and the timer in step with what is decided. */
static void
follow_decided (Presence *self, Publication *publication)
{
  const PresenceRow *row = publication_decided (publication);
  gboolean is_live = !row->is_removed;

  self->live += is_live;
  self->live -= publication->is_counted;
  publication->is_counted = is_live;
  publication_adopt (self, publication);
  wheel_arm (self->wheel, &publication->timer, row->expires_at);
}

static void
unlink_publication (Publication *self)
{
  Publication **link = &self->owner->first;

  while (*link != self)
    link = &(*link)->next;
  *link = self->next;
}

/* Takes a publication out and apart; gives its decided row (may be NULL). The
 * presentity stays. */
static PresenceRow *
take_publication (Presence *self, Publication *publication)
{
  PresenceRow *row = g_steal_pointer (&publication->row);

  unlink_publication (publication);
  wheel_cancel (self->wheel, &publication->timer);
  self->live -= publication->is_counted;
  publication_adopt (self, publication);
  while (publication->flight != NULL) {
    Decision *decision = publication->flight;

    publication->flight = decision->next;
    g_hash_table_remove (self->tickets, &decision->ticket);
    presence_row_free (row);
    row = g_steal_pointer (&decision->row);
    decision_free (decision);
  }
  presence_doc_free (publication->doc);
  g_free (publication);
  return row;
}

void
presence_touch (Presence *self, Presentity *user)
{
  presentity_look (self, user);
  user->version
      = presentity_is_blank (user) ? VERSION_BLANK : ++self->last_version;
}

static Publication *
find_repeated (Presentity *user, const PresencePublish *request)
{
  if (user == NULL || request->call_id == NULL)
    return NULL;
  for (Publication *p = user->first; p != NULL; p = p->next) {
    const PresenceRow *row = publication_decided (p);

    if (row->cseq == request->cseq && presence_row_is_of (row, request->event)
        && g_strcmp0 (row->call_id, request->call_id) == 0
        && g_strcmp0 (row->from_tag, request->from_tag) == 0)
      return p;
  }
  return NULL;
}

static Publication *
find_etag (Presentity *user, const char *event, const char *etag)
{
  if (user == NULL)
    return NULL;
  for (Publication *p = user->first; p != NULL; p = p->next) {
    const PresenceRow *row = publication_decided (p);

    if (!row->is_removed && presence_row_is_of (row, event)
        && g_str_equal (row->etag, etag))
      return p;
  }
  return NULL;
}

static guint
count (const Presentity *user, const char *event, gboolean is_removed)
{
  guint n = 0;

  if (user == NULL)
    return 0;
  for (const Publication *p = user->first; p != NULL; p = p->next) {
    const PresenceRow *row = publication_decided (p);

    n += row->is_removed == is_removed
         && (event == NULL || presence_row_is_of (row, event));
  }
  return n;
}

/* RFC 3903 6 step 4; FALSE: too brief. */
static gboolean
grant (gint64 asked, const PresenceLimits *limits, guint *seconds)
{
  if (asked < 0)
    asked = limits->default_expires;
  else if (asked > 0 && asked < limits->min_expires)
    return FALSE;
  *seconds = (guint)MIN (asked, (gint64)limits->max_expires);
  return TRUE;
}

static PresenceRow *
first_row (const PresencePublish *request)
{
  PresenceRow *row = g_new0 (PresenceRow, 1);

  row->aor = g_strdup (request->aor);
  row->event = g_ascii_strdown (request->event, -1);
  row->key = rc_token_new (KEY_BITS);
  return row;
}

/* The row after a request on base (NULL: an initial one). */
static PresenceRow *
next_row (const PresenceRow *base, const PresencePublish *request,
          guint seconds, gint64 now)
{
  PresenceRow *row
      = base != NULL ? presence_row_copy (base) : first_row (request);

  g_free (row->etag);
  row->etag = rc_token_new (ETAG_BITS);
  replace_text (&row->call_id, request->call_id);
  replace_text (&row->from_tag, request->from_tag);
  row->cseq = request->cseq;
  row->granted = seconds;
  row->expires_at = now + seconds * SECOND;
  if (seconds == 0) {
    row->is_removed = TRUE;
    row->expires_at = now + TOMBSTONE;
    g_clear_pointer (&row->body, g_bytes_unref);
  } else if (request->body != NULL) {
    g_clear_pointer (&row->body, g_bytes_unref);
    row->body = g_bytes_ref (request->body);
    row->published_at = now;
  }
  if (request->device != NULL && seconds > 0) /* it may have registered since */
    replace_text (&row->device, request->device);
  return row;
}

static Decision *
append_decision (Presence *self, Publication *publication, PresenceRow *row)
{
  Decision *decision = g_new0 (Decision, 1);
  Decision **link = &publication->flight;

  decision->ticket = ++self->last_ticket;
  decision->row = row;
  while (*link != NULL)
    link = &(*link)->next;
  *link = decision;
  g_hash_table_insert (self->tickets, &decision->ticket, publication);
  return decision;
}

/* One more tombstone than a presentity may have: the oldest goes with the next
 * presence_advance. */
static void
bound_tombstones (Presence *self, const Presentity *user, gint64 now)
{
  Publication *oldest = NULL;

  if (count (user, NULL, TRUE) <= TOMBSTONES_MAX)
    return;
  for (Publication *p = user->first; p != NULL; p = p->next)
    if (p->flight == NULL && p->row->is_removed && p->timer.due > now
        && (oldest == NULL || p->timer.due < oldest->timer.due))
      oldest = p;
  if (oldest != NULL)
    wheel_arm (self->wheel, &oldest->timer, now);
}

static void
fill_outcome (const PresenceRow *row, guint64 ticket, PresenceOutcome *out)
{
  g_strlcpy (out->etag, row->etag, sizeof out->etag);
  out->expires = row->granted;
  out->ticket = ticket;
}

static PresenceVerdict
repeat (const Publication *publication, PresenceOutcome *out)
{
  const Decision *last = publication->flight;

  while (last != NULL && last->next != NULL)
    last = last->next;
  fill_outcome (publication_decided (publication),
                last != NULL ? last->ticket : 0, out);
  return PRESENCE_REPEAT;
}

/* The oldest that its device has replaced goes with the next presence_advance;
 * FALSE: there is none. */
static gboolean
give_way (Presence *self, const Presentity *user, const char *event, gint64 now)
{
  Publication *oldest = NULL;

  for (Publication *p = user->first; p != NULL; p = p->next)
    if (p->flight == NULL && p->is_visible && p->is_superseded
        && p->timer.due > now && presence_row_is_of (p->row, event)
        && (oldest == NULL || publication_is_newer (oldest, p)))
      oldest = p;
  if (oldest != NULL)
    wheel_arm (self->wheel, &oldest->timer, now);
  return oldest != NULL;
}

/* Until those that give way are gone there may be more, at most twice as many.
 */
static gboolean
has_room (Presence *self, const Presentity *user,
          const PresencePublish *request, guint max, gint64 now)
{
  guint n = count (user, request->event, FALSE);

  return n < max || (n < 2 * max && give_way (self, user, request->event, now));
}

static PresenceVerdict
judge (const Publication *publication, const PresencePublish *request,
       const PresenceLimits *limits, guint *seconds)
{
  if (request->if_match != NULL && publication == NULL)
    return PRESENCE_NO_MATCH;
  if (!grant (request->expires, limits, seconds))
    return PRESENCE_BRIEF;
  if (publication != NULL)
    return PRESENCE_OK;
  return request->body != NULL ? PRESENCE_OK : PRESENCE_NO_BODY;
}

PresenceVerdict
presence_publish (Presence *self, PresencePublish *request,
                  const PresenceLimits *limits, gint64 now,
                  PresenceOutcome *out)
{
  Presentity *user = presence_find (self, request->aor);
  g_autoptr (PresenceDoc) doc = g_steal_pointer (&request->doc);
  Publication *publication = find_repeated (user, request);
  PresenceVerdict verdict;
  Decision *decision;
  guint seconds = 0;

  memset (out, 0, sizeof *out);
  if (publication != NULL)
    return repeat (publication, out);
  if (request->if_match != NULL)
    publication = find_etag (user, request->event, request->if_match);
  verdict = judge (publication, request, limits, &seconds);
  if (verdict == PRESENCE_OK && publication == NULL && seconds > 0
      && !has_room (self, user, request, limits->max_publications, now))
    verdict = PRESENCE_TOO_MANY;
  if (verdict != PRESENCE_OK)
    return verdict;
  PresenceRow *row = next_row (
      publication != NULL ? publication_decided (publication) : NULL, request,
      seconds, now);
  if (publication == NULL)
    publication = add_publication (presence_need (self, request->aor));
  decision = append_decision (self, publication, row);
  if (request->body != NULL && seconds > 0) {
    decision->is_content = TRUE;
    decision->doc = g_steal_pointer (&doc);
  }
  follow_decided (self, publication);
  if (row->is_removed)
    bound_tombstones (self, publication->owner, now);
  fill_outcome (row, decision->ticket, out);
  out->row = presence_row_copy (row);
  return PRESENCE_OK;
}

gboolean
presence_has_etag (Presence *self, const char *aor, const char *event,
                   const char *etag)
{
  return find_etag (presence_find (self, aor), event, etag) != NULL;
}

GBytes *
presence_body (Presence *self, const char *aor, const char *event,
               const char *etag)
{
  Publication *publication = find_etag (presence_find (self, aor), event, etag);
  GBytes *body
      = publication != NULL ? publication_decided (publication)->body : NULL;

  return body != NULL ? g_bytes_ref (body) : NULL;
}

static Decision *
find_decision (Presence *self, guint64 ticket, Publication **publication_out)
{
  Decision *decision;

  *publication_out = g_hash_table_lookup (self->tickets, &ticket);
  if (*publication_out == NULL)
    return NULL;
  decision = (*publication_out)->flight;
  while (decision->ticket != ticket)
    decision = decision->next;
  return decision;
}

static void
shorten_row (PresenceRow *row, guint seconds, gint64 now)
{
  if (row == NULL || row->is_removed)
    return;
  row->granted = MIN (row->granted, seconds);
  row->expires_at = MIN (row->expires_at, now + seconds * SECOND);
}

void
presence_shorten (Presence *self, PresenceOutcome *out, guint seconds,
                  gint64 now)
{
  Publication *publication;
  Decision *decision = find_decision (self, out->ticket, &publication);

  out->expires = MIN (out->expires, seconds);
  shorten_row (out->row, seconds, now);
  if (decision == NULL)
    return;
  shorten_row (decision->row, seconds, now);
  follow_decided (self, publication);
}

gboolean
presence_commit (Presence *self, const char *aor, guint64 ticket)
{
  Publication *publication;
  gboolean has_changed = FALSE;

  if (find_decision (self, ticket, &publication) == NULL)
    return FALSE;
  while (publication->flight != NULL && publication->flight->ticket <= ticket) {
    Decision *decision = publication->flight;

    publication->flight = decision->next;
    g_hash_table_remove (self->tickets, &decision->ticket);
    has_changed
        |= publication_apply (publication, decision, ++self->last_order);
    decision_free (decision);
  }
  if (has_changed && presence_row_is_of (publication->row, PRESENCE_COMPOSED))
    presence_touch (self, publication->owner);
  return has_changed;
}

gboolean
presence_abort (Presence *self, const char *aor, guint64 ticket)
{
  Publication *publication;
  Decision *decision = find_decision (self, ticket, &publication);
  Decision **link, *later;

  if (decision == NULL)
    return FALSE;
  link = &publication->flight;
  while (*link != decision)
    link = &(*link)->next;
  later = *link = decision->next;
  if (later != NULL && decision->is_content && !later->is_content
      && !later->row->is_removed) {
    later->is_content = TRUE; /* its row has this content too */
    later->doc = g_steal_pointer (&decision->doc);
  }
  g_hash_table_remove (self->tickets, &decision->ticket);
  decision_free (decision);
  if (publication_decided (publication) != NULL) {
    follow_decided (self, publication);
  } else {
    Presentity *user = publication->owner;

    presence_row_free (take_publication (self, publication));
    presence_forget_if_empty (self, user);
  }
  return FALSE;
}

static void
expire_cb (WheelTimer *timer, gpointer data)
{
  Presence *self = data;
  Publication *publication = (Publication *)timer;
  Presentity *user = publication->owner;
  gboolean was_shown = publication_is_shown (publication);
  g_autoptr (PresenceRow) row = take_publication (self, publication);

  if (was_shown && presence_row_is_of (row, PRESENCE_COMPOSED))
    presence_touch (self, user);
  presence_forget_if_empty (self, user);
  if (self->gone != NULL)
    self->gone (row, was_shown, self->gone_data);
}

Presence *
presence_new (gint64 now)
{
  Presence *self = g_new0 (Presence, 1);

  self->presentities
      = g_hash_table_new_full (aor_hash, aor_equal, NULL, presentity_free);
  self->tickets = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->wheel = wheel_new (now, expire_cb, self);
  self->last_version = VERSION_BLANK;
  return self;
}

void
presence_free (Presence *self)
{
  GHashTableIter iter;
  gpointer user;

  if (self == NULL)
    return;
  g_hash_table_iter_init (&iter, self->presentities);
  while (g_hash_table_iter_next (&iter, NULL, &user))
    while (((Presentity *)user)->first != NULL)
      presence_row_free (take_publication (self, ((Presentity *)user)->first));
  g_hash_table_unref (self->presentities);
  g_hash_table_unref (self->tickets);
  g_queue_clear_full (&self->left, g_free);
  wheel_free (self->wheel);
  g_free (self);
}

gboolean
presence_set_registered (Presence *self, const char *aor,
                         gboolean is_registered)
{
  Presentity *user
      = is_registered ? presence_need (self, aor) : presence_find (self, aor);
  gboolean has_changed;

  is_registered = is_registered != FALSE;
  if (user == NULL || user->is_registered == is_registered)
    return FALSE;
  user->is_registered = is_registered;
  has_changed = presentity_shows_registration (user);
  if (has_changed)
    presence_touch (self, user);
  else
    presentity_look (self, user);
  presence_forget_if_empty (self, user);
  return has_changed;
}

static void
drop_key (Presence *self, Presentity *user, const char *key)
{
  for (Publication *p = user->first; p != NULL; p = p->next)
    if (g_str_equal (publication_decided (p)->key, key)) {
      presence_row_free (take_publication (self, p));
      return;
    }
}

void
presence_restore (Presence *self, PresenceRow *row, PresenceDoc *doc,
                  gint64 now)
{
  Presentity *user = presence_need (self, row->aor);
  Publication *publication;

  drop_key (self, user, row->key);
  publication = add_publication (user);
  publication->row = row;
  if (row->is_removed)
    presence_doc_free (doc);
  else
    publication_show (publication, doc, ++self->last_order);
  follow_decided (self, publication);
  if (presence_row_is_of (row, PRESENCE_COMPOSED))
    presence_touch (self, user);
}

static gint
newest_first_cb (gconstpointer a, gconstpointer b)
{
  return publication_is_newer (*(Publication *const *)a,
                               *(Publication *const *)b)
             ? -1
             : 1;
}

PresenceDoc *
presence_compose (Presence *self, const char *aor)
{
  Presentity *user = presence_find (self, aor);
  g_autoptr (GPtrArray) shown = NULL;

  if (user == NULL)
    return presence_offline (aor);
  shown = g_ptr_array_new ();
  for (Publication *p = user->first; p != NULL; p = p->next)
    if (publication_is_composed (p))
      g_ptr_array_add (shown, p);
  g_ptr_array_sort (shown, newest_first_cb);
  return presence_compose_shown (aor, (Publication *const *)shown->pdata,
                                 shown->len, user);
}

gboolean
presence_settle (Presence *self, Presentity *user, const PresenceDoc *before)
{
  g_autoptr (PresenceDoc) after = presence_compose (self, user->aor);
  gboolean has_changed = !presence_doc_equal (before, after);

  if (has_changed)
    presence_touch (self, user);
  presence_forget_if_empty (self, user);
  return has_changed;
}

gboolean
presence_set_permanent (Presence *self, const char *aor, PresenceDoc *doc)
{
  Presentity *user
      = doc != NULL ? presence_need (self, aor) : presence_find (self, aor);
  g_autoptr (PresenceDoc) before = NULL;

  if (user == NULL)
    return FALSE;
  before = presence_compose (self, aor);
  presentity_set_permanent (user, doc);
  return presence_settle (self, user, before);
}

guint64
presence_version (Presence *self, const char *aor)
{
  const Presentity *user = presence_find (self, aor);

  return user != NULL ? user->version : VERSION_BLANK;
}

void
presence_advance (Presence *self, gint64 now, PresenceGoneFn fn, gpointer data)
{
  self->gone = fn;
  self->gone_data = data;
  wheel_advance (self->wheel, now);
  self->gone = NULL;
}

void
presence_drop_user (Presence *self, const char *aor, PresenceGoneFn fn,
                    gpointer data)
{
  Presentity *user = presence_find (self, aor);
  g_autoptr (GPtrArray) shown = NULL, hidden = NULL;

  if (user == NULL)
    return;
  shown = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_row_free);
  hidden = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_row_free);
  while (user->first != NULL) {
    GPtrArray *rows = publication_is_shown (user->first) ? shown : hidden;

    g_ptr_array_add (rows, take_publication (self, user->first));
  }
  user->is_registered = user->is_on_phone = FALSE;
  user->since = 0;
  presentity_set_permanent (user, NULL);
  presence_forget_if_empty (self, user);
  for (guint i = 0; fn != NULL && i < shown->len; i++)
    fn (shown->pdata[i], TRUE, data);
  for (guint i = 0; fn != NULL && i < hidden->len; i++)
    fn (hidden->pdata[i], FALSE, data);
}

guint
presence_size (Presence *self)
{
  return self->live;
}
