/* SPDX-License-Identifier: ISC
 *
 * The members of a list and what is owed of them: see the header. */
#include "subs/list.h"

#include <string.h>

struct SubsList {
  gsize member_size;
  void (*clear) (SubsMember *member);
  GPtrArray *members; /* SubsMember, in order */
  GPtrArray *changed; /* of members: is_changed */
  GPtrArray *gone;    /* not members any more; to be told */
  GPtrArray *taken;   /* gone, in the NOTIFY that left last */
  gint64 delay;
  gint64 due; /* 0: nothing changed */
  gboolean wants_full;
  /* Between begin and end. */
  GHashTable *by_key; /* key -> SubsMember, as it was */
  GPtrArray *listed;
};

static void
set_text (char **slot, const char *text)
{
  char *old = *slot;

  *slot = text != NULL ? g_ref_string_new_intern (text) : NULL;
  if (old != NULL)
    g_ref_string_release (old);
}

static void
member_free (SubsList *self, SubsMember *member)
{
  if (self->clear != NULL)
    self->clear (member);
  set_text (&member->key, NULL);
  set_text (&member->uri, NULL);
  set_text (&member->name, NULL);
  g_free (member);
}

static void
clear_all (SubsList *self, GPtrArray *members)
{
  for (guint i = 0; i < members->len; i++)
    member_free (self, members->pdata[i]);
  g_ptr_array_set_size (members, 0);
}

SubsList *
subs_list_new (gsize member_size, void (*clear) (SubsMember *member))
{
  SubsList *self = g_new0 (SubsList, 1);

  self->member_size = member_size;
  self->clear = clear;
  self->members = g_ptr_array_new ();
  self->changed = g_ptr_array_new ();
  self->gone = g_ptr_array_new ();
  self->taken = g_ptr_array_new ();
  self->wants_full = TRUE;
  return self;
}

void
subs_list_free (SubsList *self)
{
  if (self == NULL)
    return;
  clear_all (self, self->members);
  clear_all (self, self->gone);
  clear_all (self, self->taken);
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->changed);
  g_ptr_array_unref (self->gone);
  g_ptr_array_unref (self->taken);
  g_free (self);
}

void
subs_list_set_delay (SubsList *self, gint64 delay)
{
  self->delay = delay;
}

static void
touch (SubsList *self, gint64 now)
{
  if (self->due == 0)
    self->due = now + self->delay;
}

void
subs_list_changed (SubsList *self, SubsMember *member, gint64 now)
{
  if (!member->is_changed)
    g_ptr_array_add (self->changed, member);
  member->is_changed = TRUE;
  touch (self, now);
}

void
subs_list_decide (SubsList *self, SubsMember *member, SubsMemberState state,
                  SubsReason reason, gint64 now)
{
  if (member->state == state && member->reason == reason)
    return;
  member->state = (guint8)state;
  member->reason = (guint8)reason;
  subs_list_changed (self, member, now);
}

void
subs_list_ask (SubsList *self)
{
  self->wants_full = TRUE;
}

gint64
subs_list_due (const SubsList *self)
{
  return self->due;
}

const GPtrArray *
subs_list_members (const SubsList *self)
{
  return self->members;
}

/* --- Membership --- */

void
subs_list_begin (SubsList *self)
{
  self->by_key = g_hash_table_new (g_str_hash, g_str_equal);
  self->listed = g_ptr_array_sized_new (self->members->len);
  for (guint i = 0; i < self->members->len; i++) {
    SubsMember *member = self->members->pdata[i];

    member->is_listed = FALSE;
    g_hash_table_insert (self->by_key, member->key, member);
  }
}

/* One that comes again before its end was told is told as it is now. */
static void
forget_gone (SubsList *self, const char *key)
{
  for (guint i = self->gone->len; i-- > 0;) {
    SubsMember *member = self->gone->pdata[i];

    if (strcmp (member->key, key) == 0) {
      g_ptr_array_remove_index (self->gone, i);
      member_free (self, member);
    }
  }
}

static SubsMember *
add (SubsList *self, const char *key, const char *uri, const char *name,
     gint64 now)
{
  SubsMember *member = g_malloc0 (self->member_size);

  set_text (&member->key, key);
  set_text (&member->uri, uri);
  set_text (&member->name, name);
  g_hash_table_insert (self->by_key, member->key, member);
  forget_gone (self, key);
  subs_list_changed (self, member, now);
  return member;
}

/* Spelled or named in another way. */
static void
respell (SubsList *self, SubsMember *member, const char *uri, const char *name,
         gint64 now)
{
  if (strcmp (member->uri, uri) != 0) {
    set_text (&member->uri, uri);
    self->wants_full = TRUE; /* a row of the old spelling has no other end */
    touch (self, now);
  }
  if (g_strcmp0 (member->name, name) != 0) {
    set_text (&member->name, name);
    subs_list_changed (self, member, now);
  }
}

SubsMember *
subs_list_put (SubsList *self, const char *key, const char *uri,
               const char *name, gboolean *is_new_out, gint64 now)
{
  SubsMember *member = g_hash_table_lookup (self->by_key, key);

  *is_new_out = member == NULL;
  if (member == NULL)
    member = add (self, key, uri, name, now);
  else if (member->is_listed)
    return NULL;
  else
    respell (self, member, uri, name, now);
  member->is_listed = TRUE;
  g_ptr_array_add (self->listed, member);
  return member;
}

static void
end_member (SubsList *self, SubsMember *member, gint64 now)
{
  if (member->is_changed)
    g_ptr_array_remove (self->changed, member);
  member->state = SUBS_MEMBER_ENDED;
  member->reason = SUBS_NORESOURCE;
  g_ptr_array_add (self->gone, member);
  touch (self, now);
}

void
subs_list_end (SubsList *self, SubsMemberFn gone, gpointer data, gint64 now)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&self->members);

  self->members = g_steal_pointer (&self->listed);
  g_clear_pointer (&self->by_key, g_hash_table_unref);
  for (guint i = 0; i < before->len; i++) {
    SubsMember *member = before->pdata[i];

    if (member->is_listed)
      continue;
    if (gone != NULL)
      gone (member, data);
    end_member (self, member, now);
  }
}

/* --- NOTIFYs --- */

static void
take_all (GPtrArray *from, GPtrArray *out)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (out, from->pdata[i]);
}

/* Who is gone is not in full state. */
static void
take_full (SubsList *self, GPtrArray *out)
{
  take_all (self->members, out);
  clear_all (self, self->gone);
}

static void
take_changes (SubsList *self, GPtrArray *out)
{
  take_all (self->changed, out);
  take_all (self->gone, out);
  take_all (self->gone, self->taken);
  g_ptr_array_set_size (self->gone, 0);
}

gboolean
subs_list_take (SubsList *self, GPtrArray *out)
{
  gboolean is_full
      = self->wants_full || (self->changed->len == 0 && self->gone->len == 0);

  clear_all (self, self->taken);
  if (is_full)
    take_full (self, out);
  else
    take_changes (self, out);
  for (guint i = 0; i < self->changed->len; i++)
    ((SubsMember *)self->changed->pdata[i])->is_changed = FALSE;
  g_ptr_array_set_size (self->changed, 0);
  self->wants_full = FALSE;
  self->due = 0;
  return is_full;
}

void
subs_list_pass (SubsList *self)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new ();

  subs_list_take (self, members);
  self->wants_full = TRUE;
}

void
subs_list_told (SubsList *self, gboolean is_told)
{
  clear_all (self, self->taken);
  if (!is_told)
    self->wants_full = TRUE;
}
