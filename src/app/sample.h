// Estimates of a Jacobian from samples: what :sample computes and tells.
#ifndef BAUER_APP_SAMPLE_H
#define BAUER_APP_SAMPLE_H

#include "app/session.h"
#include "estimate/estimate.h"

// One entry of the Jacobian.
struct sample_entry {
    vertex from, to;
    struct subgraph *subgraph;
    struct sampler *sampler;
    struct estimate estimate;
};

struct sample {
    struct method method;
    uint64_t seed, wanted, count; // count: samples drawn for every entry
    vertex from, to;              // the chosen ends, or VERTEX_NONE: all inputs, all outputs
    uint32_t rows, columns;       // outputs, inputs
    struct sample_entry *entry;   // row by row
    // Called now and then while samples are drawn, or NULL: to show how far they are.
    void (*look)(void *context, const struct sample *sample);
    void *context;
};

// Everything but the samples. `from` and `to` are single vertices, or VERTEX_NONE for all inputs and all outputs.
bool sample_begin(struct sample *sample, struct session *session, const struct method *method, uint64_t seed,
                  vertex from, vertex to, struct error *error);
void sample_free(struct sample *sample);
// Draws until sample->wanted, or until an interrupt: then sample->count says how many there are (ERROR_INTERRUPT only
// if there are none).
bool sample_run(struct sample *sample, struct error *error);

// The measured variance of one sample, and the mean's standard error: what is below the rounding of the samples is 0.
double sample_variance(const struct estimate *estimate);
double sample_error(const struct estimate *estimate);
void sample_report(struct session *session, const struct sample *sample); // text or JSON

#endif
