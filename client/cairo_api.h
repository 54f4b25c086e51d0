// SPDX-License-Identifier: ISC
// client/cairo_api.h — libcairo, looked up when a picture is to be made.
//
// It brings some twenty libraries along, which would double the time that `chant gain -6` takes;
// so it is not linked, and a machine without it lacks nothing but pictures.

#ifndef CH_CLIENT_CAIRO_API_H
#define CH_CLIENT_CAIRO_API_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>

#define CH_CAIRO_FUNCTIONS(X)                                                                      \
    X(clip)                                                                                        \
    X(create)                                                                                      \
    X(destroy)                                                                                     \
    X(fill)                                                                                        \
    X(font_extents)                                                                                \
    X(image_surface_create)                                                                        \
    X(line_to)                                                                                     \
    X(move_to)                                                                                     \
    X(paint)                                                                                       \
    X(rectangle)                                                                                   \
    X(restore)                                                                                     \
    X(save)                                                                                        \
    X(select_font_face)                                                                            \
    X(set_font_size)                                                                               \
    X(set_line_join)                                                                               \
    X(set_line_width)                                                                              \
    X(set_source_rgba)                                                                             \
    X(show_text)                                                                                   \
    X(status)                                                                                      \
    X(status_to_string)                                                                            \
    X(stroke)                                                                                      \
    X(surface_destroy)                                                                             \
    X(surface_write_to_png_stream)                                                                 \
    X(text_extents)

/// cairo_move_to() is api->move_to(), and so on.
struct ch_cairo_api {
#define X(name) __typeof__(cairo_##name) *name;
    CH_CAIRO_FUNCTIONS(X)
#undef X
};

/// Load the library, which then stays.  False, and the remedy in `why`.
bool ch_cairo_api_load(struct ch_cairo_api *api, char *why, size_t why_bytes);

#endif
