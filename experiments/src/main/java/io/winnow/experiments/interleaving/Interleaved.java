package io.winnow.experiments.interleaving;

import java.util.List;

/** A slate drafted from several rankings, from the first place on. */
public record Interleaved<T>(List<Place<T>> places) {
  /** Copies the list. */
  public Interleaved {
    places = List.copyOf(places);
  }

  /** The items in the order of their places. */
  public List<T> items() {
    return places.stream().map(Place::item).toList();
  }
}
