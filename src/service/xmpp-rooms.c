/* SPDX-License-Identifier: ISC
 *
 * Text conferences: carries out what rooms/ decides, and tells it what happens
 * to links, devices and users. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-rooms-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"

#include <string.h>

/* Who waits until one user is in a room, at most. */
#define WAITS_MAX 20
#define SECOND ((gint64)G_USEC_PER_SEC)

/* --- Addresses --- */

char *
rooms_jid_of_user (const char *user)
{
  char *jid = NULL;

  return jid_from_aor (user, ROOMS_RESOURCE, &jid, NULL) ? jid : NULL;
}

char *
rooms_jid (const char *room, const char *nick)
{
  char *jid = NULL;

  return jid_from_aor (room, nick, &jid, NULL) ? jid : NULL;
}

char *
rooms_address (const char *aor)
{
  g_autofree char *jid = NULL;
  char *address = NULL;

  if (aor == NULL || strchr (aor, '@') == NULL
      || !jid_from_aor (aor, NULL, &jid, NULL)
      || !jid_to_aor (jid, &address, NULL))
    return NULL;
  return address;
}

/* --- Reasons --- */

ServiceVerdict
rooms_verdict (RoomsReason reason)
{
  static const ServiceVerdict verdicts[ROOMS_N_REASONS] = {
    [ROOMS_NO_REASON] = SERVICE_OK,
    [ROOMS_LEFT] = SERVICE_UNAVAILABLE,
    [ROOMS_KICKED] = SERVICE_FORBIDDEN,
    [ROOMS_BANNED] = SERVICE_FORBIDDEN,
    /* RFC 7247 has 407 and 401 for these two, which would have devices ask for
     * the password of the account. */
    [ROOMS_MEMBERS_ONLY] = SERVICE_FORBIDDEN,
    [ROOMS_PASSWORD] = SERVICE_FORBIDDEN,
    [ROOMS_CLOSED] = SERVICE_NOT_FOUND,
    [ROOMS_NICK] = SERVICE_BAD_REQUEST,
    [ROOMS_NO_NICK] = SERVICE_NOT_ACCEPTABLE,
    [ROOMS_NO_ROOM] = SERVICE_NOT_FOUND,
    [ROOMS_FULL] = SERVICE_UNAVAILABLE,
    [ROOMS_UNREACHABLE] = SERVICE_UNAVAILABLE,
    [ROOMS_FAILED] = SERVICE_UNAVAILABLE,
    [ROOMS_SILENT] = SERVICE_UNAVAILABLE,
    [ROOMS_NO_LINK] = SERVICE_BUSY,
  };

  return verdicts[reason];
}

char *
rooms_text (RoomsReason reason, const char *said)
{
  const char *text = rooms_reason_text (reason);

  return said != NULL && *said != '\0' ? g_strdup_printf ("%s (%s)", text, said)
                                       : g_strdup (text);
}

/* --- Who waits to be in --- */

typedef struct {
  RoomJoinedFn fn;
  gpointer data;
} Wait;

static void
waits_end (Xmpp *xmpp, Member *member, RoomsReason reason)
{
  XmppRooms *self = xmpp->room_part;
  gpointer found;
  g_autoptr (GArray) waits = NULL;
  g_autofree char *said = g_strdup (self->said);

  if (!g_hash_table_steal_extended (self->waits, member, NULL, &found))
    return;
  waits = found;
  for (guint i = 0; i < waits->len; i++) {
    const Wait *wait = &g_array_index (waits, Wait, i);

    wait->fn (xmpp, member, reason, said, wait->data);
  }
}

static gboolean
wait_for (XmppRooms *self, Member *member, RoomJoinedFn fn, gpointer data)
{
  GArray *waits = g_hash_table_lookup (self->waits, member);
  const Wait wait = { fn, data };

  if (waits == NULL) {
    waits = g_array_new (FALSE, FALSE, sizeof (Wait));
    g_hash_table_insert (self->waits, member, waits);
  }
  if (waits->len >= WAITS_MAX)
    return FALSE;
  g_array_append_val (waits, wait);
  return TRUE;
}

/* What his administrator, or else his address, calls him. */
static char *
nick_of (Service *service, const char *aor)
{
  const StoreUser *user = service_user (service, aor);
  g_autofree char *name = aor_user (aor);
  char *nick = user != NULL && user->display_name != NULL
                   ? jid_prepare_resource (user->display_name)
                   : NULL;

  if (nick == NULL)
    nick = jid_prepare_resource (name);
  return nick != NULL ? nick : g_strdup ("somebody");
}

void
rooms_want (Xmpp *xmpp, const char *user, const char *room,
            const char *password, RoomJoinedFn fn, gpointer data)
{
  XmppRooms *self = xmpp->room_part;
  Member *member = rooms_find (self->rooms, room, user);
  g_autofree char *nick = nick_of (xmpp->service, user);
  GArray *actions;
  RoomsVerdict verdict;

  if (member != NULL && member_is_settled (member)) {
    fn (xmpp, member, ROOMS_NO_REASON, NULL, data);
    return;
  }
  if (!xmpp_is_up (xmpp)) {
    fn (xmpp, NULL, ROOMS_NO_LINK, NULL, data);
    return;
  }
  actions = rooms_actions_new ();
  verdict = rooms_join (self->rooms, room, user, nick, password,
                        service_now (xmpp->service), &member, actions);
  if (verdict == ROOMS_TOO_MANY)
    fn (xmpp, NULL, ROOMS_FAILED, "You are in as many rooms as are allowed",
        data);
  else if (!wait_for (self, member, fn, data))
    fn (xmpp, NULL, ROOMS_FAILED, "Too many requests wait for this room", data);
  rooms_carry_out (xmpp, actions);
}

void
rooms_want_in (Xmpp *xmpp, const char *user, const char *room,
               const char *password, RoomJoinedFn fn, gpointer data)
{
  XmppRooms *self = xmpp->room_part;
  Member *member = rooms_find (self->rooms, room, user);

  GArray *actions;

  if (member == NULL || !member_is_settled (member)
      || member_state (member) == MEMBER_IN) {
    rooms_want (xmpp, user, room, password, fn, data);
    return;
  }
  if (!xmpp_is_up (xmpp)) {
    fn (xmpp, NULL, ROOMS_NO_LINK, NULL, data);
    return;
  }
  actions = rooms_actions_new ();
  if (wait_for (self, member, fn, data))
    rooms_hurry (self->rooms, member, service_now (xmpp->service), actions);
  else
    fn (xmpp, NULL, ROOMS_FAILED, NULL, data);
  rooms_carry_out (xmpp, actions);
}

/* --- Actions --- */

static gboolean
send_presence (Xmpp *xmpp, const Member *member, const char *nick,
               XmppPresenceType type, const XmppJoin *join)
{
  g_autofree char *from = rooms_jid_of_user (member_user (member));
  g_autofree char *to = rooms_jid (member_room (member), nick);
  const XmppPresence presence
      = { .from = from, .to = to, .type = type, .join = join };

  return from != NULL && to != NULL && xmpp_send_presence (xmpp, &presence);
}

/* What he missed while the link was down is wanted; what was said before this
 * server started he may have. */
static void
act_join (Xmpp *xmpp, const RoomsAction *action, GArray *actions)
{
  XmppRooms *self = xmpp->room_part;
  Member *member = action->member;
  XmppJoin join = { .password = member_password (member),
                    .history = (int)xmpp->service->limits.room_history };

  if (action->is_again && member_heard (member) == 0)
    join.history = 0;
  if (!send_presence (xmpp, member, member_nick (member), XMPP_AVAILABLE,
                      &join))
    rooms_refused (self->rooms, member, ROOMS_NO_LINK,
                   service_now (xmpp->service), actions);
}

static void
act_rename (Xmpp *xmpp, const RoomsAction *action, GArray *actions)
{
  Member *member = action->member;

  if (!send_presence (xmpp, member, member_wish (member), XMPP_AVAILABLE, NULL))
    rooms_refused (xmpp->room_part->rooms, member, ROOMS_NO_LINK,
                   service_now (xmpp->service), actions);
}

/* The rows of a room and its dialogs go by one connection, in their order. */
static void
act_write (Xmpp *xmpp, const RoomsAction *action)
{
  StorePort *store = xmpp->service->store;
  const Member *member = action->member;
  StoreWrite write
      = { .kind = action->kind == ROOMS_ACT_STORE ? STORE_PUT_MEMBER
                                                  : STORE_DROP_MEMBER };

  write.member
      = store_member_new (member_room (member), member_user (member),
                          member_nick (member), member_password (member));
  store->submit (store->self, member_room (member), &write, 1, TRUE, NULL,
                 NULL);
}

static SubsReason
subs_reason_of (RoomsReason reason)
{
  switch (reason) {
  case ROOMS_KICKED:
  case ROOMS_BANNED:
  case ROOMS_MEMBERS_ONLY:
  case ROOMS_PASSWORD:
    return SUBS_REJECTED;
  default:
    return SUBS_NORESOURCE;
  }
}

static void
act_ended (Xmpp *xmpp, const RoomsAction *action)
{
  const Member *member = action->member;

  g_message ("%s is no more in %s: %s", member_user (member),
             member_room (member), rooms_reason_text (action->reason));
  if (action->reason != ROOMS_LEFT) {
    g_autofree char *text = rooms_text (action->reason, xmpp->room_part->said);

    rooms_answer (xmpp, member_room (member), member_user (member), text);
  }
  rooms_end_dialogs (xmpp, member_room (member), member_user (member),
                     subs_reason_of (action->reason));
}

static void
act_renamed (Xmpp *xmpp, const RoomsAction *action)
{
  g_autofree char *text = g_strdup_printf ("You are %s in this room now",
                                           member_nick (action->member));

  rooms_answer (xmpp, member_room (action->member),
                member_user (action->member), text);
}

static void
act_nick_refused (Xmpp *xmpp, const RoomsAction *action)
{
  const Member *member = action->member;
  g_autofree char *text = NULL;

  if (member_wish (member) == NULL)
    return;
  text = g_strdup_printf ("You are still %s: %s", member_nick (member),
                          rooms_reason_text (action->reason));
  rooms_answer (xmpp, member_room (member), member_user (member), text);
}

static void
act_show (Xmpp *xmpp, const char *room)
{
  XmppRooms *self = xmpp->room_part;

  if (g_hash_table_size (self->changed) == 0)
    self->tell_at = service_now (xmpp->service)
                    + xmpp->service->limits.room_delay * (SECOND / 1000);
  g_hash_table_add (self->changed, g_strdup (room));
}

static void
carry_out (Xmpp *xmpp, const RoomsAction *action, GArray *actions)
{
  Member *member = action->member;

  switch (action->kind) {
  case ROOMS_ACT_JOIN:
    act_join (xmpp, action, actions);
    break;
  case ROOMS_ACT_LEAVE:
    send_presence (xmpp, member, member_nick (member), XMPP_UNAVAILABLE, NULL);
    break;
  case ROOMS_ACT_RENAME:
    act_rename (xmpp, action, actions);
    break;
  case ROOMS_ACT_PING:
    rooms_ping (xmpp, member);
    break;
  case ROOMS_ACT_STORE:
  case ROOMS_ACT_ERASE:
    act_write (xmpp, action);
    break;
  case ROOMS_ACT_IN:
    waits_end (xmpp, member, ROOMS_NO_REASON);
    act_show (xmpp, member_room (member));
    break;
  case ROOMS_ACT_REFUSED:
    waits_end (xmpp, member, action->reason);
    break;
  case ROOMS_ACT_ENDED:
    waits_end (xmpp, member, action->reason);
    act_ended (xmpp, action);
    break;
  case ROOMS_ACT_AWAY:
    if (!action->is_again)
      member_set_heard (member, clock_wall (xmpp->service->clock));
    waits_end (xmpp, member, action->reason);
    act_show (xmpp, member_room (member));
    break;
  case ROOMS_ACT_RENAMED:
    act_renamed (xmpp, action);
    break;
  case ROOMS_ACT_NICK_REFUSED:
    act_nick_refused (xmpp, action);
    break;
  case ROOMS_ACT_SHOW:
    act_show (xmpp, member_room (member));
    break;
  case ROOMS_ACT_FREE:
    waits_end (xmpp, member, ROOMS_FAILED);
    member_unref (member);
    break;
  }
}

/* What is carried out may append more. */
void
rooms_carry_out (Xmpp *xmpp, GArray *actions)
{
  for (guint i = 0; i < actions->len; i++) {
    RoomsAction action = g_array_index (actions, RoomsAction, i);

    carry_out (xmpp, &action, actions);
  }
  g_array_unref (actions);
}

/* --- What happens --- */

void
xmpp_rooms_link (Xmpp *xmpp, gboolean is_up)
{
  GArray *actions = rooms_actions_new ();

  rooms_link (xmpp->room_part->rooms, is_up, service_now (xmpp->service),
              actions);
  rooms_carry_out (xmpp, actions);
}

void
xmpp_rooms_has_room (Xmpp *xmpp)
{
}

void
xmpp_rooms_advance (Xmpp *xmpp)
{
  XmppRooms *self = xmpp->room_part;
  gint64 now = service_now (xmpp->service);
  GArray *actions = rooms_actions_new ();

  rooms_advance (self->rooms, now, actions);
  rooms_carry_out (xmpp, actions);
  rooms_sent_advance (self);
  if (g_hash_table_size (self->changed) > 0 && now >= self->tell_at)
    rooms_notify_changed (xmpp);
  *self->size_cell = rooms_size (self->rooms);
}

void
xmpp_rooms_member_cb (StoreMember *row, gpointer data)
{
  Service *service = data;

  if (row->room != NULL && row->member != NULL && row->nick != NULL)
    rooms_restore (service->xmpp->room_part->rooms, row->room, row->member,
                   row->nick, row->password, service_now (service));
  store_member_free (row);
}

static void
collect_cb (Member *member, gpointer data)
{
  g_ptr_array_add (data, member_ref (member));
}

static void
collect_room_cb (Room *room, gpointer data)
{
  room_foreach (room, collect_cb, data);
}

static GPtrArray *
members_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)member_unref);
}

static void
collect_dialog_cb (Sub *sub, gpointer data)
{
  if (strcmp (sub_dialog (sub)->package, CONFERENCE) == 0)
    g_ptr_array_add (data, sub_ref (sub));
}

/* Dialogs of who is in no room any more. */
static void
end_orphans (Service *service)
{
  g_autoptr (GPtrArray) subs
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);

  subs_foreach_all (service->subs, collect_dialog_cb, subs);
  for (guint i = 0; i < subs->len; i++) {
    const SubsDialog *dialog = sub_dialog (subs->pdata[i]);
    g_autofree char *room = g_strdup (dialog->presentity);
    g_autofree char *user = g_strdup (dialog->watcher);

    if (rooms_find (service->xmpp->room_part->rooms, room, user) == NULL)
      rooms_end_dialogs (service->xmpp, room, user, SUBS_NORESOURCE);
  }
}

void
xmpp_rooms_loaded (Service *service)
{
  XmppRooms *self = service->xmpp->room_part;
  g_autoptr (GPtrArray) members = members_new ();

  rooms_foreach (self->rooms, collect_room_cb, members);
  for (guint i = 0; i < members->len; i++) {
    const Member *member = members->pdata[i];
    const char *user = member_user (member);

    if (!reg_is_online (service->reg, user)
        && !rooms_has_dialog (service->xmpp, member_room (member), user, NULL))
      rooms_absent (self->rooms, user, service_now (service));
  }
  end_orphans (service);
}

void
xmpp_rooms_bindings_changed (Service *service, const GPtrArray *changes)
{
  Rooms *rooms = service->xmpp->room_part->rooms;

  for (guint i = 0; rooms_size (rooms) > 0 && i < changes->len; i++) {
    const RegChange *change = changes->pdata[i];
    const char *aor = change->binding->aor;

    if (reg_is_online (service->reg, aor))
      rooms_present (rooms, aor);
    else if (change->kind == REG_DROP)
      rooms_absent (rooms, aor, service_now (service));
  }
}

void
xmpp_rooms_user_gone (Service *service, const char *aor)
{
  Xmpp *xmpp = service->xmpp;
  g_autoptr (GPtrArray) members = members_new ();
  GArray *actions = rooms_actions_new ();

  rooms_foreach_of_user (xmpp->room_part->rooms, aor, collect_cb, members);
  for (guint i = 0; i < members->len; i++)
    rooms_leave (xmpp->room_part->rooms, members->pdata[i],
                 service_now (service), actions);
  rooms_carry_out (xmpp, actions);
}

static void
changed_cb (Room *room, gpointer data)
{
  act_show (data, room_address (room));
}

void
xmpp_rooms_sharing_changed (Service *service)
{
  XmppRooms *self = service->xmpp->room_part;

  self->epoch++;
  rooms_foreach (self->rooms, changed_cb, service->xmpp);
}

void
xmpp_rooms_limits_changed (Service *service)
{
  rooms_set_limits (service->xmpp->room_part->rooms, &service->limits.rooms);
}

guint
xmpp_rooms_size (Service *service)
{
  return rooms_size (service->xmpp->room_part->rooms);
}

/* --- Life --- */

XmppRooms *
xmpp_rooms_new (Xmpp *xmpp)
{
  XmppRooms *self = g_new0 (XmppRooms, 1);
  Service *service = xmpp->service;

  self->xmpp = xmpp;
  self->rooms = rooms_new (&service->limits.rooms, service_now (service));
  self->waits
      = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
  self->told = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->changed = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  self->users.text = g_string_new (NULL);
  self->size_cell = counters_cell (service->counters, "room_members");
  self->in_cell
      = counters_cell (service->counters, "room_messages_received_total");
  self->out_cell
      = counters_cell (service->counters, "room_messages_sent_total");
  return self;
}

static void
end_waits (Xmpp *xmpp, RoomsReason reason)
{
  g_autoptr (GPtrArray) members = members_new ();

  rooms_foreach (xmpp->room_part->rooms, collect_room_cb, members);
  for (guint i = 0; i < members->len; i++)
    waits_end (xmpp, members->pdata[i], reason);
}

void
xmpp_rooms_give_up (Service *service)
{
  end_waits (service->xmpp, ROOMS_SILENT);
  if (service->xmpp->port != NULL)
    rooms_sayings_detach (service->xmpp);
}

/* Whoever waits is told that there are no rooms. */
void
xmpp_rooms_detach (Xmpp *xmpp)
{
  rooms_queries_detach (xmpp);
  rooms_fetching_detach (xmpp);
  rooms_kicking_detach (xmpp);
  end_waits (xmpp, ROOMS_NO_LINK);
  rooms_sayings_detach (xmpp);
  xmpp_rooms_link (xmpp, FALSE);
}

void
xmpp_rooms_free (XmppRooms *self)
{
  while (self->sent.head != NULL)
    rooms_sent_free (self, self->sent.head->data);
  rooms_inviting_free (self);
  g_hash_table_unref (self->waits);
  g_hash_table_unref (self->told);
  g_hash_table_unref (self->changed);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->speaker);
  g_free (self->head);
  g_free (self->users.room);
  g_string_free (self->users.text, TRUE);
  rooms_free (self->rooms);
  g_free (self);
}
