/**
 * The models: training and inference of the networks and of the linear-algebra models, and their
 * artefact formats.
 *
 * <p>In: {@link io.winnow.models.Interactions} (who did what, in order) or ranking examples. Out:
 * models that score items, and files from which they load. Items are dense indices {@code 0 …
 * itemCount-1}; callers map them to their catalogue.
 *
 * <p>Legend of shapes, for the whole code base: B batch, C candidates, L history length, F
 * features, E embedding, H hidden, N items, T objectives (heads). Tensors are flat row-major {@code
 * float[]}.
 */
@NullMarked
package io.winnow.models;

import org.jspecify.annotations.NullMarked;
