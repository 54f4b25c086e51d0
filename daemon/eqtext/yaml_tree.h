// SPDX-License-Identifier: ISC
// daemon/eqtext/yaml_tree.h — a YAML document as a small tree, of what libyaml reads.
//
// Bounded: so many nodes, so deep.  Aliases are leaves of their own kind, never followed.

#ifndef CH_EQTEXT_YAML_TREE_H
#define CH_EQTEXT_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ch_yaml_kind { CH_YAML_SCALAR, CH_YAML_SEQUENCE, CH_YAML_MAPPING, CH_YAML_ALIAS };

struct ch_yaml_node {
    enum ch_yaml_kind kind;
    uint32_t line;              ///< from 1
    char *text;                 ///< of a scalar
    struct ch_yaml_node *key;   ///< of a member of a mapping
    struct ch_yaml_node *child; ///< the first
    struct ch_yaml_node *next;  ///< beside it
};

/// The first document; NULL after `why` (192 bytes) and `line` were set.  To be freed.
struct ch_yaml_node *ch_yaml_parse(const char *text, size_t length, char *why, uint32_t *line);
void ch_yaml_free(struct ch_yaml_node *node);

/// The member of a mapping; NULL if there is none or it is no mapping.
const struct ch_yaml_node *ch_yaml_get(const struct ch_yaml_node *mapping, const char *key);

/// The text of a scalar member, or NULL.
const char *ch_yaml_string(const struct ch_yaml_node *mapping, const char *key);

/// A scalar member as a number; false if it is none.
bool ch_yaml_number(const struct ch_yaml_node *mapping, const char *key, double *value);

/// true, yes and on, as YAML has them.
bool ch_yaml_true(const struct ch_yaml_node *mapping, const char *key);

#endif
