package io.winnow.lifecycle.jobs;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One piece of work, from the order to what became of it.
 *
 * @param id unique
 * @param kind what is done
 * @param key unique among runs of its kind: the same key is the same work, never done twice
 * @param order who asked for what
 * @param state where it stands
 * @param progress when, where and how often it was tried
 * @param outcome what happened
 */
public record JobRun(
    String id,
    JobKind kind,
    String key,
    Order order,
    JobState state,
    Progress progress,
    Outcome outcome) {
  /**
   * Who asked for what.
   *
   * @param reason a sentence: a person's wish, a schedule or a trigger
   * @param actor {@code person:NAME}, {@code schedule}, {@code trigger:NAME} or {@code job:KIND}
   * @param requestedMs epoch milliseconds
   * @param options by name, such as {@code timeout}
   */
  public record Order(String reason, String actor, long requestedMs, Map<String, String> options) {
    /** Copies the map. */
    public Order {
      options = Collections.unmodifiableMap(new TreeMap<>(options));
    }

    /** One option. */
    public Optional<String> option(String name) {
      return Optional.ofNullable(options.get(name));
    }
  }

  /**
   * When, where and how often it was tried.
   *
   * @param attempts begun so far
   * @param attemptsMax after so many a person is needed
   * @param server of the newest attempt; empty before the first
   * @param startedMs of the newest attempt; 0 before the first
   * @param endedMs when it came to its end; 0 before
   * @param notBeforeMs of the next attempt
   */
  public record Progress(
      int attempts,
      int attemptsMax,
      String server,
      long startedMs,
      long endedMs,
      long notBeforeMs) {}

  /**
   * What happened.
   *
   * @param text a sentence; of the newest attempt while there may be another
   * @param advice what to do about it; empty if nothing
   * @param results by name, such as {@code release}
   */
  public record Outcome(String text, String advice, Map<String, String> results) {
    /** Nothing yet. */
    public static final Outcome NONE = new Outcome("", "", Map.of());

    /** Copies the map. */
    public Outcome {
      results = Collections.unmodifiableMap(new TreeMap<>(results));
    }

    /** It is done. */
    public static Outcome of(String text, Map<String, String> results) {
      return new Outcome(text, "", results);
    }
  }
}
