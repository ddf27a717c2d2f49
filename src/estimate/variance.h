// The exact variance of one sample of an estimator, without walking the paths: by dynamic programming.
//
// Everything is carried as a mean and a centred second moment, never as a difference of two large numbers, so that a
// variance of 0 comes out as 0 up to rounding (what is below the rounding of the mean is given as 0).
#ifndef BAUER_ESTIMATE_VARIANCE_H
#define BAUER_ESTIMATE_VARIANCE_H

#include "estimate/walk.h"

enum { VARIANCE_CUT = 512 }; // most live vertices for variance_cut

// Of a walk with these probabilities (edge_count of them). With the mean g(v) = sum of c g(u),
//     V(v) = sum over edges v -> u of pi ((c / pi)^2 V(u) + (c / pi g(u) - g(v))^2),    V(output) = 0,
// which is the law of total variance. The time is that of one sweep.
bool variance_walk(const struct subgraph *subgraph, const double *probability, struct scaled *variance,
                   struct error *error);

// How a sweep over the whole graph is made random. K: `parameter`.
enum noise {
    NOISE_EDGES,     // each edge is kept with probability `parameter`, and divided by it
    NOISE_VERTICES,  // in every hidden layer of d vertices, K are drawn; each draw counts d / K
    NOISE_OUT_EDGES, // at every vertex with d edges out of it, K of them are drawn; each draw counts d / K
    NOISE_RADEMACHER // every hidden layer is multiplied by R R^T, with R of random signs / sqrt(K), K columns
};

// Of such a sweep, by the covariance matrix of the live cut: of the vertices that are computed and still needed. With
// P = R R^T, X the second moments and d the vertices of a layer,
//     with replacement      E[P X P] = (1 - 1/K) X + (d/K) diag X
//     without replacement   E[P X P] = (d/K) diag X + d (K-1) / (K (d-1)) (X - diag X)
//     Rademacher            E[P X P] = X + (tr(X) I + X - 2 diag X) / K
// `known` is false when more than VARIANCE_CUT vertices are live at once. An edge that skips a layer passes by what
// happens there. Time: edges x live vertices.
bool variance_cut(const struct subgraph *subgraph, enum noise noise, double parameter, bool replace, bool *known,
                  struct scaled *variance, struct error *error);

// Means and factors of drawing K of d: E[m_a m_a] and E[m_a m_b] of the factors m of two different ones.
struct draw_moments {
    double same, other;
};
struct draw_moments variance_draw(double d, double k, bool replace);

#endif
