package io.winnow.features;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import java.util.Comparator;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Plays the log once and reads features as requests of the past saw them: the records below a
 * request's offset, none at or above. This is what keeps training rows from peeking. It is the same
 * fold as the online store's, so the values are those that were served, bit for bit.
 */
public final class PointInTimeReplay {
  private PointInTimeReplay() {}

  /**
   * A request of the past.
   *
   * @param asOfOffset the offset of the first record that it could not see
   * @param query what it read; item indices are stable, as they depend on the log alone
   */
  public record Request(long asOfOffset, FeatureQuery query) {}

  /** Receives what a request saw. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Called once for each request, in the order of their offsets; requests of one offset in the
     * order of the list.
     *
     * @param index of the request in the list
     * @param rows its features; {@code rows.asOfOffset()} is the offset behind the last record
     *     below the request's
     * @param reader the whole state at that offset; valid only during the call
     */
    void visit(int index, FeatureRows rows, FeatureReader reader);
  }

  /**
   * Replays the log from its start up to the last offset that a request asks for.
   *
   * @param requests in any order
   * @throws WinnowException with {@code INVALID_ARGUMENT} if a request lies behind the log's end,
   *     or asks for an item that was not known then
   */
  public static void replay(
      RecordSource log,
      ApplicationDefinition application,
      List<Request> requests,
      Visitor visitor) {
    FeaturePlan plan = FeaturePlan.of(application);
    FeatureState state = new FeatureState(plan, new UserTable.InMemory(plan));
    int[] order =
        IntStream.range(0, requests.size())
            .boxed()
            .sorted(Comparator.comparingLong(index -> requests.get(index).asOfOffset()))
            .mapToInt(Integer::intValue)
            .toArray();
    long[] offsets = new long[order.length];
    for (int i = 0; i < order.length; i++) {
      offsets[i] = requests.get(order[i]).asOfOffset();
    }
    play(
        log,
        state,
        offsets,
        i -> visitor.visit(order[i], state.read(requests.get(order[i]).query()), state));
  }

  /** Receives the state at one offset. */
  @FunctionalInterface
  public interface Stop {
    /**
     * Called once for each offset.
     *
     * @param index position in the list of offsets
     * @param reader the whole state at that offset; the same object each time, which moves on
     *     afterwards
     */
    void at(int index, FeatureReader reader);
  }

  /**
   * Plays the log into a fresh state and stops at each offset, for callers that do more than read
   * features.
   *
   * @param offsets ascending
   * @throws WinnowException with {@code INVALID_ARGUMENT} if an offset lies behind the log's end
   */
  public static void play(
      RecordSource log, ApplicationDefinition application, long[] offsets, Stop stop) {
    play(log, HeldFeatures.of(application), offsets, stop);
  }

  /**
   * The same with the features of several releases at once, which may have them in different
   * versions.
   *
   * @param offsets ascending
   * @throws WinnowException with {@code INVALID_ARGUMENT} if an offset lies behind the log's end
   */
  public static void play(RecordSource log, HeldFeatures features, long[] offsets, Stop stop) {
    FeaturePlan plan = FeaturePlan.of(features);
    FeatureState state = new FeatureState(plan, new UserTable.InMemory(plan));
    play(log, state, offsets, index -> stop.at(index, state));
  }

  /**
   * Plays the log into a fresh state and stops at offsets that are asked for as the replay goes on,
   * for callers with more stops than memory.
   *
   * @param endOffset no stop lies behind it
   * @param offsets ascending; the next one is taken when the last one's stop has returned
   * @throws WinnowException with {@code INVALID_ARGUMENT} if an offset is smaller than the one
   *     before, or lies behind {@code endOffset} or the log's end
   */
  public static void play(
      RecordSource log,
      ApplicationDefinition application,
      long endOffset,
      PrimitiveIterator.OfLong offsets,
      Stop stop) {
    FeaturePlan plan = FeaturePlan.of(application);
    FeatureState state = new FeatureState(plan, new UserTable.InMemory(plan));
    Stops stops = new Stops(offsets, Math.min(endOffset, log.endOffset()));
    log.replay(
        0,
        stops.last,
        (offset, record) -> {
          while (stops.next <= offset) {
            stop.at(stops.passed, state);
            stops.advance();
          }
          state.apply(offset, record);
        });
    while (stops.next <= stops.last) {
      stop.at(stops.passed, state);
      stops.advance();
    }
  }

  /** Where a replay stops next. */
  private static final class Stops {
    private final PrimitiveIterator.OfLong offsets;
    private final long last;
    private long next;
    private int passed = -1;

    Stops(PrimitiveIterator.OfLong offsets, long last) {
      this.offsets = offsets;
      this.last = last;
      advance();
    }

    /** Behind the last stop, {@code next} is out of reach. */
    private void advance() {
      passed++;
      if (!offsets.hasNext()) {
        next = Long.MAX_VALUE;
        return;
      }
      long offset = offsets.nextLong();
      if (offset < next || offset > last) {
        throw WinnowException.invalid("asOfOffset", offset, next + " to " + last);
      }
      next = offset;
    }
  }

  /**
   * Plays the log into a fresh state and stops at each offset.
   *
   * @param offsets ascending
   * @param stop receives the position in {@code offsets}
   */
  static void play(RecordSource log, FeatureState state, long[] offsets, IntConsumer stop) {
    if (offsets.length == 0) {
      return;
    }
    long last = offsets[offsets.length - 1];
    if (offsets[0] < 0 || last > log.endOffset()) {
      throw WinnowException.invalid(
          "asOfOffset",
          offsets[0] < 0 ? offsets[0] : last,
          "0 to " + log.endOffset() + ", the log's end");
    }
    int[] next = {0};
    log.replay(
        0,
        last,
        (offset, record) -> {
          while (offsets[next[0]] <= offset) {
            stop.accept(next[0]++);
          }
          state.apply(offset, record);
        });
    while (next[0] < offsets.length) {
      stop.accept(next[0]++);
    }
  }
}
