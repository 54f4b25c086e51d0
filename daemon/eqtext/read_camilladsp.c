// SPDX-License-Identifier: ISC
// daemon/eqtext/read_camilladsp.c — CamillaDSP's configuration: the filters that its pipeline uses.
//
// Each step of the pipeline names filters and the channels they are for: 0 is left, 1 right, none
// named means all.  Versions before 2 have one "channel" a step.  Filters without a pipeline are
// all taken, for both channels.

#include <stdlib.h>
#include <string.h>

#include "daemon/eqtext/camilla_filter.h"

/// Filters that are kept track of.
#define FILTERS_MAX 512

struct camilla {
    struct ch_eqtext_reading *r;
    const struct ch_yaml_node *filters;
    struct ch_eqtext_line *lines; ///< of the whole text
    uint32_t n_lines;
    bool used[FILTERS_MAX]; ///< by a step, in their order
};

// All lines, so that each can be shown.  False: out of memory.
static bool
find_lines(struct camilla *camilla)
{
    struct ch_eqtext_reading r = *camilla->r;
    struct ch_eqtext_line line;
    size_t n = 0;
    while (ch_eqtext_next_line(&r, &line)) {
        n++;
    }
    camilla->lines = calloc(n + 1, sizeof *camilla->lines);
    r = *camilla->r;
    while (camilla->lines && ch_eqtext_next_line(&r, &camilla->lines[camilla->n_lines])) {
        camilla->n_lines++;
    }
    return camilla->lines != NULL;
}

static struct ch_eqtext_line
line_at(const struct camilla *camilla, uint32_t number)
{
    return number >= 1 && number <= camilla->n_lines ? camilla->lines[number - 1]
                                                     : (struct ch_eqtext_line){"", 0, number};
}

static void
note(struct camilla *camilla, const struct ch_yaml_node *node, const char *why)
{
    const struct ch_eqtext_line line = line_at(camilla, node->key ? node->key->line : node->line);
    ch_eqtext_note(&camilla->r->out->notes, &line, "%s", why);
}

static void
use_filter(struct camilla *camilla, const struct ch_yaml_node *node, unsigned channels, bool bypass)
{
    struct ch_camilla_filter filter;
    char why[CH_EQTEXT_WHY_BYTES];
    if (!ch_camilla_filter(node, camilla->r->rate_hz, &filter, why)) {
        note(camilla, node, why);
        return;
    }
    const struct ch_eqtext_line line = line_at(camilla, node->key->line);
    if (filter.is_gain && bypass) {
        ch_eqtext_note(&camilla->r->out->notes, &line, "its step is bypassed");
    } else if (filter.is_gain) {
        ch_eqtext_add_gain(camilla->r, filter.gain_db, channels, &line);
    }
    for (uint32_t i = 0; i < filter.n_bands; i++) {
        filter.bands[i].bypass = bypass;
        ch_eqtext_add_band(camilla->r, &filter.bands[i], channels, &line);
    }
}

// --- the pipeline ------------------------------------------------------------------------------

static unsigned
one_channel(const char *text)
{
    return text && !strcmp(text, "0") ? CH_EQ_LEFT : text && !strcmp(text, "1") ? CH_EQ_RIGHT : 0;
}

static unsigned
channels_of(struct camilla *camilla, const struct ch_yaml_node *step)
{
    const struct ch_yaml_node *list = ch_yaml_get(step, "channels");
    const struct ch_yaml_node *one = ch_yaml_get(step, "channel");
    unsigned channels = 0;
    bool others = false;
    if (list && list->kind == CH_YAML_SEQUENCE) {
        for (const struct ch_yaml_node *node = list->child; node; node = node->next) {
            channels |= one_channel(node->text);
            others |= !one_channel(node->text);
        }
    } else if (one) {
        channels = one_channel(one->text);
        others = !channels;
    } else {
        channels = CH_EQ_BOTH;
    }
    if (others) {
        note(camilla, list ? list : one, "there are only the channels 0 and 1 here");
    }
    return channels;
}

static void
use_by_name(struct camilla *camilla, const struct ch_yaml_node *name, unsigned channels,
            bool bypass)
{
    uint32_t index = 0;
    const struct ch_yaml_node *filter = camilla->filters ? camilla->filters->child : NULL;
    for (; filter; filter = filter->next, index++) {
        if (name->text && filter->key->text && !strcmp(filter->key->text, name->text)) {
            if (index < FILTERS_MAX) {
                camilla->used[index] = true;
            }
            use_filter(camilla, filter, channels, bypass);
            return;
        }
    }
    note(camilla, name, "there is no filter of this name");
}

static void
take_step(struct camilla *camilla, const struct ch_yaml_node *step)
{
    const char *type = ch_yaml_string(step, "type");
    const struct ch_yaml_node *names = ch_yaml_get(step, "names");
    if (!type || strcmp(type, "Filter") != 0) {
        note(camilla, step, "only steps of type Filter can be used");
        return;
    }
    if (!names || names->kind != CH_YAML_SEQUENCE) {
        note(camilla, step, "the step names no filters");
        return;
    }
    const unsigned channels = channels_of(camilla, step);
    const bool bypass = ch_yaml_true(step, "bypassed");
    for (const struct ch_yaml_node *name = names->child; channels && name; name = name->next) {
        use_by_name(camilla, name, channels, bypass);
    }
}

static void
take_pipeline(struct camilla *camilla, const struct ch_yaml_node *pipeline)
{
    for (const struct ch_yaml_node *step = pipeline->child; step; step = step->next) {
        take_step(camilla, step);
    }
    uint32_t index = 0;
    const struct ch_yaml_node *filter = camilla->filters ? camilla->filters->child : NULL;
    for (; filter && index < FILTERS_MAX; filter = filter->next, index++) {
        if (!camilla->used[index]) {
            note(camilla, filter, "no step of the pipeline uses it");
        }
    }
}

static bool
is_list(const struct ch_yaml_node *node, enum ch_yaml_kind kind)
{
    return node && node->kind == kind;
}

static void
note_others(struct camilla *camilla, const struct ch_yaml_node *root)
{
    static const char *const quiet[] = {"filters", "pipeline", "title", "description"};
    for (const struct ch_yaml_node *node = root->child; node; node = node->next) {
        bool known = false;
        for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
            known |= node->key->text && !strcmp(node->key->text, quiet[i]);
        }
        if (!known) {
            note(camilla, node, "only filters and the pipeline can be used");
        }
    }
}

static void
take_configuration(struct camilla *camilla, const struct ch_yaml_node *root)
{
    const struct ch_yaml_node *filters = ch_yaml_get(root, "filters");
    const struct ch_yaml_node *pipeline = ch_yaml_get(root, "pipeline");
    note_others(camilla, root);
    if (is_list(filters, CH_YAML_MAPPING)) {
        camilla->filters = filters;
    }
    if (is_list(pipeline, CH_YAML_SEQUENCE)) {
        take_pipeline(camilla, pipeline);
    } else if (camilla->filters) {
        for (const struct ch_yaml_node *filter = filters->child; filter; filter = filter->next) {
            use_filter(camilla, filter, CH_EQ_BOTH, false);
        }
    }
}

void
ch_eqtext_read_camilladsp(struct ch_eqtext_reading *r)
{
    char why[CH_EQTEXT_WHY_BYTES] = "there is no memory to read it";
    uint32_t number = 1;
    struct camilla camilla = {.r = r};
    struct ch_yaml_node *root =
        find_lines(&camilla) ? ch_yaml_parse(r->text, (size_t)(r->end - r->text), why, &number)
                             : NULL;
    if (root && root->kind == CH_YAML_MAPPING) {
        take_configuration(&camilla, root);
    } else {
        const struct ch_eqtext_line line = line_at(&camilla, number);
        ch_eqtext_note(&r->out->notes, &line, "%s", root ? "it is no configuration" : why);
    }
    ch_yaml_free(root);
    free(camilla.lines);
}
