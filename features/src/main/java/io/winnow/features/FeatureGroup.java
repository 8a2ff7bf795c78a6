package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.application.FeatureDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The features with state of one entity, such as all of {@code user}. An entity's state is one
 * array with a slot for each of them; a slot is null until its first event.
 */
final class FeatureGroup {
  private static final int[] NO_SLOTS = new int[0];

  private final List<FeatureDefinition> definitions;
  private final Aggregator[] aggregators;
  private final Map<String, int[]> slotsByType;

  /**
   * Compiles the definitions.
   *
   * @param definitions of one entity, all with state
   * @param types every event type that the application knows
   */
  FeatureGroup(List<FeatureDefinition> definitions, List<String> types) {
    this.definitions = List.copyOf(definitions);
    List<Aggregator> compiled = new ArrayList<>();
    for (FeatureDefinition definition : definitions) {
      Aggregator aggregator = Aggregator.of(definition.aggregation());
      if (aggregator == null) {
        throw new IllegalArgumentException(definition.qualifiedName() + " keeps no state");
      }
      compiled.add(aggregator);
    }
    this.aggregators = compiled.toArray(Aggregator[]::new);
    Map<String, int[]> slots = new HashMap<>();
    for (String type : types) {
      slots.put(
          type,
          IntStream.range(0, aggregators.length)
              .filter(slot -> aggregators[slot].selectsType(type))
              .toArray());
    }
    this.slotsByType = Map.copyOf(slots);
  }

  int size() {
    return aggregators.length;
  }

  Aggregator aggregator(int slot) {
    return aggregators[slot];
  }

  FeatureDefinition definition(int slot) {
    return definitions.get(slot);
  }

  /** The slot of a definition, or -1. */
  int slotOf(FeatureDefinition definition) {
    return definitions.indexOf(definition);
  }

  /** The slots that events of a type may change. */
  int[] slotsOf(String type) {
    return slotsByType.getOrDefault(type, NO_SLOTS);
  }

  /** Whether any feature of this group selects the event. */
  boolean selects(Event event) {
    for (int slot : slotsOf(event.type())) {
      if (aggregators[slot].selects(event)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Adds an event to an entity's state.
   *
   * @param states the entity's slots
   * @return how many features dropped the event because it was too old
   */
  int add(@Nullable AggregationState[] states, Event event, int item) {
    int dropped = 0;
    for (int slot : slotsOf(event.type())) {
      Aggregator aggregator = aggregators[slot];
      if (aggregator.selects(event)) {
        AggregationState state = states[slot];
        if (state == null) {
          state = aggregator.empty();
          states[slot] = state;
        }
        dropped += aggregator.add(state, event, item) ? 0 : 1;
      }
    }
    return dropped;
  }

  /** The value of one feature; of an entity without state where {@code states} is null. */
  double read(@Nullable AggregationState @Nullable [] states, int slot, long timeMs) {
    return aggregators[slot].read(states == null ? null : states[slot], timeMs);
  }

  /** Writes an entity's slots. */
  void write(@Nullable AggregationState[] states, ByteSink sink) {
    for (AggregationState state : states) {
      sink.raw(state == null ? 0 : 1);
      if (state != null) {
        state.write(sink);
      }
    }
  }

  /** Reads an entity's slots. */
  @Nullable AggregationState[] load(ByteSource source) {
    @Nullable AggregationState[] states = newStates();
    for (int slot = 0; slot < states.length; slot++) {
      if (source.count(1) == 1) {
        states[slot] = aggregators[slot].load(source);
      }
    }
    return states;
  }

  /** Slots without state. */
  @Nullable AggregationState[] newStates() {
    return new @Nullable AggregationState[aggregators.length];
  }
}
