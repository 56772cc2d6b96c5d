/* SPDX-License-Identifier: ISC
 *
 * Questions by their id, which nobody can guess. */
#include "xmpp/queries.h"

#include "addr/xmpp.h"
#include "base/ids.h"
#include "codec/xml-text.h"

typedef struct {
  char *id, *to;
  gint64 deadline;
  XmppDoneFn done; /* both NULL: forgotten */
  XmppItemsFn items_fn;
  gpointer data;
} Query;

struct Queries {
  GHashTable *by_id; /* id -> Query */
  guint unsent;
};

static void
query_free (gpointer data)
{
  Query *query = data;

  g_free (query->id);
  g_free (query->to);
  g_free (query);
}

Queries *
queries_new (void)
{
  Queries *self = g_new0 (Queries, 1);

  self->by_id
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, query_free);
  return self;
}

void
queries_free (Queries *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_id);
  g_free (self);
}

static Query *
ask (Queries *self, GString *out, IqType type, const char *from, const char *to,
     const char *payload)
{
  Query *query = g_new0 (Query, 1);

  query->id = rc_token_new (100);
  query->to = g_strdup (to);
  g_hash_table_replace (self->by_id, query->id, query);
  if (out != NULL)
    stanza_put_iq (out, type, from, to, query->id, payload);
  else
    self->unsent++;
  return query;
}

void
queries_create (Queries *self, GString *out, const char *from, const char *room,
                gint64 deadline, XmppDoneFn done, gpointer data)
{
  Query *query
      = ask (self, out, IQ_SET, from, room,
             "<query xmlns=\"" NS_MUC_OWNER
             "\"><x xmlns=\"jabber:x:data\" type=\"submit\"/></query>");

  query->deadline = out != NULL ? deadline : 0;
  query->done = done;
  query->data = data;
}

void
queries_kick (Queries *self, GString *out, const char *from, const char *room,
              const char *nick, const char *reason, gint64 deadline,
              XmppDoneFn done, gpointer data)
{
  g_autoptr (GString) payload
      = g_string_new ("<query xmlns=\"" NS_MUC_ADMIN "\"><item");
  Query *query;

  xml_put_attribute (payload, "nick", nick);
  xml_put_attribute (payload, "role", "none");
  g_string_append_c (payload, '>');
  xml_put_leaf (payload, "reason", reason);
  g_string_append (payload, "</item></query>");
  query = ask (self, out, IQ_SET, from, room, payload->str);
  query->deadline = out != NULL ? deadline : 0;
  query->done = done;
  query->data = data;
}

void
queries_ping (Queries *self, GString *out, const char *from, const char *room,
              const char *nick, gint64 deadline, XmppDoneFn done, gpointer data)
{
  g_autofree char *occupant = g_strconcat (room, "/", nick, NULL);
  Query *query = ask (self, out, IQ_GET, from, occupant,
                      "<ping xmlns=\"" NS_PING "\"/>");

  query->deadline = out != NULL ? deadline : 0;
  query->done = done;
  query->data = data;
}

void
queries_rooms (Queries *self, GString *out, const char *from,
               const char *service, gint64 deadline, XmppItemsFn done,
               gpointer data)
{
  Query *query = ask (self, out, IQ_GET, from, service,
                      "<query xmlns=\"" NS_DISCO_ITEMS "\"/>");

  query->deadline = out != NULL ? deadline : 0;
  query->items_fn = done;
  query->data = data;
}

static void
items_clear (gpointer data)
{
  XmppItem *item = data;

  g_free ((char *)item->jid);
  g_free ((char *)item->name);
}

static GArray *
read_items (const xmlNode *query)
{
  GArray *items = g_array_new (FALSE, FALSE, sizeof (XmppItem));

  g_array_set_clear_func (items, items_clear);
  if (!node_is (query, NS_DISCO_ITEMS, "query"))
    return items;
  for (xmlNode *node = query->children;
       node != NULL && items->len < QUERIES_ITEMS_MAX; node = node->next) {
    g_autoptr (Jid) jid = NULL;
    g_autofree char *text = NULL;
    XmppItem item;

    if (!node_is (node, NS_DISCO_ITEMS, "item"))
      continue;
    text = node_attribute (node, "jid");
    if (text == NULL || !jid_parse (text, &jid, NULL))
      continue;
    item = (XmppItem){ jid_to_string (jid), node_attribute (node, "name") };
    g_array_append_val (items, item);
  }
  return items;
}

static void
finish (Query *query, const xmlNode *payload, XmppError error, const char *text)
{
  if (query->done != NULL)
    query->done (error, text, query->data);
  if (query->items_fn != NULL) {
    g_autoptr (GArray) items = read_items (payload);

    query->items_fn ((const XmppItem *)items->data, items->len, error,
                     query->data);
  }
  query_free (query);
}

gboolean
queries_answer (Queries *self, const XmppIq *iq)
{
  Query *query = g_hash_table_lookup (self->by_id, iq->id);

  if (query == NULL || !g_str_equal (query->to, iq->from))
    return FALSE;
  g_hash_table_steal (self->by_id, query->id);
  finish (query, iq->type == IQ_RESULT ? iq->payload : NULL,
          iq->type == IQ_RESULT ? XMPP_NO_ERROR : iq->error, iq->error_text);
  return TRUE;
}

static gboolean
find_expired (gpointer id, gpointer query, gpointer now)
{
  return ((Query *)query)->deadline <= *(gint64 *)now;
}

/* done may ask again, so one at a time; what it asks now has a later deadline,
 * or is found at the next call. */
void
queries_expire (Queries *self, gint64 now)
{
  Query *query;
  guint left = g_hash_table_size (self->by_id);

  self->unsent = 0;
  while (left-- > 0
         && (query = g_hash_table_find (self->by_id, find_expired, &now))
                != NULL) {
    g_hash_table_steal (self->by_id, query->id);
    finish (query, NULL, XMPP_REMOTE_SERVER_TIMEOUT, NULL);
  }
}

gboolean
queries_has_unsent (const Queries *self)
{
  return self->unsent > 0;
}

void
queries_forget (Queries *self, gpointer data)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Query *query = value;

    if (query->data == data) {
      query->done = NULL;
      query->items_fn = NULL;
    }
  }
}
