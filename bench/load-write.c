/* SPDX-License-Identifier: ISC
 *
 * Writes what user agents say.  Users of the server are PREFIXn, who write to
 * them and watch them are of a domain elsewhere. */
#include "load.h"

static const char *
transport_of (guint conn)
{
  return conn != 0 ? "TCP" : "UDP";
}

/* Request-Line, Via and Max-Forwards. */
static void
start_request (Load *load, Tx *tx, const char *method, const char *uri)
{
  g_string_append_printf (tx->text,
                          "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s:%u;branch=%s\r\n"
                          "Max-Forwards: 70\r\n",
                          method, uri, transport_of (tx->conn), load->source,
                          net_conn_port (load->net, tx->conn), tx->branch);
}

/* Where we are reached; the user part names the device, so that we know what
 * came to which. */
static void
add_contact (Load *load, GString *out, guint conn, const char *name, guint user,
             guint device)
{
  g_string_append_printf (out, "Contact: <sip:%s%u_%u@%s:%u%s>", name, user,
                          device, load->source, net_conn_port (load->net, conn),
                          conn != 0 ? ";transport=tcp" : "");
}

/* +sip.instance, as phones have it (RFC 5626 4.1). */
static void
add_instance (GString *out, guint user, guint device)
{
  g_string_append_printf (out,
                          ";+sip.instance=\"<urn:uuid:%08x-0000-1000-8000-"
                          "%012x>\"",
                          user, device);
}

void
write_register (Load *load, Tx *tx, const RegisterForm *form)
{
  char uri[128], user[64];

  g_snprintf (uri, sizeof uri, "sip:%s", load->domain);
  g_snprintf (user, sizeof user, "%s%u", load->prefix, form->user);
  start_request (load, tx, "REGISTER", uri);
  g_string_append_printf (tx->text,
                          "From: <sip:%s@%s>;tag=f%u\r\nTo: <sip:%s@%s>\r\n"
                          "Call-ID: r%u.%u-%s.%u\r\nCSeq: %u REGISTER\r\n",
                          user, load->domain, form->user, user, load->domain,
                          form->user, form->device, load->run, form->call,
                          form->cseq);
  add_contact (load, tx->text, form->conn, load->prefix, form->user,
               form->device);
  add_instance (tx->text, form->user, form->device);
  g_string_append (tx->text, "\r\n");
  if (form->challenge != NULL)
    challenge_answer (form->challenge, tx->text, "REGISTER", uri, user,
                      load->password, form->nc);
  g_string_append_printf (tx->text, "Expires: %u\r\nContent-Length: 0\r\n\r\n",
                          form->expires);
}

static void
write_list_subscribe (Load *load, Tx *tx, const SubscribeForm *form)
{
  char uri[128];

  g_snprintf (uri, sizeof uri, "sip:%s%u@%s;pres-list=contacts", load->prefix,
              form->presentity, load->domain);
  start_request (load, tx, "SUBSCRIBE", uri);
  g_string_append_printf (
      tx->text,
      "From: <sip:%s%u@%s>;tag=f%u\r\nTo: <%s>\r\n"
      "Supported: eventlist\r\nAccept: application/pidf+xml, "
      "application/rlmi+xml, multipart/related\r\n",
      load->prefix, form->presentity, load->domain, form->presentity, uri);
}

void
write_subscribe (Load *load, Tx *tx, const SubscribeForm *form)
{
  gboolean is_end = form->target != NULL;
  char uri[128];

  g_snprintf (uri, sizeof uri, "sip:%s%u@%s", load->prefix, form->presentity,
              load->domain);
  if (form->is_list) {
    write_list_subscribe (load, tx, form);
  } else {
    start_request (load, tx, "SUBSCRIBE", is_end ? form->target : uri);
    if (form->is_own)
      g_string_append_printf (tx->text, "From: <%s>", uri);
    else
      g_string_append_printf (tx->text, "From: <sip:watcher%u@%s>",
                              form->watcher, load->peer);
    g_string_append_printf (tx->text, ";tag=f%u\r\nTo: %s%s%s\r\n",
                            form->number, is_end ? "" : "<",
                            is_end ? form->to : uri, is_end ? "" : ">");
  }
  g_string_append_printf (tx->text,
                          "Call-ID: s%u-%s.%u\r\nCSeq: %d SUBSCRIBE\r\n",
                          form->number, load->run, load->epoch, is_end ? 2 : 1);
  add_contact (load, tx->text, form->conn, "watcher", form->watcher, 0);
  g_string_append_printf (tx->text,
                          "\r\nEvent: presence\r\nExpires: %d\r\n"
                          "Content-Length: 0\r\n\r\n",
                          is_end ? 0 : 7200);
}

void
write_publish (Load *load, Tx *tx, const PublishForm *form)
{
  char uri[128], body[512];
  int len;

  g_snprintf (uri, sizeof uri, "sip:%s%u@%s", load->prefix, form->presentity,
              load->domain);
  len = g_snprintf (
      body, sizeof body,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><presence "
      "xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"%s\"><tuple id=\"t\">"
      "<status><basic>%s</basic></status><note>mark%u</note></tuple>"
      "</presence>",
      uri, form->mark % 2 != 0 ? "open" : "closed", form->mark);
  start_request (load, tx, "PUBLISH", uri);
  g_string_append_printf (
      tx->text,
      "From: <%s>;tag=p\r\nTo: <%s>\r\nCall-ID: p%u-%s.%u\r\n"
      "CSeq: %u PUBLISH\r\nEvent: presence\r\nExpires: 3600\r\n",
      uri, uri, form->presentity, load->run, load->epoch, form->cseq);
  if (form->etag != NULL)
    g_string_append_printf (tx->text, "SIP-If-Match: %s\r\n", form->etag);
  g_string_append_printf (tx->text,
                          "Content-Type: application/pidf+xml\r\n"
                          "Content-Length: %d\r\n\r\n%s",
                          len, body);
}

void
write_message (Load *load, Tx *tx, guint recipient, guint32 mark, guint conn)
{
  char uri[128], body[64];
  int len;

  g_snprintf (uri, sizeof uri, "sip:%s%u@%s", load->prefix, recipient,
              load->domain);
  len = g_snprintf (body, sizeof body, "message #%u of %s.%u", mark, load->run,
                    load->post);
  start_request (load, tx, "MESSAGE", uri);
  g_string_append_printf (
      tx->text,
      "From: <sip:writer%u@%s>;tag=f%u\r\nTo: <%s>\r\n"
      "Call-ID: m%u-%s.%u\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
      "Content-Length: %d\r\n\r\n%s",
      mark, load->peer, mark, uri, mark, load->run, load->post, len, body);
}

void
write_options (Load *load, Tx *tx)
{
  char uri[128];

  g_snprintf (uri, sizeof uri, "sip:%s", load->domain);
  start_request (load, tx, "OPTIONS", uri);
  g_string_append_printf (tx->text,
                          "From: <sip:asks@%s>;tag=o\r\nTo: <%s>\r\n"
                          "Call-ID: o-%s\r\nCSeq: 1 OPTIONS\r\n"
                          "Content-Length: 0\r\n\r\n",
                          load->peer, uri, tx->branch + 7);
}

static void
copy (GString *out, const char *name, Slice value)
{
  if (value.at == NULL)
    return;
  g_string_append (out, name);
  g_string_append_len (out, value.at, value.len);
}

void
write_answer (GString *out, const Sip *request, const char *status,
              const char *tag, const char *more)
{
  g_string_assign (out, "SIP/2.0 ");
  g_string_append (out, status);
  for (guint i = 0; i < request->n_vias; i++)
    copy (out, "\r\nVia: ", request->vias[i]);
  copy (out, "\r\nFrom: ", request->from);
  copy (out, "\r\nTo: ", request->to);
  if (!slice_has (request->to, ";tag=")) {
    g_string_append (out, ";tag=");
    g_string_append (out, tag);
  }
  copy (out, "\r\nCall-ID: ", request->call_id);
  copy (out, "\r\nCSeq: ", request->cseq);
  g_string_append (out, "\r\n");
  g_string_append (out, more);
  g_string_append (out, "Content-Length: 0\r\n\r\n");
}
