/* SPDX-License-Identifier: ISC
 *
 * Where a subscription is found: by our tag, by what its initial SUBSCRIBE
 * carried, by presentity and package, by watcher, by flow.  Each costs the same
 * however many there are. */
#include "subs/subs-priv.h"

#include "addr/aor.h"

#include <string.h>

/* Lists */

static void
link_into (SubLink **head, SubLink *item)
{
  item->next = *head;
  item->link = head;
  if (*head != NULL)
    (*head)->link = &item->next;
  *head = item;
}

static void
unlink_item (SubLink *item)
{
  if (item->link == NULL)
    return;
  *item->link = item->next;
  if (item->next != NULL)
    item->next->link = item->link;
  item->next = NULL;
  item->link = NULL;
}

/* Hashes */

/* What finds a dialog by its initial SUBSCRIBE. */
typedef struct {
  const char *call_id, *remote_tag, *event, *watcher, *presentity;
} Initial;

/* A key of by_initial is a Sub; that of a search an Initial, told apart by one
 * added to its address. */
static gpointer
search_key (Initial *initial)
{
  return (char *)initial + 1;
}

static Initial
initial_of (gconstpointer key)
{
  const Sub *sub = key;

  if (GPOINTER_TO_SIZE (key) % 2 != 0)
    return *(const Initial *)(gconstpointer)((const char *)key - 1);
  return (Initial){ .call_id = sub_call_id (sub),
                    .remote_tag = sub_remote_tag (sub),
                    .event = sub_event (sub),
                    .watcher = sub->watcher,
                    .presentity = sub->presentity };
}

static guint
initial_hash (gconstpointer key)
{
  Initial initial = initial_of (key);
  guint hash = g_str_hash (initial.call_id);

  return initial.remote_tag == NULL
             ? hash
             : hash * 33 + g_str_hash (initial.remote_tag);
}

/* The value of the id parameter of an Event header, of *length bytes; NULL when
 * there is none. */
static const char *
event_id (const char *event, gsize *length)
{
  const char *at = strchr (event, ';');

  for (; at != NULL; at = strchr (at, ';')) {
    at += 1 + strspn (at + 1, " \t");
    if (g_ascii_strncasecmp (at, "id", 2) != 0)
      continue;
    at += 2 + strspn (at + 2, " \t");
    if (*at != '=')
      continue;
    at += 1 + strspn (at + 1, " \t");
    *length = strcspn (at, "; \t");
    return at;
  }
  *length = 0;
  return NULL;
}

/* Same package and same id (RFC 6665 8.2.1); case of the package is not looked
 * at, as some clients change it between requests. */
static gboolean
event_equal (const char *a, const char *b)
{
  gsize length_a = strcspn (a, "; \t"), length_b = strcspn (b, "; \t");
  const char *id_a, *id_b;

  if (length_a != length_b || g_ascii_strncasecmp (a, b, length_a) != 0)
    return FALSE;
  id_a = event_id (a, &length_a);
  id_b = event_id (b, &length_b);
  return (id_a == NULL) == (id_b == NULL) && length_a == length_b
         && (id_a == NULL || memcmp (id_a, id_b, length_a) == 0);
}

static gboolean
initial_equal (gconstpointer a, gconstpointer b)
{
  Initial left = initial_of (a), right = initial_of (b);

  return strcmp (left.call_id, right.call_id) == 0
         && g_strcmp0 (left.remote_tag, right.remote_tag) == 0
         && event_equal (left.event, right.event)
         && aor_equal (left.watcher, right.watcher)
         && aor_equal (left.presentity, right.presentity);
}

static guint
person_hash (gconstpointer person)
{
  return aor_hash (((const Person *)person)->aor);
}

static gboolean
person_equal (gconstpointer a, gconstpointer b)
{
  return aor_equal (((const Person *)a)->aor, ((const Person *)b)->aor);
}

static void
person_free (gpointer data)
{
  Person *person = data;

  for (Topic *topic = person->topics, *next; topic != NULL; topic = next) {
    next = topic->next;
    g_free (topic);
  }
  g_ref_string_release (person->aor);
  g_free (person);
}

void
table_init (Subs *self)
{
  self->by_tag = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_initial = g_hash_table_new (initial_hash, initial_equal);
  self->people
      = g_hash_table_new_full (person_hash, person_equal, person_free, NULL);
  self->flows
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->shared = shared_registry_new ();
  self->suspended = g_hash_table_new (NULL, NULL);
}

void
table_clear (Subs *self)
{
  g_hash_table_unref (self->by_initial);
  g_hash_table_unref (self->by_tag);
  g_hash_table_unref (self->people);
  g_hash_table_unref (self->flows);
  g_hash_table_unref (self->shared);
  g_hash_table_unref (self->suspended);
}

/* People, topics, flows: made at first use, dropped with the last. */

Person *
table_person (Subs *self, const char *aor)
{
  Person key = { .aor = (char *)aor };

  return g_hash_table_lookup (self->people, &key);
}

Topic *
table_topic (Subs *self, const char *presentity, const char *package)
{
  const char *interned = g_intern_string (package);
  Person *person = table_person (self, presentity);
  Topic *topic = person == NULL ? NULL : person->topics;

  while (topic != NULL && topic->package != interned)
    topic = topic->next;
  return topic;
}

Flow *
table_flow (Subs *self, guint64 id)
{
  return g_hash_table_lookup (self->flows, &id);
}

static Person *
make_person (Subs *self, const char *aor)
{
  Person *person = table_person (self, aor);

  if (person == NULL) {
    person = g_new0 (Person, 1);
    person->aor = g_ref_string_new_intern (aor);
    g_hash_table_add (self->people, person);
  }
  return person;
}

static void
drop_person (Subs *self, Person *person)
{
  if (person->topics == NULL && person->watching == NULL)
    g_hash_table_remove (self->people, person);
}

static Topic *
make_topic (Subs *self, const char *presentity, const char *package)
{
  Topic *topic = table_topic (self, presentity, package);

  if (topic == NULL) {
    topic = g_new0 (Topic, 1);
    topic->package = package;
    topic->person = make_person (self, presentity);
    topic->next = topic->person->topics;
    topic->person->topics = topic;
  }
  return topic;
}

static void
drop_topic (Subs *self, Topic *topic)
{
  Person *person = topic->person;
  Topic **at = &person->topics;

  if (topic->subs != NULL)
    return;
  while (*at != topic)
    at = &(*at)->next;
  *at = topic->next;
  g_free (topic);
  drop_person (self, person);
}

void
table_set_flow (Subs *self, Sub *sub, guint64 flow)
{
  Flow *old = table_flow (self, sub->flow), *new;

  if (sub->flow == flow)
    return;
  unlink_item (&sub->in_flow);
  if (old != NULL && old->subs == NULL)
    g_hash_table_remove (self->flows, &old->id);
  sub->flow = flow;
  if (flow == 0)
    return;
  new = table_flow (self, flow);
  if (new == NULL) {
    new = g_new0 (Flow, 1);
    new->id = flow;
    g_hash_table_add (self->flows, &new->id);
  }
  link_into (&new->subs, &sub->in_flow);
}

void
table_add (Subs *self, Sub *sub)
{
  Topic *topic;
  Person *watcher;

  g_hash_table_add (self->by_tag, sub->ids);
  g_hash_table_add (self->by_initial, sub);
  topic = make_topic (self, sub->presentity, sub_package (sub));
  link_into (&topic->subs, &sub->in_topic);
  topic->n_subs++;
  watcher = make_person (self, sub->watcher);
  link_into (&watcher->watching, &sub->in_watcher);
}

void
table_remove (Subs *self, Sub *sub)
{
  Topic *topic = table_topic (self, sub->presentity, sub_package (sub));

  wheel_cancel (self->wheel, &sub->timer);
  table_set_flow (self, sub, 0);
  unlink_item (&sub->in_watcher);
  drop_person (self, table_person (self, sub->watcher));
  unlink_item (&sub->in_topic);
  topic->n_subs--;
  drop_topic (self, topic);
  if (g_hash_table_lookup (self->by_initial, sub) == sub)
    g_hash_table_remove (self->by_initial, sub);
  g_hash_table_remove (self->by_tag, sub->ids);
  g_hash_table_remove (self->suspended, sub);
}

void
table_set_suspended (Subs *self, Sub *sub)
{
  if (sub->sender == SENDER_SUSPENDED)
    g_hash_table_add (self->suspended, sub);
  else
    g_hash_table_remove (self->suspended, sub);
}

gboolean
sub_is_of_event (const Sub *sub, const char *event)
{
  return event_equal (sub_event (sub), event);
}

Sub *
subs_find (Subs *self, const char *local_tag, const char *call_id,
           const char *remote_tag)
{
  char *ids = local_tag == NULL ? NULL
                                : g_hash_table_lookup (self->by_tag, local_tag);
  Sub *sub = ids == NULL ? NULL : SUB_OF (ids, ids);

  if (sub == NULL || g_strcmp0 (sub_call_id (sub), call_id) != 0
      || g_strcmp0 (sub_remote_tag (sub), remote_tag) != 0)
    return NULL;
  return sub;
}

Sub *
subs_find_initial (Subs *self, const SubsDialog *dialog)
{
  Initial initial = { .call_id = dialog->call_id,
                      .remote_tag = dialog->remote_tag,
                      .event = dialog->event,
                      .watcher = dialog->watcher,
                      .presentity = dialog->presentity };

  if (dialog->call_id == NULL || dialog->event == NULL
      || dialog->watcher == NULL || dialog->presentity == NULL)
    return NULL;
  return g_hash_table_lookup (self->by_initial, search_key (&initial));
}
