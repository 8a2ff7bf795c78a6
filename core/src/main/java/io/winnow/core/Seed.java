package io.winnow.core;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The one source of randomness: the same seed and name give the same numbers on every machine.
 *
 * @param value the root seed
 */
public record Seed(long value) {
  /** A generator of its own for one purpose, so that adding a purpose changes no other. */
  public RandomGenerator generator(String purpose) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(derive(purpose).value);
  }

  /** A seed of its own for one purpose. */
  public Seed derive(String purpose) {
    long h = value;
    for (int i = 0; i < purpose.length(); i++) {
      h = mix(h ^ purpose.charAt(i));
    }
    return new Seed(mix(h));
  }

  /**
   * SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
   * 2014).
   */
  public static long mix(long z) {
    z += 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
