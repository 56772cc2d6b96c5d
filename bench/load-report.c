/* SPDX-License-Identifier: ISC
 *
 * What a measurement cost: time, latencies, CPU and memory of the server and of
 * PostgreSQL.  One line of NAME=VALUE pairs for bench/report to read. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "load.h"

static double
own_cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int
load_pid (const Load *load)
{
  return load->pid_file != NULL ? proc_pid_in (load->pid_file)
                                : load->server_pid;
}

void
load_begin (Load *load)
{
  memset (&load->hist, 0, sizeof load->hist);
  memset (&load->each_hist, 0, sizeof load->each_hist);
  load->notifies = load->messages = load->again = 0;
  load->lost = load->refused = load->unanswered = 0;
  load->done = load->failed = 0;
  load->bytes = 0;
  load->resent_before = tx_n_resent (load->txs);
  load->memory = proc_memory (load_pid (load));
  load->cpu = proc_cpu (load_pid (load));
  load->db_cpu = proc_cpu (load->db_pid);
  load->own_cpu = own_cpu ();
  load->started = load->progress = load_now ();
}

static void
print_pairs (const Load *load, guint n, double seconds)
{
  double each = n > 0 ? 1e6 / n : 0;
  int pid = load_pid (load);

  printf ("\tn=%u\tseconds=%.3f\trate=%.1f", n, seconds,
          n / MAX (seconds, 1e-6));
  printf ("\tp50=%" G_GINT64_FORMAT "\tp99=%" G_GINT64_FORMAT
          "\tmax=%" G_GINT64_FORMAT,
          hist_at (&load->hist, 0.5), hist_at (&load->hist, 0.99),
          load->hist.max);
  printf ("\tlost=%u\tfailed=%u\tresent=%u", load->lost,
          load->refused + load->unanswered,
          tx_n_resent (load->txs) - load->resent_before + load->again);
  printf ("\tcpu=%.1f\tdb_cpu=%.1f\town_cpu=%.1f",
          (proc_cpu (pid) - load->cpu) * each,
          (proc_cpu (load->db_pid) - load->db_cpu) * each,
          (own_cpu () - load->own_cpu) * each);
  printf ("\tmemory=%" G_GUINT64_FORMAT "\tmore=%" G_GINT64_FORMAT,
          proc_memory (pid), (gint64)proc_memory (pid) - (gint64)load->memory);
}

void
load_report (Load *load, const char *work, guint n, const char *more, ...)
{
  double seconds = (double)(load->progress - load->started) / 1e6;

  printf ("work=%s", work);
  print_pairs (load, n, seconds);
  if (more != NULL) {
    va_list args;

    va_start (args, more);
    putchar ('\t');
    vprintf (more, args);
    va_end (args);
  }
  putchar ('\n');
  fflush (stdout);
}
