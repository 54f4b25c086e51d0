// SPDX-License-Identifier: ISC
// client/args.h — a command line taken apart: verb, words, options.
//
// Options may stand before, between and after the words; "--" ends them; "-6", "-.5" and "-inf" are
// words.  Values follow as --name=value or --name value.

#ifndef CH_CLIENT_ARGS_H
#define CH_CLIENT_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define CH_OPTIONS_MAX 20 ///< of one verb

struct ch_option {
    const char *name;  ///< without the dashes
    const char *value; ///< placeholder in the usage; NULL: a switch
    const char *help;
};

struct ch_invocation;

struct ch_command {
    const char *name;
    const char *usage;   ///< what follows the name
    const char *summary; ///< one line
    const char *help;    ///< more, may be NULL
    const char *method;  ///< for those that are one method and nothing else
    int min_words;
    int max_words; ///< -1: any number
    const struct ch_option *options;
    int (*run)(const struct ch_invocation *inv);
};

struct ch_invocation {
    const struct ch_command *command; ///< NULL: no verb was given
    char **words;                     ///< pointers into argv
    int n_words;
    const char *values[CH_OPTIONS_MAX]; ///< as in command->options; NULL: not given
    const char *socket;                 ///< --socket, or NULL
    bool json;
    bool help;
    bool version;
};

/// @param table ended by an entry without a name
/// @param why   on failure what is wrong, `why_bytes` long
/// @return false for a wrong command line; `out` needs ch_args_fini() in any case.
bool ch_args_parse(struct ch_invocation *out, const struct ch_command *table, int argc, char **argv,
                   char *why, size_t why_bytes);
void ch_args_fini(struct ch_invocation *inv);

/// The value of an option of this verb ("" for a switch), or NULL if it wasn't given.
const char *ch_args_option(const struct ch_invocation *inv, const char *name);

const struct ch_command *ch_args_find(const struct ch_command *table, const char *name);

#endif
