// SPDX-License-Identifier: ISC
// bench/instructions/lines.h — requests as clients send them, without their newline.

#ifndef CH_BENCH_INSTRUCTIONS_LINES_H
#define CH_BENCH_INSTRUCTIONS_LINES_H

#define CASE_LINE_MIXER_SET                                                                        \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"mixer.set\",\"params\":{\"gain_db\":-6.5,"         \
    "\"ramp_ms\":20}}"

#define CASE_LINE_MIXER_GET "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"mixer.get\"}"

#define CASE_LINE_STATUS "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"player.status\"}"

#define CASE_LINE_UNKNOWN "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such\"}"

#define CASE_LINE_EQ_SET                                                                           \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eq.set\",\"params\":{\"preamp_db\":-3,\"bands\":[" \
    "{\"type\":\"peak\",\"freq_hz\":31.5,\"gain_db\":4,\"q\":1.4},"                                \
    "{\"type\":\"peak\",\"freq_hz\":63,\"gain_db\":3.5,\"q\":1.4},"                                \
    "{\"type\":\"peak\",\"freq_hz\":125,\"gain_db\":2,\"q\":1.4},"                                 \
    "{\"type\":\"peak\",\"freq_hz\":250,\"gain_db\":-1,\"q\":1.4},"                                \
    "{\"type\":\"peak\",\"freq_hz\":500,\"gain_db\":-2.25,\"q\":1.4},"                             \
    "{\"type\":\"peak\",\"freq_hz\":1000,\"gain_db\":1,\"q\":1.4},"                                \
    "{\"type\":\"peak\",\"freq_hz\":2000,\"gain_db\":1.5,\"q\":1.4},"                              \
    "{\"type\":\"peak\",\"freq_hz\":4000,\"gain_db\":-3,\"q\":1.4},"                               \
    "{\"type\":\"peak\",\"freq_hz\":8000,\"gain_db\":2,\"q\":1.4},"                                \
    "{\"type\":\"peak\",\"freq_hz\":16000,\"gain_db\":5,\"q\":1.4}]}}"

#endif
