/* SPDX-License-Identifier: ISC
 *
 * Contacts of the store in memory: the URIs are in the policies, as other rooms
 * put them there; names and groups are here. */
#include "addr/aor.h"
#include "addr/contact.h"
#include "store/mem-priv.h"
#include "store/reasons.h"

#include <string.h>

struct MemContacts {
  StoreMem *store;
  GHashTable *lists; /* owner -> MemLists */
};

static StorePolicy *
policy_of (MemContacts *self, const char *owner)
{
  StorePolicy *policy = g_hash_table_lookup (self->store->policies, owner);

  if (policy == NULL) {
    policy = store_policy_new (owner);
    g_hash_table_replace (self->store->policies, policy->aor, policy);
  }
  return policy;
}

static const XcapContact *
find_contact (const GPtrArray *contacts, const char *key)
{
  for (guint i = 0; i < contacts->len; i++) {
    const XcapContact *contact = contacts->pdata[i];

    if (strcmp (contact->key, key) == 0)
      return contact;
  }
  return NULL;
}

/* The policy has the URIs: an administrator may have changed them. */
static void
reconcile (MemLists *self, const StorePolicy *policy)
{
  GPtrArray *now = g_ptr_array_new_with_free_func (xcap_contact_free);
  gboolean is_new = policy->contacts->len != self->contacts->len;

  for (guint i = 0; i < policy->contacts->len; i++) {
    XcapContact *contact
        = xcap_contact_new (policy->contacts->pdata[i], NULL, NULL);
    const XcapContact *old = find_contact (self->contacts, contact->key);

    is_new = is_new || old == NULL;
    if (old != NULL) {
      xcap_contact_free (contact);
      contact = xcap_contact_new (old->uri, old->display_name, old->group);
    }
    g_ptr_array_add (now, contact);
  }
  if (is_new) {
    self->revision++;
    self->is_same = FALSE;
    g_ptr_array_unref (self->contacts);
    self->contacts = now;
  } else {
    g_ptr_array_unref (now);
  }
}

static void
lists_free (gpointer data)
{
  g_ptr_array_unref (((MemLists *)data)->contacts);
  g_free (data);
}

MemLists *
mem_contacts_of (MemContacts *self, const char *owner)
{
  MemLists *lists = g_hash_table_lookup (self->lists, owner);

  if (lists == NULL) {
    lists = g_new0 (MemLists, 1);
    lists->contacts = g_ptr_array_new_with_free_func (xcap_contact_free);
    g_hash_table_insert (self->lists, g_strdup (owner), lists);
  }
  reconcile (lists, policy_of (self, owner));
  return lists;
}

static gboolean
is_own_domain (MemContacts *self, const char *domain)
{
  GHashTableIter iter;
  gpointer aor;

  g_hash_table_iter_init (&iter, self->store->users);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    if (strcmp (aor_domain (aor), domain) == 0)
      return TRUE;
  return FALSE;
}

/* As rollcall.judge_contact; NULL: it may come in. */
static const char *
judge (MemContacts *self, const char *owner, const XcapContact *contact,
       gint room)
{
  gint most = self->store->settings.max_contacts;
  g_autofree char *canonical = contact_canonical (contact->uri);
  g_autofree char *target = canonical != NULL ? contact_aor (canonical) : NULL;
  gboolean is_user
      = target != NULL && g_hash_table_contains (self->store->users, target);

  if (canonical == NULL)
    return "invalid";
  if (target != NULL && !is_user && is_own_domain (self, aor_domain (target)))
    return "no_such_user";
  if (most == POLICY_NO_LIMIT)
    return NULL;
  if (room <= 0)
    return "limit";
  return is_user && !aor_equal (target, owner)
                 && policy_of (self, target)->contacts->len >= (guint)most
             ? "target_full"
             : NULL;
}

GPtrArray *
mem_contacts_let_in (MemContacts *self, const char *owner,
                     const GPtrArray *sent, GPtrArray *left_out,
                     char **text_out)
{
  const MemLists *lists = mem_contacts_of (self, owner);
  GPtrArray *out = g_ptr_array_new_with_free_func (xcap_contact_free);
  gint room = self->store->settings.max_contacts;

  for (guint i = 0; i < sent->len; i++)
    if (find_contact (lists->contacts, ((XcapContact *)sent->pdata[i])->key))
      room--;
  for (guint i = 0; i < sent->len; i++) {
    const XcapContact *contact = sent->pdata[i];
    gboolean is_old = find_contact (lists->contacts, contact->key) != NULL;
    const char *why = is_old ? NULL : judge (self, owner, contact, room);

    if (why != NULL) {
      if (left_out->len == 0)
        *text_out = reason_sentence (why, contact->uri);
      g_ptr_array_add (left_out, g_strdup (contact->uri));
      continue;
    }
    room -= !is_old;
    g_ptr_array_add (out, xcap_contact_new (contact->uri, contact->display_name,
                                            contact->group));
  }
  return out;
}

void
mem_contacts_set (MemContacts *self, const char *owner, GPtrArray *contacts)
{
  MemLists *lists = mem_contacts_of (self, owner);
  StorePolicy *policy = policy_of (self, owner);

  g_ptr_array_set_size (policy->contacts, 0);
  for (guint i = 0; i < contacts->len; i++)
    g_ptr_array_add (policy->contacts,
                     g_strdup (((XcapContact *)contacts->pdata[i])->uri));
  g_ptr_array_unref (lists->contacts);
  lists->contacts = contacts;
  lists->revision++;
}

void
mem_contacts_drop (MemContacts *self, const char *owner)
{
  g_hash_table_remove (self->lists, owner);
}

MemContacts *
mem_contacts_new (StoreMem *store)
{
  MemContacts *self = g_new0 (MemContacts, 1);

  self->store = store;
  self->lists = g_hash_table_new_full (aor_hash, aor_equal, g_free, lists_free);
  return self;
}

void
mem_contacts_free (MemContacts *self)
{
  g_hash_table_unref (self->lists);
  g_free (self);
}
