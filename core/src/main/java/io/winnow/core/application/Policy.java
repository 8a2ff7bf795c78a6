package io.winnow.core.application;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How slates are put together: from which sources, under which rules, by when. */
public record Policy(Retrieval retrieval, Reranking reranking, Serving serving) {
  /**
   * Candidate sources and how many each may contribute, in the file's order.
   *
   * @param quotas by source name; see {@link #SOURCES}
   */
  public record Retrieval(Map<String, Integer> quotas) {
    /** The sources that exist. */
    public static final List<String> SOURCES =
        List.of(
            "two_tower", "item_to_item", "ease", "ials", "trending", "popular", "fresh", "history");

    /** Copies the map, keeping its order. */
    public Retrieval {
      quotas = Collections.unmodifiableMap(new LinkedHashMap<>(quotas));
    }
  }

  /**
   * What happens to the ranked list.
   *
   * @param diversity by attributes and embeddings, or null for none
   * @param caps at most so many items of one category in a slate, by attribute
   * @param explore share of slots in [0, 0.5] given to exploration
   * @param exclude items that the user had such an event with are left out
   */
  public record Reranking(
      @Nullable Diversity diversity,
      Map<String, Integer> caps,
      double explore,
      List<Exclusion> exclude) {
    /** Copies the collections. */
    public Reranking {
      caps = Collections.unmodifiableMap(new LinkedHashMap<>(caps));
      exclude = List.copyOf(exclude);
    }
  }

  /**
   * Greedy trade of relevance against similarity to what is in the slate already.
   *
   * @param by item attributes that make two items similar
   * @param strength 0 (relevance only) to 1 (difference only)
   */
  public record Diversity(List<String> by, double strength) {
    /** Copies the list. */
    public Diversity {
      by = List.copyOf(by);
    }
  }

  /**
   * {@code watch over 7d}: leave out what the user had such an event with in the window.
   *
   * @param within null for ever
   */
  public record Exclusion(EventFilter filter, @Nullable Duration within) {}

  /**
   * The request's frame.
   *
   * @param deadline for the whole answer
   * @param slate how many items when the request does not say
   */
  public record Serving(Duration deadline, int slate) {}
}
