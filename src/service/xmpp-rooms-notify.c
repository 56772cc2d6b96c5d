/* SPDX-License-Identifier: ISC
 *
 * Dialogs of the event package "conference" with rooms (RFC 4575): going in by
 * SUBSCRIBE, and who is there as full and partial documents. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-rooms-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "codec/conference-info.h"
#include "service/asking.h"
#include "service/judge.h"
#include "service/packages.h"

#include <string.h>

/* --- SUBSCRIBE --- */

static gboolean
is_in_room (Service *self, const char *aor)
{
  return aor != NULL && strchr (aor, '@') != NULL
         && xmpp_has_rooms (self, aor_domain (aor));
}

gboolean
xmpp_rooms_is_asked (Service *self, const SubsDialog *dialog)
{
  return is_in_room (self, dialog->presentity);
}

char *
xmpp_rooms_address (Service *self, const SubsDialog *dialog)
{
  return xmpp_rooms_is_asked (self, dialog) ? rooms_address (dialog->presentity)
                                            : NULL;
}

ServiceVerdict
xmpp_rooms_check (Service *self, const SubscribeCommand *command,
                  const char *user, const char **text)
{
  const SubsDialog *dialog = &command->dialog;

  if (strcmp (dialog->package, CONFERENCE) != 0)
    return SERVICE_BAD_EVENT;
  if (!is_in_room (self, dialog->presentity))
    return SERVICE_NOT_FOUND;
  if (service_enabled_user (self, user) != NULL)
    return SERVICE_OK;
  *text = "Rooms are for the users of this server";
  return SERVICE_FORBIDDEN;
}

static void
refuse_asked (Asking *asking, RoomsReason reason, const char *said)
{
  Service *service = asking->service;
  g_autofree char *text = rooms_text (reason, said);

  if (service->sip != NULL)
    subscribe_answer_now (service, rooms_verdict (reason), text, asking->answer,
                          asking->data);
  service_leave (service);
  asking_free (asking);
}

static void
joined_cb (Xmpp *xmpp, Member *member, RoomsReason reason, const char *said,
           gpointer data)
{
  if (reason == ROOMS_NO_REASON)
    subscribe_asked (data);
  else
    refuse_asked (data, reason, said);
}

/* --- What is there? --- */

typedef struct {
  GList link; /* in fetching */
  Xmpp *xmpp;
  Asking *asking;
} Fetching;

static void
fetching_free (Fetching *self)
{
  g_queue_unlink (&self->xmpp->room_part->fetching, &self->link);
  g_free (self);
}

/* The name of a public room; NULL: it is none of them. */
static const char *
name_of (const XmppItem *items, guint n, const char *room)
{
  g_autofree char *jid = rooms_jid (room, NULL);

  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (items[i].jid, jid) == 0)
      return items[i].name != NULL ? items[i].name : "";
  return NULL;
}

/* One that is none of the public rooms may be there all the same. */
static void
fetched_cb (const XmppItem *items, guint n, XmppError error, gpointer data)
{
  Fetching *self = data;
  Asking *asking = self->asking;
  XmppRooms *rooms = self->xmpp->room_part;

  fetching_free (self);
  rooms->fetched = name_of (items, n, asking->stored->dialog.presentity);
  subscribe_asked (asking);
  rooms->fetched = NULL;
}

void
rooms_fetching_detach (Xmpp *xmpp)
{
  GQueue *fetching = &xmpp->room_part->fetching;

  while (fetching->head != NULL) {
    Fetching *self = fetching->head->data;

    xmpp->port->forget (xmpp->port->self, self);
    refuse_asked (self->asking, ROOMS_NO_LINK, NULL);
    fetching_free (self);
  }
}

/* Who is not in, and does not want in, is told what anybody may know of the
 * room (XEP-0045 6.3). */
static void
fetch (Service *self, const SubscribeRequest *request)
{
  Xmpp *xmpp = self->xmpp;
  const char *room = request->command->dialog.presentity;
  g_autofree char *from = rooms_jid_of_user (request->caller->user);
  g_autofree char *jid = rooms_jid (room, NULL);
  g_autofree char *place = jid != NULL ? jid_domain (jid) : NULL;
  Fetching *fetching;

  if (from == NULL || place == NULL || !xmpp_is_up (xmpp)
      || rooms_find (xmpp->room_part->rooms, room, request->caller->user)
             != NULL) {
    subscribe_outside (self, request);
    return;
  }
  fetching = g_new0 (Fetching, 1);
  fetching->link.data = fetching;
  fetching->xmpp = xmpp;
  fetching->asking = asking_new (self, request->caller, request->command,
                                 request->answer, request->data);
  g_queue_push_tail_link (&xmpp->room_part->fetching, &fetching->link);
  xmpp->port->rooms (xmpp->port->self, from, place, fetched_cb, fetching);
}

/* What is refused anyway lets nobody in. */
void
xmpp_rooms_subscribe (Service *self, const SubscribeRequest *request)
{
  const SubscribeCommand *command = request->command;
  gboolean is_brief
      = command->expires > 0
        && command->expires < (gint64)self->limits.subs.min_expires;

  if (is_brief || subscribe_repeated (self, request) != NULL) {
    subscribe_outside (self, request);
    return;
  }
  if (command->expires == 0) {
    fetch (self, request);
    return;
  }
  rooms_want (self->xmpp, service_user (self, request->caller->user)->aor,
              command->dialog.presentity, command->password, joined_cb,
              asking_new (self, request->caller, command, request->answer,
                          request->data));
}

/* --- Dialogs --- */

typedef struct {
  const char *room;
  const Sub *but;
  GPtrArray *found; /* Sub */
} Finding;

static void
find_cb (Sub *sub, gpointer data)
{
  Finding *finding = data;
  const SubsDialog *dialog = sub_dialog (sub);

  if (sub != finding->but && strcmp (dialog->package, CONFERENCE) == 0
      && aor_equal (dialog->presentity, finding->room))
    g_ptr_array_add (finding->found, sub_ref (sub));
}

static GPtrArray *
dialogs_of (Service *service, const char *room, const char *user,
            const Sub *but)
{
  Finding finding = { room, but, NULL };

  finding.found = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);
  subs_foreach_watched (service->subs, user, find_cb, &finding);
  return finding.found;
}

gboolean
rooms_has_dialog (Xmpp *xmpp, const char *room, const char *user,
                  const Sub *but)
{
  g_autoptr (GPtrArray) subs = dialogs_of (xmpp->service, room, user, but);

  return subs->len > 0;
}

void
rooms_end_dialogs (Xmpp *xmpp, const char *room, const char *user,
                   SubsReason reason)
{
  Service *service = xmpp->service;
  g_autoptr (GPtrArray) subs = dialogs_of (service, room, user, NULL);
  GArray *actions = subs_actions_new ();

  for (guint i = 0; i < subs->len; i++)
    subs_decide (service->subs, subs->pdata[i], SUBS_TERMINATED, reason,
                 service_now (service), actions);
  service_act (service, actions);
}

/* Who subscribed is in as long as one of his dialogs lives; one that is to be
 * made anew (deactivated) counts. */
void
xmpp_rooms_watcher_changed (Service *self, const SubsAction *action)
{
  const SubsDialog *dialog = sub_dialog (action->sub);
  Rooms *rooms = self->xmpp->room_part->rooms;
  Member *member;
  GArray *actions;

  if (action->state != SUBS_TERMINATED || action->reason == SUBS_DEACTIVATED
      || strcmp (dialog->package, CONFERENCE) != 0)
    return;
  member = rooms_find (rooms, dialog->presentity, dialog->watcher);
  if (member == NULL || !member_is_settled (member)
      || rooms_has_dialog (self->xmpp, dialog->presentity, dialog->watcher,
                           action->sub))
    return;
  actions = rooms_actions_new ();
  rooms_leave (rooms, member, service_now (self), actions);
  rooms_carry_out (self->xmpp, actions);
}

void
xmpp_rooms_forget (Service *self, Sub *sub)
{
  g_hash_table_remove (self->xmpp->room_part->told, sub);
}

/* --- The users --- */

typedef struct {
  Xmpp *xmpp;
  Room *room;
  const char *watcher;
  GHashTable *ours; /* nick -> Member */
  GString *out;
} Writing;

static void
our_nick_cb (Member *member, gpointer data)
{
  if (member_state (member) == MEMBER_IN)
    g_hash_table_insert (data, (gpointer)member_nick (member), member);
}

/* What is seen of somebody: of XMPP what all share, of ours what he does. */
static ConferenceState
state_of (const Writing *self, const CrowdOccupant *occupant)
{
  static const ConferenceState states[] = {
    [CROWD_AVAILABLE] = CONFERENCE_CONNECTED,
    [CROWD_CHAT] = CONFERENCE_CONNECTED,
    [CROWD_AWAY] = CONFERENCE_AWAY,
    [CROWD_XA] = CONFERENCE_AWAY,
    [CROWD_DND] = CONFERENCE_BUSY,
  };
  Service *service = self->xmpp->service;
  const Member *member = g_hash_table_lookup (self->ours, occupant->nick);
  gboolean is_shared = member != NULL ? judge_shares (service, self->watcher,
                                                      member_user (member))
                                      : service->settings.share_availability;

  return is_shared ? states[occupant->show] : CONFERENCE_UNKNOWN;
}

static void
put_cb (const CrowdOccupant *occupant, gboolean is_gone, gpointer data)
{
  Writing *self = data;
  g_autofree char *jid = rooms_jid (room_address (self->room), occupant->nick);
  g_autofree char *uri = NULL;

  if (jid == NULL || !jid_to_uri (jid, &uri, NULL))
    return;
  conference_put_user (
      self->out,
      &(ConferenceUser){ .entity = uri,
                         .nick = occupant->nick,
                         .role = occupant->role,
                         .state = is_gone ? CONFERENCE_GONE
                                          : state_of (self, occupant) });
}

static void
write_users (Xmpp *xmpp, Room *room, const char *watcher, guint64 from,
             GString *out)
{
  Writing writing = { .xmpp = xmpp, .room = room, .watcher = watcher };

  writing.out = out;
  writing.ours = g_hash_table_new (g_str_hash, g_str_equal);
  room_foreach (room, our_nick_cb, writing.ours);
  crowd_foreach_since (room_crowd (room), from, put_cb, &writing);
  g_hash_table_unref (writing.ours);
}

/* Does he see himself otherwise than others see him? */
static gboolean
is_hidden (Service *service, const char *watcher)
{
  return !judge_shares (service, "", watcher);
}

/* What many are told alike is written once.  Borrowed until the next call. */
static const GString *
users_since (Xmpp *xmpp, Room *room, const char *watcher, guint64 from)
{
  XmppRooms *self = xmpp->room_part;
  guint64 to = crowd_serial (room_crowd (room));
  gboolean is_common = !is_hidden (xmpp->service, watcher);

  if (is_common && self->users.room != NULL && self->users.from == from
      && self->users.to == to && self->users.epoch == self->epoch
      && strcmp (self->users.room, room_address (room)) == 0)
    return self->users.text;
  g_string_truncate (self->users.text, 0);
  write_users (xmpp, room, watcher, from, self->users.text);
  g_free (self->users.room);
  self->users.room = is_common ? g_strdup (room_address (room)) : NULL;
  self->users.from = from;
  self->users.to = to;
  self->users.epoch = self->epoch;
  return self->users.text;
}

/* --- The document --- */

static RoomsTold *
told_of (XmppRooms *self, Sub *sub)
{
  RoomsTold *told = g_hash_table_lookup (self->told, sub);

  if (told == NULL) {
    told = g_new0 (RoomsTold, 1);
    g_hash_table_insert (self->told, sub, told);
  }
  return told;
}

/* From which change on it is told; 0: everything. */
static guint64
told_up_to (const XmppRooms *self, const RoomsTold *told, Sub *sub,
            const Crowd *crowd)
{
  if (told->cseq != sub_remote_cseq (sub) || told->epoch != self->epoch
      || !crowd_reaches (crowd, told->serial)
      || crowd_count_since (crowd, told->serial) >= crowd_size (crowd))
    return 0;
  return told->serial;
}

/* The room as somebody sees it who is not in: that there is one to go to. */
static GBytes *
document_outside (const XmppRooms *self, const char *entity, guint32 version)
{
  const char *name = self->fetched;
  const ConferenceHead head
      = { .version = version,
          .is_full = TRUE,
          .entity = entity,
          .display = name != NULL && *name != '\0' ? name : NULL,
          .is_active = name != NULL };

  return conference_write (&head, NULL);
}

static GBytes *
document_inside (Xmpp *xmpp, Sub *sub, Room *room, const char *entity)
{
  XmppRooms *self = xmpp->room_part;
  const Crowd *crowd = room_crowd (room);
  RoomsTold *told = told_of (self, sub);
  guint64 from = told_up_to (self, told, sub, crowd);
  const GString *users
      = users_since (xmpp, room, sub_dialog (sub)->watcher, from);
  const ConferenceHead head
      = { .version = sub_next_version (sub),
          .is_full = from == 0,
          .entity = entity,
          .has_subject = crowd_subject_serial (crowd) > from,
          .subject = crowd_subject (crowd),
          .is_active = room_is_known (room),
          .has_count = room_is_known (room),
          .n_users = crowd_size (crowd) };

  told->cseq = sub_remote_cseq (sub);
  told->sent = crowd_serial (crowd);
  told->sent_epoch = self->epoch;
  told->sent_active = room_is_known (room);
  return conference_write (&head, users);
}

GBytes *
xmpp_rooms_document (Service *service, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  Rooms *rooms = service->xmpp->room_part->rooms;
  Member *member = rooms_find (rooms, dialog->presentity, dialog->watcher);
  g_autofree char *entity = aor_to_uri (dialog->presentity);

  if (member == NULL || !member_is_settled (member))
    return document_outside (service->xmpp->room_part, entity,
                             sub_next_version (sub));
  return document_inside (service->xmpp, sub,
                          rooms_find_room (rooms, dialog->presentity), entity);
}

/* What was not taken is said again, as full state. */
void
xmpp_rooms_notified (Service *service, Sub *sub, gboolean is_ok)
{
  RoomsTold *told = g_hash_table_lookup (service->xmpp->room_part->told, sub);

  if (told == NULL)
    return;
  if (is_ok) {
    told->serial = told->sent;
    told->epoch = told->sent_epoch;
    told->is_active = told->sent_active;
  } else {
    told->cseq = sub_remote_cseq (sub) - 1;
  }
}

/* --- What changed --- */

typedef struct {
  XmppRooms *self;
  Room *room;
} Telling;

/* Has it something to hear that is not on its way? */
static gboolean
wants_cb (Sub *sub, gpointer data)
{
  const Telling *telling = data;
  const RoomsTold *told = g_hash_table_lookup (telling->self->told, sub);

  return told == NULL || told->sent != crowd_serial (room_crowd (telling->room))
         || told->sent_epoch != telling->self->epoch
         || told->sent_active != room_is_known (telling->room);
}

static void
tell (Xmpp *xmpp, const char *address)
{
  Service *service = xmpp->service;
  Telling telling
      = { xmpp->room_part, rooms_find_room (xmpp->room_part->rooms, address) };
  GArray *actions;

  if (telling.room == NULL)
    return;
  actions = subs_actions_new ();
  subs_changed_for (service->subs, address, g_intern_static_string (CONFERENCE),
                    wants_cb, &telling, service_now (service), actions);
  service_act (service, actions);
}

void
rooms_notify_changed (Xmpp *xmpp)
{
  XmppRooms *self = xmpp->room_part;
  g_autoptr (GHashTable) changed = g_steal_pointer (&self->changed);
  GHashTableIter iter;
  gpointer address;

  self->changed = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, &address, NULL))
    tell (xmpp, address);
}
