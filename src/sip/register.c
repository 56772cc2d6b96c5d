/* SPDX-License-Identifier: ISC
 *
 * REGISTER: its Contacts, Path and outbound parameters to service/, and the
 * bindings back (RFC 3261 10.3, RFC 3327 5.3, RFC 5626 6, RFC 5627 5). */
#include "sip/request.h"

#include "addr/aor.h"

#include <string.h>

/* More Contacts than any device has. */
#define CONTACTS_MAX 32
/* How long a client may leave a flow without a sign of life (RFC 5626 4.4.1).
 */
#define FLOW_TIMER "120"

typedef struct {
  SipIncoming *request;
  gboolean is_outbound; /* a flow is kept as the client asked */
  gboolean wants_gruu;
} Registering;

/* Is this a parameter that RegContact has a field for? */
static gboolean
is_known_param (const char *param)
{
  static const char *const names[]
      = { "q", "expires", "+sip.instance", "reg-id", "pub-gruu", "temp-gruu" };
  gsize len = strcspn (param, "=");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == len
        && g_ascii_strncasecmp (names[i], param, len) == 0)
      return TRUE;
  return FALSE;
}

static const char *
other_params (su_home_t *home, const msg_param_t *params)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (; params != NULL && *params != NULL; params++)
    if (!is_known_param (*params))
      g_string_append_printf (text, ";%s", *params);
  return text->len > 0 ? su_strdup (home, text->str) : NULL;
}

/* RFC 5626 4.2: only with an instance, and not 0. */
static guint32
reg_id_of (const sip_contact_t *contact, const char *instance)
{
  const char *text = msg_params_find (contact->m_params, "reg-id=");
  guint64 value = text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;

  return instance != NULL && value <= G_MAXINT32 ? (guint32)value : 0;
}

static void
read_contact (su_home_t *home, const sip_contact_t *contact, RegContact *out)
{
  out->uri = value_url (home, contact->m_url);
  out->params = other_params (home, contact->m_params);
  out->instance = value_param (home, contact->m_params, "+sip.instance=");
  out->reg_id = reg_id_of (contact, out->instance);
  out->q = contact->m_q != NULL ? (gint32)sip_q_value (contact->m_q) : -1;
  out->expires = value_seconds (contact->m_expires);
}

/* Their number; -1: too many. */
static gint
read_contacts (const SipIncoming *request, RegContact *out, gboolean *is_star)
{
  const sip_contact_t *contact = request->object->sip_contact;
  gint n = 0;

  for (; contact != NULL; contact = contact->m_next) {
    if (contact->m_url->url_type == url_any) {
      *is_star = TRUE;
      continue;
    }
    if (n == CONTACTS_MAX)
      return -1;
    read_contact (msg_home (request->msg), contact, &out[n++]);
  }
  return n;
}

/* The AoR is in To; its spelling is the user's where it is he. */
static const char *
aor_of (const SipIncoming *request)
{
  g_autofree char *aor = uri_aor (request->checked.to);

  if (aor_equal (aor, request->user))
    return request->user;
  return su_strdup (msg_home (request->msg), aor);
}

static gboolean
supports (const SipIncoming *request, const char *tag)
{
  const sip_t *sip = request->object;

  return sip_has_feature (sip->sip_supported, tag)
         || sip_has_feature (sip->sip_require, tag);
}

static gboolean
wants_outbound (const SipIncoming *request, const RegContact *contacts, gint n)
{
  if (!supports (request, "outbound"))
    return FALSE;
  for (gint i = 0; i < n; i++)
    if (contacts[i].reg_id != 0)
      return TRUE;
  return FALSE;
}

/* RFC 5626 6: a proxy between that keeps no flow for the client? */
static gboolean
lacks_first_hop (const SipIncoming *request)
{
  const sip_t *sip = request->object;
  const sip_path_t *first = sip->sip_path;

  if (sip->sip_via->v_next == NULL)
    return FALSE;
  while (first != NULL && first->r_next != NULL)
    first = first->r_next;
  return first == NULL || !url_has_param (first->r_url, "ob");
}

/* As a quoted-string (RFC 3261 25.1). */
static void
write_quoted (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\')
      g_string_append_c (out, '\\');
    g_string_append_c (out, *text);
  }
  g_string_append_c (out, '"');
}

static void
write_instance (GString *out, const Registering *self,
                const RegBinding *binding)
{
  g_autofree char *bracketed = g_strdup_printf ("<%s>", binding->instance);

  g_string_append (out, ";+sip.instance=");
  write_quoted (out, bracketed);
  if (binding->reg_id != 0)
    g_string_append_printf (out, ";reg-id=%u", binding->reg_id);
  if (self->wants_gruu) {
    g_autofree char *gruu = reg_gruu (binding);

    g_string_append (out, ";pub-gruu=");
    write_quoted (out, gruu);
  }
}

static void
write_binding (GString *out, const Registering *self, const RegBinding *binding,
               gint64 now)
{
  gint64 left = (binding->expires_at - now + G_USEC_PER_SEC / 2);

  g_string_append_printf (out, "%s<%s>;expires=%d", out->len > 0 ? ", " : "",
                          binding->contact,
                          (gint)MAX (left / G_USEC_PER_SEC, 1));
  if (binding->q != 1000)
    g_string_append_printf (out, ";q=0.%03u", binding->q);
  if (binding->instance != NULL)
    write_instance (out, self, binding);
  if (binding->params != NULL)
    g_string_append (out, binding->params);
}

static void
reply_ok (Registering *self, const RegisterAnswer *answer)
{
  SipIncoming *request = self->request;
  g_autoptr (GString) contacts = g_string_new (NULL);
  const sip_path_t *path = request->object->sip_path;
  gint64 wall = g_get_real_time () / G_USEC_PER_SEC;

  for (guint i = 0; i < answer->bindings->len; i++)
    write_binding (contacts, self, g_ptr_array_index (answer->bindings, i),
                   answer->now);
  incoming_reply (
      request, 200, NULL,
      TAG_IF (contacts->len > 0, SIPTAG_CONTACT_STR (contacts->str)),
      SIPTAG_DATE_STR (value_date (msg_home (request->msg), wall)),
      TAG_IF (path != NULL, SIPTAG_PATH (path)),
      SIPTAG_SUPPORTED_STR ("path, gruu, outbound"),
      TAG_IF (self->is_outbound, SIPTAG_REQUIRE_STR ("outbound")),
      TAG_IF (self->is_outbound, SIPTAG_HEADER_STR ("Flow-Timer: " FLOW_TIMER)),
      TAG_END ());
}

static void
answered_cb (const RegisterAnswer *answer, gpointer data)
{
  Registering *self = data;

  if (answer->verdict == SERVICE_OK)
    reply_ok (self, answer);
  else
    status_reply (self->request, answer->verdict, answer->text,
                  answer->min_expires);
  incoming_unref (self->request);
  g_free (self);
}

static void
ask (SipIncoming *request, const RegContact *contacts, gint n, gboolean is_star)
{
  const sip_t *sip = request->object;
  su_home_t *home = msg_home (request->msg);
  Registering *self = g_new0 (Registering, 1);
  ServiceCaller caller;
  RegRequest asked = { .aor = aor_of (request),
                       .call_id = sip->sip_call_id->i_id,
                       .cseq = sip->sip_cseq->cs_seq,
                       .contacts = contacts,
                       .n_contacts = n,
                       .is_star = is_star,
                       .expires = request_expires (request),
                       .path = value_text (home, sip->sip_path),
                       .received = request->source,
                       .user_agent = value_text (home, sip->sip_user_agent),
                       .flow = request->flow };

  self->request = incoming_ref (request);
  self->is_outbound = wants_outbound (request, contacts, n);
  self->wants_gruu = supports (request, "gruu");
  request_caller (request, &caller);
  service_register (request->sip->service, &caller, &asked, answered_cb, self);
}

void
request_register (SipIncoming *request)
{
  RegContact contacts[CONTACTS_MAX];
  gboolean is_star = FALSE;
  gint n = read_contacts (request, contacts, &is_star);

  if (n < 0)
    status_reply (request, SERVICE_BAD_REQUEST, "Too many contacts", 0);
  else if (wants_outbound (request, contacts, n) && lacks_first_hop (request))
    incoming_reply (request, 439, "First Hop Lacks Outbound Support",
                    TAG_END ());
  else
    ask (request, contacts, n, is_star);
}
