package io.winnow.experiments.statistics;

/**
 * Nodes and weights of Gauss and Legendre on [0, 1]: the roots of the Legendre polynomial by Newton
 * from Tricomi's approximation (Press et al., Numerical Recipes, 3rd edition, 4.6.1).
 */
record GaussLegendre(double[] nodes, double[] weights) {
  static GaussLegendre of(int size) {
    double[] nodes = new double[size];
    double[] weights = new double[size];
    for (int i = 0; i < (size + 1) / 2; i++) {
      double x = Math.cos(Math.PI * (i + 0.75) / (size + 0.5));
      double slope;
      double step;
      do {
        double last = 1;
        double beforeLast = 0;
        for (int degree = 0; degree < size; degree++) {
          double next = ((2 * degree + 1) * x * last - degree * beforeLast) / (degree + 1);
          beforeLast = last;
          last = next;
        }
        slope = size * (x * last - beforeLast) / (x * x - 1);
        step = last / slope;
        x -= step;
      } while (Math.abs(step) > 1e-14);
      nodes[i] = (1 - x) / 2;
      nodes[size - 1 - i] = (1 + x) / 2;
      weights[i] = 1 / ((1 - x * x) * slope * slope);
      weights[size - 1 - i] = weights[i];
    }
    return new GaussLegendre(nodes, weights);
  }
}
