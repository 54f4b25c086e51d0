// SPDX-License-Identifier: ISC
// bench/eq_ffmpeg.c — ffmpeg's `equalizer`, as many as there are bands, through libavfilter.
//
// In planar float and in planar double, on the calling thread alone: what one core takes counts.

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/samplefmt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/eq_kinds.h"

struct graph {
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
    AVFrame *in, *out;
};

static AVFilterContext *
add(struct graph *g, AVFilterContext *behind, const char *filter, const char *args)
{
    AVFilterContext *made = NULL;
    if (avfilter_graph_create_filter(&made, avfilter_get_by_name(filter), NULL, args, NULL,
                                     g->graph) < 0 ||
        (behind && avfilter_link(behind, 0, made, 0) < 0)) {
        bench_fail("libavfilter refuses the chain");
    }
    return made;
}

static AVFrame *
noise_frame(enum AVSampleFormat format)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame) {
        bench_fail("no memory");
    }
    frame->format = format;
    frame->nb_samples = BENCH_EQ_FRAMES;
    frame->sample_rate = BENCH_EQ_RATE_HZ;
    av_channel_layout_default(&frame->ch_layout, 2);
    if (av_frame_get_buffer(frame, 0) < 0) {
        bench_fail("no memory");
    }
    for (uint32_t c = 0; c < 2; c++) {
        for (uint32_t n = 0; n < BENCH_EQ_FRAMES; n++) {
            if (format == AV_SAMPLE_FMT_FLTP) {
                ((float *)(void *)frame->data[c])[n] = bench_eq_noise(c)[n];
            } else {
                ((double *)(void *)frame->data[c])[n] = (double)bench_eq_noise(c)[n];
            }
        }
    }
    return frame;
}

static void *
open_graph(uint32_t n_bands, enum AVSampleFormat format)
{
    struct graph *g = calloc(1, sizeof *g);
    char args[160];
    if (!g || !(g->graph = avfilter_graph_alloc()) || !(g->out = av_frame_alloc())) {
        bench_fail("no memory");
    }
    g->graph->nb_threads = 1;
    snprintf(args, sizeof args, "time_base=1/%d:sample_rate=%d:sample_fmt=%s:channel_layout=stereo",
             BENCH_EQ_RATE_HZ, BENCH_EQ_RATE_HZ, av_get_sample_fmt_name(format));
    g->source = add(g, NULL, "abuffer", args);
    AVFilterContext *last = g->source;
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct bench_eq_band band = bench_eq_band(i, n_bands);
        snprintf(args, sizeof args, "f=%.4f:t=q:w=%.3f:g=%.2f", band.freq_hz, band.q, band.gain_db);
        last = add(g, last, "equalizer", args);
    }
    g->sink = add(g, last, "abuffersink", NULL);
    if (avfilter_graph_config(g->graph, NULL) < 0) {
        bench_fail("libavfilter refuses the graph");
    }
    if (av_buffersink_get_format(g->sink) != (int)format) {
        bench_fail("libavfilter converts on the way");
    }
    g->in = noise_frame(format);
    return g;
}

static void *
open_float(uint32_t n_bands)
{
    return open_graph(n_bands, AV_SAMPLE_FMT_FLTP);
}

static void *
open_double(uint32_t n_bands)
{
    return open_graph(n_bands, AV_SAMPLE_FMT_DBLP);
}

static void
close_graph(void *opened)
{
    struct graph *g = opened;
    av_frame_free(&g->in);
    av_frame_free(&g->out);
    avfilter_graph_free(&g->graph);
    free(g);
}

static double
run_graph(void *opened, uint32_t n_blocks)
{
    struct graph *g = opened;
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_blocks; i++) {
        if (av_buffersrc_add_frame_flags(g->source, g->in, AV_BUFFERSRC_FLAG_KEEP_REF) < 0 ||
            av_buffersink_get_frame(g->sink, g->out) < 0) {
            bench_fail("libavfilter stopped");
        }
        av_frame_unref(g->out);
    }
    return (double)(bench_now_ns() - began);
}

const struct bench_eq_kind bench_eq_ffmpeg = {"ffmpeg equalizer, float",
                                              "libavfilter8",
                                              "constant",
                                              false,
                                              open_float,
                                              close_graph,
                                              run_graph};
const struct bench_eq_kind bench_eq_ffmpeg_double = {"ffmpeg equalizer, double",
                                                     "libavfilter8",
                                                     "constant",
                                                     false,
                                                     open_double,
                                                     close_graph,
                                                     run_graph};
