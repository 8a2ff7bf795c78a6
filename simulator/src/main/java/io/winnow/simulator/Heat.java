package io.winnow.simulator;

import java.util.Arrays;

/**
 * Clicks of all people by video, fading with a half-life of three days.
 *
 * <p>Values are kept as if at time 0 and grow with the time of the click, so that fading costs
 * nothing; they are scaled down before they overflow.
 */
final class Heat {
  private static final double HALF_LIFE_MS = 3 * 86_400_000.0;

  private double[] values = new double[1024];
  private double largest;
  private long originMs;

  Heat(long originMs) {
    this.originMs = originMs;
  }

  /** Counts a click. */
  void click(int video, long timeMs) {
    if (timeMs - originMs > 300 * HALF_LIFE_MS) {
      rebase(timeMs);
    }
    if (video >= values.length) {
      values = Arrays.copyOf(values, Math.max(video + 1, values.length * 2));
    }
    values[video] += StrictMath.exp((timeMs - originMs) * (StrictMath.log(2) / HALF_LIFE_MS));
    largest = Math.max(largest, values[video]);
  }

  /** Relative to the hottest video, in [0, 1]. */
  double relative(int video) {
    return largest == 0 || video >= values.length ? 0 : values[video] / largest;
  }

  private void rebase(long timeMs) {
    double factor = StrictMath.exp((originMs - timeMs) * (StrictMath.log(2) / HALF_LIFE_MS));
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
    largest *= factor;
    originMs = timeMs;
  }
}
