package io.winnow.experiments.statistics;

import java.util.HashMap;
import java.util.Map;

/**
 * Brownian motion from 0 without drift, seen at looks, as long as it stayed within a symmetric
 * boundary at each of them: its density, look by look, by numerical integration (Armitage,
 * McPherson, Rowe, Repeated significance tests on accumulating data, JRSS A 132, 1969; Jennison,
 * Turnbull, Group Sequential Methods, 2000, ch. 19).
 *
 * <p>With g the density after look k, restricted to |x| < b_k, and Δ the time to look k + 1,
 *
 * <pre>
 * P(stays until k, |B_{k+1}| >= b) = ∫ g(x)·(Φ̄((b − x)/√Δ) + Φ̄((b + x)/√Δ)) dx
 * g'(y) = ∫ g(x)·φ((y − x)/√Δ)/√Δ dx
 * </pre>
 *
 * <p>g is symmetric, so only x >= 0 is kept. Each integral is a Gauss-Legendre sum with some three
 * nodes for each width of the narrower of the two kernels that meet there, which leaves an error
 * below 1e-10. The density at a look is computed when the next look is known. A look costs (nodes)²
 * exponentials: 0.1 ms where 30 looks are evenly spaced.
 *
 * <p>Mutable; one thread.
 */
final class BoundedWalk {
  /** Beyond so many standard deviations there is nothing: P(|Z| > 9) = 2e-19. */
  private static final double FAR = 9;

  private static final double NODES_PER_WIDTH = 3;
  private static final int NODES_MIN = 16;

  private final Map<Integer, GaussLegendre> rules = new HashMap<>();

  /**
   * Density times weight at the nodes of the newest look where {@link #prepared}, otherwise of the
   * one before.
   */
  private double[] nodes = {};

  private double[] masses = {};

  private double time;
  private double boundary;

  /** From the look before the newest to the newest. */
  private double step;

  /** Whether the nodes are those of the newest look. */
  private boolean prepared;

  /** The time of the newest look; 0 before any. */
  double time() {
    return time;
  }

  /**
   * The boundary that is crossed for the first time at a later time with a given probability;
   * infinite where that probability is too small to compute or to matter.
   */
  double boundaryFor(double nextTime, double probability) {
    prepare(nextTime);
    double width = Math.sqrt(nextTime - time);
    double low = 0;
    double high = FAR * Math.sqrt(nextTime);
    if (crossingFromNodes(width, high) >= probability) {
      return Double.POSITIVE_INFINITY;
    }
    if (crossingFromNodes(width, 0) <= probability) {
      return 0;
    }
    // Newton on the logarithm, which is concave; bisection where it leaves the bracket.
    double b = Math.min(high, Math.max(boundary, Math.sqrt(nextTime)) * 1.01);
    for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
      double value = crossingFromNodes(width, b);
      if (value > probability) {
        low = b;
      } else {
        high = b;
      }
      double slope = densityFromNodes(width, b) * 2;
      double next = b + value * Math.log(value / probability) / slope;
      double stepped = next > low && next < high ? next : (low + high) / 2;
      if (Math.abs(stepped - b) < 1e-12 * b) {
        return stepped;
      }
      b = stepped;
    }
    return b;
  }

  /**
   * Goes to the next look and kills what is at or beyond ±boundary there, which may be infinite.
   */
  void advance(double nextTime, double nextBoundary) {
    prepare(nextTime);
    step = nextTime - time;
    time = nextTime;
    boundary = Math.min(nextBoundary, FAR * Math.sqrt(nextTime));
    prepared = false;
  }

  /**
   * The probability that a walk with drift μ (mean μ·t) never crossed up to the newest look: its
   * density is that of the walk without drift times e^{μx − μ²t/2} (Girsanov), whatever it met on
   * the way.
   */
  double staying(double drift) {
    if (time == 0) {
      return 1;
    }
    // A look infinitely soon after needs no finer nodes than the drift's exponential does.
    double[] at = nodesFor(Math.min(step, time));
    double sum = 0;
    double[] weights = rule(at.length).weights();
    for (int i = 0; i < at.length; i++) {
      double x = at[i];
      double tilt =
          Math.exp(drift * x - drift * drift * time / 2)
              + Math.exp(-drift * x - drift * drift * time / 2);
      sum += weights[i] * boundary * densityAtNewest(x) * tilt;
    }
    return sum;
  }

  /** Nodes and masses of the newest look, fine enough for a look at the next time. */
  private void prepare(double nextTime) {
    if (!(nextTime > time)) {
      throw new IllegalArgumentException("time: " + nextTime + " (expected: > " + time + ")");
    }
    if (prepared || time == 0) {
      return;
    }
    double[] at = nodesFor(Math.min(step, nextTime - time));
    double[] weights = rule(at.length).weights();
    double[] mass = new double[at.length];
    for (int i = 0; i < at.length; i++) {
      mass[i] = weights[i] * boundary * densityAtNewest(at[i]);
    }
    nodes = at;
    masses = mass;
    prepared = true;
  }

  private double[] nodesFor(double narrowest) {
    double widths = boundary / Math.sqrt(narrowest);
    int count = NODES_MIN * (1 + (int) Math.ceil(NODES_PER_WIDTH * widths / NODES_MIN));
    double[] at = rule(count).nodes().clone();
    for (int i = 0; i < at.length; i++) {
      at[i] *= boundary;
    }
    return at;
  }

  private GaussLegendre rule(int count) {
    return rules.computeIfAbsent(count, GaussLegendre::of);
  }

  private double densityAtNewest(double x) {
    double width = Math.sqrt(step);
    return nodes.length == 0 ? bell(x / width) / width : densityFromNodes(width, x);
  }

  private double densityFromNodes(double width, double y) {
    if (time == 0) {
      return bell(y / width) / width;
    }
    double scale = 1 / width;
    double sum = 0;
    for (int i = 0; i < nodes.length; i++) {
      double before = (y - nodes[i]) * scale;
      double across = (y + nodes[i]) * scale;
      sum += masses[i] * (Math.exp(-before * before / 2) + Math.exp(-across * across / 2));
    }
    return sum * scale / Math.sqrt(2 * Math.PI);
  }

  private double crossingFromNodes(double width, double b) {
    if (time == 0) {
      return 2 * Normal.survival(b / width);
    }
    double sum = 0;
    for (int i = 0; i < nodes.length; i++) {
      sum +=
          masses[i]
              * (Normal.survival((b - nodes[i]) / width) + Normal.survival((b + nodes[i]) / width));
    }
    return 2 * sum;
  }

  private static double bell(double z) {
    return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  }
}
