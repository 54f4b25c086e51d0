// SPDX-License-Identifier: ISC
// client/args.c — a command line taken apart: verb, words, options.

#include "client/args.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct ch_invocation *inv;
    const struct ch_command *table;
    int argc;
    char **argv;
    int next;
    char *why;
    size_t why_bytes;
};

const struct ch_command *
ch_args_find(const struct ch_command *table, const char *name)
{
    for (const struct ch_command *c = table; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

static bool
looks_like_option(const char *word)
{
    if (word[0] != '-' || word[1] == '\0') {
        return false;
    }
    return !((word[1] >= '0' && word[1] <= '9') || word[1] == '.' ||
             strncmp(word + 1, "inf", 3) == 0 || strncmp(word + 1, "INF", 3) == 0);
}

/// Whether `word` is --name, --name=value or --name followed by a value.
static bool
match(const char *word, const char *name, const char **inline_value)
{
    size_t n = strlen(name);
    if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, n) != 0 ||
        (word[2 + n] != '\0' && word[2 + n] != '=')) {
        return false;
    }
    *inline_value = word[2 + n] == '=' ? word + 3 + n : NULL;
    return true;
}

static bool
take_value(struct parser *p, const char *name, const char *inline_value, const char **out)
{
    if (inline_value) {
        *out = inline_value;
    } else if (p->next < p->argc) {
        *out = p->argv[p->next++];
    } else {
        snprintf(p->why, p->why_bytes, "--%s needs a value", name);
        return false;
    }
    return true;
}

static bool
take_switch(struct parser *p, const char *name, const char *inline_value, bool *out)
{
    if (inline_value) {
        snprintf(p->why, p->why_bytes, "--%s takes no value", name);
        return false;
    }
    *out = true;
    return true;
}

static bool
take_verb_option(struct parser *p, const char *word)
{
    const struct ch_command *command = p->inv->command;
    const struct ch_option *o = command ? command->options : NULL;
    for (int i = 0; o && o[i].name; i++) {
        assert(i < CH_OPTIONS_MAX);
        const char *inline_value;
        if (!match(word, o[i].name, &inline_value)) {
            continue;
        }
        bool given;
        if (o[i].value) {
            return take_value(p, o[i].name, inline_value, &p->inv->values[i]);
        }
        p->inv->values[i] = "";
        return take_switch(p, o[i].name, inline_value, &given);
    }
    if (command) {
        snprintf(p->why, p->why_bytes, "no such option: %s", word);
    } else {
        snprintf(p->why, p->why_bytes, "no such option before the verb: %s", word);
    }
    return false;
}

static bool
take_option(struct parser *p, const char *word)
{
    const char *inline_value;
    if (match(word, "socket", &inline_value)) {
        return take_value(p, "socket", inline_value, &p->inv->socket);
    }
    if (match(word, "json", &inline_value)) {
        return take_switch(p, "json", inline_value, &p->inv->json);
    }
    if (match(word, "help", &inline_value)) {
        return take_switch(p, "help", inline_value, &p->inv->help);
    }
    if (match(word, "version", &inline_value)) {
        return take_switch(p, "version", inline_value, &p->inv->version);
    }
    if (strcmp(word, "-h") == 0) {
        p->inv->help = true;
        return true;
    }
    return take_verb_option(p, word);
}

static bool
take_word(struct parser *p, char *word)
{
    if (p->inv->command) {
        p->inv->words[p->inv->n_words++] = word;
        return true;
    }
    p->inv->command = ch_args_find(p->table, word);
    if (!p->inv->command) {
        snprintf(p->why, p->why_bytes, "there is no verb '%s'", word);
    }
    return p->inv->command != NULL;
}

static bool
check_count(const struct parser *p)
{
    const struct ch_invocation *inv = p->inv;
    if (!inv->command || inv->help || inv->version) {
        return true;
    }
    if (inv->n_words < inv->command->min_words) {
        snprintf(p->why, p->why_bytes, "something is missing: chant %s %s", inv->command->name,
                 inv->command->usage);
        return false;
    }
    if (inv->command->max_words >= 0 && inv->n_words > inv->command->max_words) {
        snprintf(p->why, p->why_bytes, "one word too many: '%s'",
                 inv->words[inv->command->max_words]);
        return false;
    }
    return true;
}

bool
ch_args_parse(struct ch_invocation *out, const struct ch_command *table, int argc, char **argv,
              char *why, size_t why_bytes)
{
    *out = (struct ch_invocation){0};
    out->words = calloc((size_t)argc + 1, sizeof *out->words);
    if (!out->words) {
        snprintf(why, why_bytes, "out of memory");
        return false;
    }
    struct parser p = {out, table, argc, argv, 1, why, why_bytes};
    bool options_ended = false;
    while (p.next < argc) {
        char *word = argv[p.next++];
        bool ok;
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
            ok = true;
        } else if (!options_ended && looks_like_option(word)) {
            ok = take_option(&p, word);
        } else {
            ok = take_word(&p, word);
        }
        if (!ok) {
            return false;
        }
    }
    return check_count(&p);
}

void
ch_args_fini(struct ch_invocation *inv)
{
    free(inv->words);
    inv->words = NULL;
}

const char *
ch_args_option(const struct ch_invocation *inv, const char *name)
{
    const struct ch_option *o = inv->command->options;
    for (int i = 0; o && o[i].name; i++) {
        if (strcmp(o[i].name, name) == 0) {
            return inv->values[i];
        }
    }
    assert(false); // the table of verbs does not have it
    return NULL;
}
