/**
 * The engine room of the networks: the only place that knows DJL, PyTorch and ONNX Runtime.
 *
 * <p>A network is written once, against {@link io.winnow.models.network.Graph}, as a function of
 * values of an unknown type. {@link io.winnow.models.network.Torch} runs that function on PyTorch
 * tensors and differentiates it; {@link io.winnow.models.network.OnnxWriter} runs the same function
 * on names and so writes it as an ONNX file; {@link io.winnow.models.network.OnnxModel} runs such a
 * file. What is served is therefore what was trained, by construction (and by test).
 *
 * <p>Weights, their gradients and the optimiser live in plain {@code float[]}: PyTorch only ever
 * sees one step's arrays, which are freed together at the step's end.
 */
@NullMarked
package io.winnow.models.network;

import org.jspecify.annotations.NullMarked;
