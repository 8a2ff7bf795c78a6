package io.winnow.lifecycle.evaluation;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.ServingRelease;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * When each item of a log could be recommended, read from its records alone: what an evaluation
 * holds every list against. It shares no code with the catalogue and the filters that it checks.
 *
 * <p>An item is published at an offset and a time if
 *
 * <ol>
 *   <li>a record below the offset names it: a put or, where the log did not put it before, an
 *       event,
 *   <li>the last record below the offset that says whether it is available does not say no, and
 *   <li>its time attribute {@code published}, if the application has one, does not lie behind the
 *       time; an event below the offset proves such a date wrong.
 * </ol>
 *
 * <p>Immutable, thread-safe.
 */
final class Publications {
  private static final long UNDATED = Long.MIN_VALUE;

  private final Map<ItemId, Item> items;

  private Publications(Map<ItemId, Item> items) {
    this.items = items;
  }

  /**
   * What a record says of an item.
   *
   * @param publishedMs epoch milliseconds; {@link #UNDATED} without a date
   */
  private record State(long offset, boolean available, long publishedMs) {}

  /** All that the log says of an item, in its order. */
  static final class Item {
    private final List<State> states = new ArrayList<>(1);
    private long firstEventOffset = Long.MAX_VALUE;

    /** Why the item could not be recommended; null if it could. */
    @Nullable String obstacle(long asOfOffset, long timeMs) {
      int low = 0;
      int high = states.size();
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (states.get(middle).offset() < asOfOffset) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      if (low == 0) {
        return "no record of it before offset " + asOfOffset;
      }
      State state = states.get(low - 1);
      if (!state.available()) {
        return "made unavailable at offset " + state.offset();
      }
      return state.publishedMs() > timeMs && firstEventOffset >= asOfOffset
          ? "published at " + Instant.ofEpochMilli(state.publishedMs())
          : null;
    }
  }

  /** Reads a log once. */
  static Publications of(ApplicationDefinition application, RecordSource records) {
    boolean dated =
        application.schema().itemAttributes().get(ServingRelease.PUBLISHED) == AttributeType.TIME;
    Map<ItemId, Item> items = new HashMap<>();
    records.replay((offset, record) -> {
      switch (record) {
        case LogRecord.Happened happened -> {
          Item item = items.computeIfAbsent(happened.event().item(), _ -> new Item());
          if (item.states.isEmpty()) {
            item.states.add(new State(offset, true, UNDATED));
          }
          if (happened.event().impression() == null) {
            item.firstEventOffset = Math.min(item.firstEventOffset, offset);
          }
        }
        case LogRecord.ItemPut put -> {
          AttributeValue date = dated ? put.attributes().get(ServingRelease.PUBLISHED) : null;
          long publishedMs = date instanceof AttributeValue.Time time ? time.epochMs() : UNDATED;
          items
              .computeIfAbsent(put.item(), _ -> new Item())
              .states
              .add(new State(offset, put.available(), publishedMs));
        }
        case LogRecord.ItemRemoved removed ->
            items
                .computeIfAbsent(removed.item(), _ -> new Item())
                .states
                .add(new State(offset, false, UNDATED));
        case LogRecord.UserPut _, LogRecord.Exposed _ -> {}
      }
    });
    return new Publications(items);
  }

  /** What the log says of an item, or null if it never names it. */
  @Nullable Item item(ItemId id) {
    return items.get(id);
  }

  /**
   * Checks lists of one evaluation shard, whose catalogue only grows. Not thread-safe.
   *
   * @param catalogue the item at a catalogue index
   */
  Check check(IntFunction<ItemId> catalogue) {
    return new Check(this, catalogue);
  }

  /** See {@link #check}. */
  static final class Check {
    private final Publications publications;
    private final IntFunction<ItemId> catalogue;
    private final List<@Nullable Item> known = new ArrayList<>();
    private long checked;

    private Check(Publications publications, IntFunction<ItemId> catalogue) {
      this.publications = publications;
      this.catalogue = catalogue;
    }

    /** How many places of lists were checked. */
    long checked() {
      return checked;
    }

    /**
     * Refuses a list that holds an item which was not published.
     *
     * @param items catalogue indices
     * @throws WinnowException with {@code INTERNAL} that names model, item, user and times: an
     *     evaluation that goes on would measure what nobody could have been shown
     */
    void require(String model, int[] items, Split.Target target) {
      for (int item : items) {
        Item found = find(item);
        String obstacle =
            found == null
                ? "the log never names it"
                : found.obstacle(target.asOfOffset(), target.timeMs());
        if (obstacle != null) {
          throw new WinnowException(
              ErrorCode.INTERNAL,
              "%s recommends item %s to user %s at %s, offset %d, unpublished: %s"
                  .formatted(
                      model,
                      catalogue.apply(item),
                      target.user(),
                      Instant.ofEpochMilli(target.timeMs()),
                      target.asOfOffset(),
                      obstacle));
        }
      }
      checked += items.length;
    }

    private @Nullable Item find(int item) {
      while (known.size() <= item) {
        known.add(publications.item(catalogue.apply(known.size())));
      }
      return known.get(item);
    }
  }
}
