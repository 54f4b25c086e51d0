// SPDX-License-Identifier: ISC
// bench/instructions/request_cases.c — a request from its bytes on the socket to its answer's.
//
// A whole daemon without a device, on a loop that is turned by hand, and a client on the other end
// of its socket.  Commands are taken in by hand as well, so an answer that waits for them has them
// at a frame and a time that are always the same.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/instructions/cases.h"
#include "bench/instructions/lines.h"
#include "daemon/control/daemon.h"
#include "daemon/engine/engine_internal.h"

static const struct {
    const char *line, *answer; ///< how it must begin
} requests[] = {
    {CASE_LINE_MIXER_GET "\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"strip\":"},
    {CASE_LINE_STATUS "\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{"},
    {CASE_LINE_MIXER_SET "\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"strip\":"},
    {CASE_LINE_EQ_SET "\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{"},
    {CASE_LINE_UNKNOWN "\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{"},
};

static struct ch_daemon *host;
static char directory[] = "/tmp/chant-cases-XXXXXX", path[64];
static int client = -1;
static uint32_t which;

static void
turn(void)
{
    uv_run(&host->loop, UV_RUN_NOWAIT);
}

static void
set_up(const struct ch_case *c)
{
    which = c->size;
    strcpy(strchr(directory, '-') + 7, "XXXXXX");
    CASE_MUST(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/sock", directory);
    host = malloc(sizeof *host);
    CASE_MUST(host);
    ch_log_set_level(CH_LOG_WARNING);
    const struct ch_options options = {
        .backend = "null", .socket = path, .max_line = 65536, .log_level = CH_LOG_WARNING};
    CASE_MUST(ch_daemon_init(host, &options) == CH_OK);

    client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    CASE_MUST(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    while (!host->n_sessions) {
        turn();
    }
    ch_link_set_running(host, true);
}

static void
ask(uint32_t i)
{
    (void)i;
    const char *line = requests[which].line;
    CASE_MUST(write(client, line, strlen(line)) == (ssize_t)strlen(line));
}

static void
answer(void)
{
    turn();
    // What an acknowledgement waits for: the commands' half of a callback, without its sound.
    struct ch_engine *engine = host->link.engine;
    if (host->link.n_awaited) {
        ch_engine_clock(engine, CH_NS_PER_S, 0);
        ch_engine_collect_commands(engine);
        ch_engine_apply_commands(engine, CASE_FRAMES);
        ch_link_drain(host);
    }
}

static void
tear_down(void)
{
    static char answers[1 << 20];
    const ssize_t n = read(client, answers, sizeof answers - 1);
    CASE_MUST(n > 0);
    const char *wanted = requests[which].answer;
    CASE_MUST(!strncmp(answers, wanted, strlen(wanted)));
    close(client);
    ch_link_set_running(host, false);
    ch_daemon_fini(host);
    free(host);
    rmdir(directory);
}

#define REQUEST(title, number)                                                                     \
    {                                                                                              \
        .name = "request/" title, .set_up = set_up, .before = ask, .run = answer,                  \
        .tear_down = tear_down, .size = number, .n_ops = 1, .n_warm = 5, .n_runs = 20              \
    }

const struct ch_case ch_cases_request[] = {
    REQUEST("mixer.get", 0), REQUEST("player.status", 1),  REQUEST("mixer.set", 2),
    REQUEST("eq.set", 3),    REQUEST("unknown-method", 4), {.name = NULL},
};
