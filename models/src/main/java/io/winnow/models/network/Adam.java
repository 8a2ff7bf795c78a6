package io.winnow.models.network;

import io.winnow.models.ModelFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Adam with decoupled weight decay (Kingma, Ba 2015; Loshchilov, Hutter 2019) and clipping of the
 * gradient's global norm, on plain arrays. Its saved state holds the parameters. Not thread-safe.
 */
public final class Adam implements Resumable {
  static final float BETA1 = 0.9f;
  static final float BETA2 = 0.98f;
  static final float EPSILON = 1e-8f;

  private final List<Parameter> parameters;
  private final List<float[]> firstMoments = new ArrayList<>();
  private final List<float[]> secondMoments = new ArrayList<>();
  private final float weightDecay;
  private final float maxNorm;
  private int steps;

  /**
   * An optimiser of these parameters.
   *
   * @param weightDecay the share of a weight that a step of learning rate 1 takes away
   * @param maxNorm gradients whose global norm is greater are scaled down to it
   */
  public Adam(List<Parameter> parameters, float weightDecay, float maxNorm) {
    this.parameters = List.copyOf(parameters);
    this.weightDecay = weightDecay;
    this.maxNorm = maxNorm;
    for (Parameter parameter : parameters) {
      firstMoments.add(new float[parameter.values.length]);
      secondMoments.add(new float[parameter.values.length]);
    }
  }

  /** Moves every parameter against its gradient. */
  public void step(float learningRate) {
    steps++;
    float scale = scale();
    float correction1 = (float) (1 / (1 - Math.pow(BETA1, steps)));
    float correction2 = (float) (1 / (1 - Math.pow(BETA2, steps)));
    for (int p = 0; p < parameters.size(); p++) {
      Parameter parameter = parameters.get(p);
      update(
          parameter.values,
          parameter.gradient,
          firstMoments.get(p),
          secondMoments.get(p),
          new Rates(
              scale,
              learningRate * correction1,
              correction2,
              parameter.decays() ? learningRate * weightDecay : 0));
    }
  }

  private float scale() {
    double squares = 0;
    for (Parameter parameter : parameters) {
      for (float g : parameter.gradient) {
        squares += (double) g * g;
      }
    }
    double norm = Math.sqrt(squares);
    return norm > maxNorm ? (float) (maxNorm / norm) : 1;
  }

  private record Rates(float scale, float rate, float correction2, float decay) {}

  private static void update(float[] w, float[] g, float[] m, float[] v, Rates rates) {
    float scale = rates.scale;
    float rate = rates.rate;
    float correction2 = rates.correction2;
    float keep = 1 - rates.decay;
    for (int i = 0; i < w.length; i++) {
      float gradient = g[i] * scale;
      m[i] = BETA1 * m[i] + (1 - BETA1) * gradient;
      v[i] = BETA2 * v[i] + (1 - BETA2) * gradient * gradient;
      w[i] = keep * w[i] - rate * m[i] / ((float) Math.sqrt(v[i] * correction2) + EPSILON);
    }
  }

  @Override
  public void write(DataOutputStream out) throws IOException {
    out.writeInt(steps);
    for (int p = 0; p < parameters.size(); p++) {
      ModelFile.writeFloats(out, parameters.get(p).values);
      ModelFile.writeFloats(out, firstMoments.get(p));
      ModelFile.writeFloats(out, secondMoments.get(p));
    }
  }

  @Override
  public void read(DataInputStream in) throws IOException {
    steps = in.readInt();
    for (int p = 0; p < parameters.size(); p++) {
      Resumable.readInto(in, parameters.get(p).values);
      Resumable.readInto(in, firstMoments.get(p));
      Resumable.readInto(in, secondMoments.get(p));
    }
  }
}
