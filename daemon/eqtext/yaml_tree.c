// SPDX-License-Identifier: ISC
// daemon/eqtext/yaml_tree.c — libyaml's events, put together.

#include "daemon/eqtext/yaml_tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "daemon/eqtext/words.h"

#define WHY_BYTES 192
#define DEPTH_MAX 16
#define NODES_MAX 20000

struct building {
    yaml_parser_t parser;
    uint32_t n_nodes;
    char *why;
    uint32_t *line;
};

static bool
refuse(struct building *b, const char *why, size_t line)
{
    snprintf(b->why, WHY_BYTES, "%s", why);
    *b->line = (uint32_t)line + 1;
    return false;
}

static bool
next_event(struct building *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event)) {
        return true;
    }
    return refuse(b, b->parser.problem ? b->parser.problem : "it is no YAML",
                  b->parser.problem_mark.line);
}

static struct ch_yaml_node *
new_node(struct building *b, const yaml_event_t *event)
{
    static const struct {
        yaml_event_type_t event;
        enum ch_yaml_kind kind;
    } kinds[] = {{YAML_SCALAR_EVENT, CH_YAML_SCALAR},
                 {YAML_SEQUENCE_START_EVENT, CH_YAML_SEQUENCE},
                 {YAML_MAPPING_START_EVENT, CH_YAML_MAPPING},
                 {YAML_ALIAS_EVENT, CH_YAML_ALIAS}};
    struct ch_yaml_node *node = ++b->n_nodes > NODES_MAX ? NULL : calloc(1, sizeof *node);
    if (!node) {
        refuse(b, "the document is too large", event->start_mark.line);
        return NULL;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (event->type == kinds[i].event) {
            node->kind = kinds[i].kind;
        }
    }
    node->line = (uint32_t)event->start_mark.line + 1;
    if (event->type == YAML_SCALAR_EVENT) {
        node->text = strdup((const char *)event->data.scalar.value);
    }
    return node;
}

static struct ch_yaml_node *build(struct building *b, yaml_event_t *event, int depth);

// The members until the end of what `node` begins.
static bool
build_members(struct building *b, struct ch_yaml_node *node, int depth)
{
    struct ch_yaml_node **tail = &node->child;
    for (;;) {
        yaml_event_t event;
        struct ch_yaml_node *key = NULL;
        if (!next_event(b, &event)) {
            return false;
        }
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return true;
        }
        if (node->kind == CH_YAML_MAPPING) {
            key = build(b, &event, depth);
            if (!key || !next_event(b, &event)) {
                ch_yaml_free(key);
                return false;
            }
        }
        *tail = build(b, &event, depth);
        if (!*tail) {
            ch_yaml_free(key);
            return false;
        }
        (*tail)->key = key;
        tail = &(*tail)->next;
    }
}

// The node that begins with this event, which is taken.
static struct ch_yaml_node *
build(struct building *b, yaml_event_t *event, int depth)
{
    struct ch_yaml_node *node = NULL;
    if (depth == DEPTH_MAX) {
        refuse(b, "it is nested too deep", event->start_mark.line);
    } else {
        node = new_node(b, event);
    }
    yaml_event_delete(event);
    if (node && (node->kind == CH_YAML_SEQUENCE || node->kind == CH_YAML_MAPPING) &&
        !build_members(b, node, depth + 1)) {
        ch_yaml_free(node);
        return NULL;
    }
    return node;
}

struct ch_yaml_node *
ch_yaml_parse(const char *text, size_t length, char *why, uint32_t *line)
{
    struct building b = {.why = why, .line = line};
    struct ch_yaml_node *root = NULL;
    if (!yaml_parser_initialize(&b.parser)) {
        refuse(&b, "out of memory", 0);
        return NULL;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, length);
    yaml_event_t event;
    while (next_event(&b, &event)) {
        if (event.type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&event);
            refuse(&b, "it is empty", 0);
            break;
        }
        if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT) {
            root = build(&b, &event, 0);
            break;
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&b.parser);
    return root;
}

void
ch_yaml_free(struct ch_yaml_node *node)
{
    while (node) {
        struct ch_yaml_node *next = node->next;
        ch_yaml_free(node->key);
        ch_yaml_free(node->child);
        free(node->text);
        free(node);
        node = next;
    }
}

const struct ch_yaml_node *
ch_yaml_get(const struct ch_yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != CH_YAML_MAPPING) {
        return NULL;
    }
    for (const struct ch_yaml_node *node = mapping->child; node; node = node->next) {
        if (node->key->text && !strcmp(node->key->text, key)) {
            return node;
        }
    }
    return NULL;
}

const char *
ch_yaml_string(const struct ch_yaml_node *mapping, const char *key)
{
    const struct ch_yaml_node *node = ch_yaml_get(mapping, key);
    return node ? node->text : NULL;
}

bool
ch_yaml_number(const struct ch_yaml_node *mapping, const char *key, double *value)
{
    const char *text = ch_yaml_string(mapping, key);
    return text && !strchr(text, ',') && ch_words_number(&text, value) && !*text;
}

bool
ch_yaml_true(const struct ch_yaml_node *mapping, const char *key)
{
    static const char *const words[] = {"true", "yes", "on"};
    const char *text = ch_yaml_string(mapping, key);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
        if (ch_words_same(text, words[i])) {
            return true;
        }
    }
    return false;
}
