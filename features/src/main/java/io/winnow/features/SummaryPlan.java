package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter;

/** What a {@link Summary} of an entity takes in and how it begins. */
sealed interface SummaryPlan {
  /** Which events. */
  EventFilter filter();

  /** A summary without events. */
  Summary empty();

  /** Reads a summary's bytes. */
  Summary read(ByteSource source);

  /**
   * Takes a selected event in.
   *
   * @param item the catalogue index of its item
   * @return false if it was too old to be kept
   */
  boolean add(Summary summary, Event event, int item);

  /** Takes in another summary of this plan, whose events came later in the log. */
  void merge(Summary into, Summary later);

  /** Whether an event can be taken in at all, beside the filter. */
  boolean takes(Event event);

  /** What is kept of a newest event. */
  enum Payload {
    /** Its value. */
    VALUE,
    /** The catalogue index of its item. */
    ITEM,
    /** Its time alone. */
    NOTHING
  }

  /**
   * The newest events.
   *
   * @param asked how many a reader may ask for
   */
  record Newest(EventFilter filter, int asked, Payload payload) implements SummaryPlan {
    @Override
    public Summary empty() {
      return new NewestEvents(asked);
    }

    @Override
    public Summary read(ByteSource source) {
      return NewestEvents.read(source, asked);
    }

    @Override
    public boolean add(Summary summary, Event event, int item) {
      double kept =
          switch (payload) {
            case VALUE -> event.value();
            case ITEM -> item;
            case NOTHING -> 0;
          };
      return ((NewestEvents) summary).add(event.timeMs(), kept);
    }

    @Override
    public void merge(Summary into, Summary later) {
      ((NewestEvents) into).merge((NewestEvents) later);
    }

    @Override
    public boolean takes(Event event) {
      return true;
    }
  }

  /** Sketches by tile. */
  record Sketches(EventFilter filter, Tiling tiling, TileSketch.Kind kind) implements SummaryPlan {
    @Override
    public Summary empty() {
      return new TiledSketches(tiling, kind);
    }

    @Override
    public Summary read(ByteSource source) {
      return TiledSketches.read(source, tiling, kind);
    }

    @Override
    public boolean add(Summary summary, Event event, int item) {
      TileSketch sketch = ((TiledSketches) summary).change(tiling.tile(event.timeMs()));
      if (sketch != null) {
        sketch.add(event);
      }
      return sketch != null;
    }

    @Override
    public void merge(Summary into, Summary later) {
      ((TiledSketches) into).merge((TiledSketches) later);
    }

    @Override
    public boolean takes(Event event) {
      return kind instanceof TileSketch.OfIds || event.hasValue();
    }
  }
}
