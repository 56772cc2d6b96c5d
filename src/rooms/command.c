/* SPDX-License-Identifier: ISC
 *
 * A table of words: see the header. */
#include "rooms/command.h"

#include <string.h>

static const struct {
  const char *word;
  RoomCommand command;
} words[] = {
  { "nick", ROOM_NICK },   { "who", ROOM_WHO },       { "names", ROOM_WHO },
  { "leave", ROOM_LEAVE }, { "part", ROOM_LEAVE },    { "join", ROOM_JOIN },
  { "topic", ROOM_TOPIC }, { "subject", ROOM_TOPIC }, { "msg", ROOM_TELL },
  { "help", ROOM_HELP },
};

static RoomCommand
find (const char *word, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i].word) == len
        && g_ascii_strncasecmp (words[i].word, word, len) == 0)
      return words[i].command;
  return ROOM_SAYS;
}

RoomCommand
room_command (const char *text, char **rest_out)
{
  g_autofree char *line = g_strstrip (g_strdup (text));
  RoomCommand command;
  gsize len;

  *rest_out = NULL;
  if (*line != '/' || strpbrk (line, "\r\n") != NULL)
    return ROOM_SAYS;
  len = strcspn (line + 1, " \t");
  command = find (line + 1, len);
  if (command != ROOM_SAYS && line[1 + len] != '\0')
    *rest_out = g_strdup (g_strchug (line + 1 + len));
  return command;
}

/* Where the longest nick ends; NULL: none is known. */
static const char *
known_end (const char *rest, RoomNickFn is_nick, gpointer data)
{
  const char *end = NULL;

  for (const char *at = strpbrk (rest, " :"); at != NULL;
       at = strpbrk (at + 1, " :")) {
    g_autofree char *nick = g_strndup (rest, at - rest);

    if (is_nick (nick, data))
      end = at;
  }
  return end;
}

gboolean
room_command_tell (const char *rest, RoomNickFn is_nick, gpointer data,
                   char **nick_out, char **text_out)
{
  const char *end = rest != NULL ? known_end (rest, is_nick, data) : NULL;

  *nick_out = *text_out = NULL;
  if (rest != NULL && end == NULL)
    end = strchr (rest, ' ');
  if (end == NULL || end == rest)
    return FALSE;
  *nick_out = g_strndup (rest, end - rest);
  *text_out = g_strchug (g_strdup (*end == ':' ? end + 1 : end));
  if (**text_out != '\0')
    return TRUE;
  g_clear_pointer (nick_out, g_free);
  g_clear_pointer (text_out, g_free);
  return FALSE;
}
