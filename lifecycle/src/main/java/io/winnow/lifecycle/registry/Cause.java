package io.winnow.lifecycle.registry;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who or what changed something, and why.
 *
 * @param actor {@code person:NAME}, {@code ladder}, {@code job:NAME} or {@code server:ID}
 * @param reason a sentence
 * @param numbers what the decision rests on, by name
 */
public record Cause(String actor, String reason, Map<String, Double> numbers) {
  /** Copies the map. */
  public Cause {
    numbers = Collections.unmodifiableMap(new TreeMap<>(numbers));
  }

  /** A cause without numbers. */
  public static Cause of(String actor, String reason) {
    return new Cause(actor, reason, Map.of());
  }
}
