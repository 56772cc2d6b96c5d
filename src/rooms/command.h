/* SPDX-License-Identifier: ISC
 *
 * What a text to a room asks of the server: for phones that can only send
 * messages. */
#pragma once
#include <glib.h>

typedef enum {
  ROOM_SAYS,  /* no command: a message for all */
  ROOM_NICK,  /* /nick NAME */
  ROOM_WHO,   /* /who */
  ROOM_LEAVE, /* /leave */
  ROOM_JOIN,  /* /join [PASSWORD] */
  ROOM_TOPIC, /* /topic [TEXT]; without: what is it? */
  ROOM_TELL,  /* /msg NICK TEXT, or /msg NICK: TEXT */
  ROOM_HELP,  /* /help */
} RoomCommand;

/* A command is the first word of the only line, in any case.  *rest_out: what
 * follows it, without space at its ends; NULL for none, and for ROOM_SAYS.  The
 * caller frees. */
RoomCommand room_command (const char *text, char **rest_out);

/* Of what follows /msg: whom it is to and what it says.  A nick may have spaces:
 * it is the longest beginning, up to a space or a colon, that is_nick knows;
 * else the first word.  FALSE: there is nobody, or nothing to say. */
typedef gboolean (*RoomNickFn) (const char *nick, gpointer data);
gboolean room_command_tell (const char *rest, RoomNickFn is_nick, gpointer data,
                            char **nick_out, char **text_out);
